/**
 * Approximate search beside exact search on the same vectors: time, and how many of the nearest are found, for people
 * in the gallery and for strangers.
 *
 * npm run bench approximate -- [--n 20000]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ApproximateIndex, ExactIndex, measureRecall, SyntheticPeople } from "../src/search/index.ts";
import { figure } from "./figures.ts";
import { describeMachine, median } from "./machine.ts";

const { values: flags } = parseArgs({ options: { n: { type: "string", default: "20000" } } });
const count = Number(flags.n);
const [dimension, perPerson] = [512, 5];
const people = new SyntheticPeople({ dimension, seed: 1 });
const folder = mkdtempSync(join(tmpdir(), "arcface-bench-"));
try {
  const exact = new ExactIndex({ dimension });
  const graph = ApproximateIndex.open({ dimension });
  let building = 0;
  for (let id = 0; id < count; id++) {
    const vector = people.vector(Math.floor(id / perPerson), id % perPerson);
    exact.add(id, vector);
    const start = performance.now();
    graph.add(id, vector);
    building += performance.now() - start;
  }
  console.log(
    `${describeMachine()}\n${count} vectors of ${dimension} dimensions; graph built in ${(building / 1000).toFixed(0)} s`,
  );
  const path = join(folder, "graph");
  await graph.save(path, "bench");
  const persons = Math.floor(count / perPerson);
  const known = Array.from({ length: 200 }, (_, i) => people.vector((i * 7919) % persons, perPerson));
  const strangers = Array.from({ length: 200 }, (_, i) => people.vector(persons + i, 0));
  for (const expansionSearch of [64, 256]) {
    const index = await ApproximateIndex.load(path, "bench", { dimension, expansionSearch });
    const [fast, slow]: [number[], number[]] = [[], []];
    for (const query of [...known, ...strangers]) {
      let start = performance.now();
      index.search(query, { k: 10 });
      fast.push(performance.now() - start);
      start = performance.now();
      exact.search(query, { k: 10 });
      slow.push(performance.now() - start);
    }
    figure(`${expansionSearch}.ms`, median(fast));
    figure(`${expansionSearch}.exact-ms`, median(slow));
    const recall = (queries: typeof known, k: number): string =>
      measureRecall(index, exact, queries, k).toFixed(3);
    console.log(
      `looking at ${expansionSearch}: ${median(fast).toFixed(2)} ms (exact ${median(slow).toFixed(2)} ms); recall of people in the gallery @1 ${recall(known, 1)}, @10 ${recall(known, 10)}; of strangers @1 ${recall(strangers, 1)}, @10 ${recall(strangers, 10)}`,
    );
  }
  await exact.close();
} finally {
  rmSync(folder, { recursive: true });
}
