/**
 * Processor time from file to vectors against an earlier state of this repository, with each one's own defaults: in turn,
 * photograph by photograph, on photographs of LFW and on the six sample photographs. A third arm finds, cuts out and embeds
 * without measuring the quality of the faces.
 *
 * npm run bench pipeline-before -- --before DIR [--photographs 120] [--rounds 3]     (DIR: a checkout that is built)
 */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ModelStore, Recognizer } from "arcface-ts";
import { samplePhotographs } from "../test/pack.ts";
import { figure } from "./figures.ts";
import { describeMachine, median, sharedFolder } from "./machine.ts";

type Arm = (photograph: Buffer) => Promise<unknown>;

const { values } = parseArgs({
  options: {
    before: { type: "string" },
    photographs: { type: "string", default: "120" },
    rounds: { type: "string", default: "3" },
  },
});
const home = process.env["ARCFACE_HOME"];
const now = await Recognizer.open({ store: new ModelStore({ home }) });
const arms = new Map<string, Arm>([
  ["now", async (photograph) => await now.faces(photograph)],
  [
    "without quality",
    async (photograph) => {
      const { faces } = await now.align(photograph);
      return await now.embedMeasured(faces.map(({ crop }) => crop));
    },
  ],
]);
if (values.before !== undefined) {
  const index = pathToFileURL(join(resolve(values.before), "dist", "index.js")).href;
  const earlier = (await import(index)) as typeof import("arcface-ts");
  const before = await earlier.Recognizer.open({ store: new earlier.ModelStore({ home }) });
  arms.set("before", async (photograph) => await before.faces(photograph));
  console.log(`before: ${before.model}, ${before.pipeline.detector?.id}`);
}
console.log(`${describeMachine()}\nnow: ${now.model}, ${now.pipeline.detector?.id}`);

const images = join(sharedFolder(), "data", "lfw", "images");
const people = readdirSync(images);
const step = Math.floor(people.length / Number(values.photographs));
const faces = people
  .filter((_, i) => i % step === 0)
  .slice(0, Number(values.photographs))
  .map((person) => join(images, person, readdirSync(join(images, person))[0]!));
await measure("lfw", faces);
await measure("samples", Object.values(await samplePhotographs()));
process.exit(0);

async function measure(what: string, paths: readonly string[]): Promise<void> {
  const files = await Promise.all(paths.map(async (path) => await readFile(path)));
  const spent = new Map([...arms.keys()].map((name) => [name, [] as number[]]));
  // The first round only warms up.
  for (let round = 0; round <= Number(values.rounds); round++) {
    const own = new Map([...arms.keys()].map((name) => [name, 0]));
    for (const file of files) {
      for (const [name, arm] of arms) {
        const { user, system } = process.cpuUsage();
        await arm(file);
        const after = process.cpuUsage();
        own.set(name, own.get(name)! + (after.user + after.system - user - system) / 1000);
      }
    }
    if (round > 0) for (const [name, ms] of own) spent.get(name)!.push(ms / files.length);
  }
  for (const [name, each] of spent) {
    figure(`${what}.${name.replace(" ", "-")}.ms`, median(each));
    const reference = spent.get("before") ?? spent.get("now")!;
    console.log(
      `${what} (${files.length}) ${name.padEnd(16)} ${median(each).toFixed(1)} ms of processor time a photograph (rounds ${each.map((ms) => ms.toFixed(1)).join(", ")}), ${(median(each) / median(reference)).toFixed(3)} times ${spent.has("before") ? "before" : "now"}`,
    );
  }
}
