/**
 * Galleries whose processes are killed (SIGKILL) at random moments, two writers, a reader and somebody who opens and
 * closes in every round, beside a process that forgets someone and lives on:
 *
 *   npm run bench gallery-crash -- [--on sqlite | postgres] [--rounds 200] [--seed 1]
 *
 * `--on postgres` wants ARCFACE_TEST_POSTGRES; "tools/test-servers start FILE" starts a server.
 *
 * After each round a fresh opening and one that was open all the time are held against what the writers acknowledged. A signal
 * that was not sent here is wrong, too.
 * Ends with exit code 1 when anything is not as it has to be.
 */
import { parseArgs } from "node:util";
import { crashRounds } from "../test/gallery-stress/runs.ts";
import { figure } from "./figures.ts";
import { galleryPlaces } from "./gallery-places.ts";
import { describeMachine } from "./machine.ts";

const { values } = parseArgs({
  options: {
    on: { type: "string", default: "sqlite" },
    rounds: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  },
});
console.log(describeMachine());
await using places = galleryPlaces(values.on);
const report = await crashRounds(
  () => places.fresh(),
  Number(values.rounds),
  Number(values.seed),
  (round, wrong) => {
    if (round % 20 === 0) console.log(`round ${round}: ${wrong} things wrong`);
  },
);
const { rounds, processesKilled, acknowledged, interrupted, answers, steps, wrong } = report;
console.log(
  `${rounds} rounds, ${processesKilled} processes killed, ${acknowledged} changes acknowledged, ${interrupted} interrupted, ${answers} answers read`,
);
for (const [key, value] of Object.entries({ acknowledged, interrupted, answers, killed: processesKilled }))
  figure(key, value);
figure("wrong", wrong.length);
console.log([...steps].map(([step, times]) => `${step} ${times}`).join(", "));
console.log(wrong.length === 0 ? "nothing wrong" : wrong.join("\n"));
process.exitCode = wrong.length === 0 ? 0 : 1;
