/**
 * Writers and readers of one gallery in processes of their own:
 *
 *   npm run bench gallery-processes -- [--on sqlite | postgres] [--writers 4] [--readers 4] [--seconds 60] [--seed 1]
 *
 * `--on postgres` wants ARCFACE_TEST_POSTGRES; "tools/test-servers start FILE" starts a server.
 *
 * A lost update, an error that reaches a user, or a gallery that is not what its writers made of it ends with exit
 * code 1.
 */
import { parseArgs } from "node:util";
import { sideBySide } from "../test/gallery-stress/runs.ts";
import { figure } from "./figures.ts";
import { galleryPlaces } from "./gallery-places.ts";
import { describeMachine } from "./machine.ts";

const { values } = parseArgs({
  options: {
    on: { type: "string", default: "sqlite" },
    writers: { type: "string", default: "4" },
    readers: { type: "string", default: "4" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
  },
});
console.log(describeMachine());
await using places = galleryPlaces(values.on);
const { seconds, acknowledged, counted, answers, steps, wrong } = await sideBySide(places.fresh(), {
  writers: Number(values.writers),
  readers: Number(values.readers),
  ms: 1000 * Number(values.seconds),
  seed: Number(values.seed),
});
console.log(
  `${values.writers} writers and ${values.readers} readers, ${seconds.toFixed(0)} s: ${acknowledged} changes, ${answers} answers, the counter at ${counted}`,
);
for (const [key, value] of Object.entries({ acknowledged, counted, answers, wrong: wrong.length }))
  figure(key, value);
console.log([...steps].map(([step, times]) => `${step} ${times}`).join(", "));
console.log(wrong.length === 0 ? "nothing wrong" : wrong.join("\n"));
process.exitCode = wrong.length === 0 ? 0 : 1;
