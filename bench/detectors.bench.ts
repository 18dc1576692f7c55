/**
 * Processor time of the detectors against MTCNN's: in turn on the six sample photographs (1920 px) and, where they are there,
 * on 40 photographs of LFW (250 px), three rounds; the ratio of the sums.
 *
 * npm run bench detectors [-- DETECTOR…]
 */
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaceFinder, ModelStore } from "arcface-ts";
import { samplePhotographs } from "../test/pack.ts";
import { figure } from "./figures.ts";
import { describeMachine } from "./machine.ts";

const ROUNDS = 3;
const REFERENCE = "mtcnn";

const named = process.argv.slice(2);
const detectors = [REFERENCE, ...(named.length > 0 ? named : ["mtcnn-rfb", "centerface"])];
const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const finders = new Map<string, FaceFinder>();
for (const detector of detectors) finders.set(detector, await FaceFinder.open({ store, detector }));

const lfw = join(
  process.env["ARCFACE_SHARED"] ?? join(import.meta.dirname, "..", "..", "shared"),
  "data",
  "lfw",
  "images",
);
const people = existsSync(lfw) ? readdirSync(lfw).filter((_, i) => i % 100 === 0) : [];
const sets: readonly (readonly [string, readonly string[]])[] = [
  ["six sample photographs", Object.values(await samplePhotographs())],
  [
    "photographs of LFW",
    people.slice(0, 40).map((name) => join(lfw, name, readdirSync(join(lfw, name))[0]!)),
  ],
];

console.log(describeMachine());
for (const [what, paths] of sets) {
  if (paths.length === 0) continue;
  const files = await Promise.all(paths.map((path) => readFile(path)));
  const spent = new Map(detectors.map((detector) => [detector, 0]));
  // The first round only warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const file of files) {
      for (const [detector, finder] of finders) {
        const before = process.cpuUsage();
        await finder.detect(file);
        const { user, system } = process.cpuUsage(before);
        if (round > 0) spent.set(detector, spent.get(detector)! + (user + system) / 1e6);
      }
    }
  }
  const reference = spent.get(REFERENCE)!;
  for (const [detector, seconds] of spent) {
    figure(`${what.replaceAll(" ", "-")}.${detector}.ms`, (1000 * seconds) / (ROUNDS * files.length));
    const each = (1000 * seconds) / (ROUNDS * files.length);
    console.log(
      `${what} (${files.length}): ${detector.padEnd(12)} ${each.toFixed(0)} ms of processor time a photograph, ${(seconds / reference).toFixed(2)} times ${REFERENCE}'s`,
    );
  }
}
for (const finder of finders.values()) await finder.close();
