/**
 * Exact search on one thread beside Faiss IndexFlatIP on the same vectors, in turn in one run: single queries, batches
 * of 64, memory. Vectors for the last comparison come from a file, as a gallery's come from its database.
 *
 * npm run bench search -- [--n 100000] [--network fr-feature-512] [--python python3] [--rounds 40]
 *
 * `--network` grows the vectors from the faces that this network sees in LFW (`tools/fill-face-caches.ts` keeps them), and
 * prints both beside each other; without it they fill all 512 dimensions, the worst case. `--python` names an interpreter
 * that has faiss; without Faiss only this library is measured.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual, parseArgs } from "node:util";
import type { UnitVector } from "../src/core/index.ts";
import { ExactIndex, SyntheticPeople } from "../src/search/index.ts";
import { figure } from "./figures.ts";
import { GrownPeople, type Histogram, type RealPeople, readRealPeople, spreadOf } from "./grown-people.ts";
import { describeMachine, median } from "./machine.ts";

const { values: flags } = parseArgs({
  options: {
    n: { type: "string", default: "100000" },
    python: { type: "string", default: "python3" },
    rounds: { type: "string", default: "40" },
    network: { type: "string" },
  },
});
const count = Number(flags.n);
const rounds = Number(flags.rounds);
const [k, batch, perPerson] = [10, 64, 5];
const photographs = join(process.env["ARCFACE_SHARED"] ?? "../shared", "data", "lfw", "images");
const real = flags.network === undefined ? undefined : await readRealPeople(flags.network, photographs);
if (flags.network !== undefined && !real)
  throw new Error(`no faces of ${flags.network}: run tools/fill-face-caches.ts with ${photographs}`);
const people = real ? new GrownPeople(real) : new SyntheticPeople({ seed: 1 });
const { dimension } = people;
const folder = mkdtempSync(join(tmpdir(), "arcface-bench-"));

/** Half of the queries are of people in the gallery, half of strangers. */
const queries = Array.from({ length: Math.max(rounds, batch) }, (_, i) =>
  i % 2 === 0
    ? people.vector((i * 7919) % Math.floor(count / perPerson), perPerson)
    : people.vector(count + i, 0),
);

interface PeerAnswer {
  readonly ms: number;
  readonly ids: readonly number[][];
  /** Faiss computes batches from this many queries as a matrix product: the faster of what was tried. */
  readonly blasFrom: number;
  /** Faiss's own choice. */
  readonly default: number;
}

interface Peer {
  readonly version: string;
  ask(first: number, asked: number): Promise<PeerAnswer>;
  close(): void;
}

async function openPeer(): Promise<Peer | undefined> {
  const script = join(import.meta.dirname, "peers", "faiss-search.py");
  const child = spawn(
    flags.python,
    [script, join(folder, "vectors"), join(folder, "queries"), String(dimension)],
    {
      stdio: ["pipe", "pipe", "ignore"],
    },
  );
  child.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) return undefined;
  const { version } = JSON.parse(first.value) as { version: string };
  return {
    version,
    ask: async (first, asked) => {
      child.stdin.write(`${first} ${asked} ${k}\n`);
      return JSON.parse((await lines.next()).value as string);
    },
    close: () => child.stdin.end(),
  };
}

/** Real people beside as many made-up ones with as many photographs. */
function printSpread(real: RealPeople, made: { vector(person: number, image: number): UnitVector }): void {
  const people = real.people.map((each, person) =>
    each.slice(0, perPerson).map((_, i) => made.vector(person, i)),
  );
  for (const [name, spread] of [
    ["real", spreadOf(real)],
    ["made", spreadOf({ ...real, people })],
  ] as const) {
    const energy = spread.energy.map(([axes, part]) => `${axes}: ${part.toFixed(4)}`).join(", ");
    const cosines = ({ mean, deviation, at }: Histogram): string =>
      `${mean.toFixed(3)} ± ${deviation.toFixed(3)} (1 %, median, 99 %: ${at.map((x) => x.toFixed(2)).join(", ")})`;
    console.log(`${name}: energy of the first axes ${energy}`);
    console.log(`      same person ${cosines(spread.genuine)}, others ${cosines(spread.impostor)}`);
  }
}

const percentile = (values: readonly number[], part: number): string =>
  [...values].sort((a, b) => a - b)[Math.floor(part * (values.length - 1))]!.toFixed(2);

try {
  console.log(
    `${describeMachine()}\n${count} vectors of ${dimension} dimensions, k ${k}, one thread, in turn`,
  );
  if (real) printSpread(real, people);
  const file = openSync(join(folder, "vectors"), "w+");
  const bytesOf = (vector: UnitVector): Buffer => Buffer.from((vector as unknown as Float32Array).buffer);
  const row = new Float32Array(dimension);
  const vectors = {
    read: (id: number): UnitVector => {
      readSync(file, row, 0, row.byteLength, id * row.byteLength);
      return row as unknown as UnitVector;
    },
  };
  const index = new ExactIndex({ vectors });
  // The same without learned axes, asked in turn with it.
  const whole = new ExactIndex({ vectors, learnFrom: Number.POSITIVE_INFINITY });
  let adding = 0;
  for (let id = 0; id < count; id++) {
    const vector = people.vector(Math.floor(id / perPerson), id % perPerson);
    writeSync(file, bytesOf(vector));
    const start = performance.now();
    index.add(id, vector, Math.floor(id / perPerson));
    adding += performance.now() - start;
    whole.add(id, vector, Math.floor(id / perPerson));
  }
  const asked = openSync(join(folder, "queries"), "w");
  for (const query of queries) writeSync(asked, bytesOf(query));
  closeSync(asked);
  const settling = performance.now();
  await index.settled();
  const shape = index.shape();
  if (shape)
    console.log(
      `effective dimension ${shape.effectiveDimension.toFixed(0)} of ${dimension}; searched along ${shape.axes} axes with ${(100 * shape.energy).toFixed(2)} % of the lengths, learned in ${((performance.now() - settling) / 1000).toFixed(1)} s`,
    );
  const memory = index.memory();
  console.log(
    `memory beside the vectors: ${(memory.bytes / count).toFixed(0)} bytes a vector; added at ${((count / adding) * 1000).toFixed(0)}/s`,
  );
  const peer = await openPeer();
  console.log(
    peer ? `Faiss ${peer.version} IndexFlatIP` : `no Faiss in ${flags.python}: only this library is measured`,
  );

  for (let i = 0; i < 10; i++) index.search(queries[i]!, { k });
  const [ours, unlearned, theirs]: [number[], number[], number[]] = [[], [], []];
  let [agreeing, all] = [0, 0];
  for (let i = 0; i < rounds; i++) {
    let start = performance.now();
    const found = index.search(queries[i]!, { k });
    ours.push(performance.now() - start);
    start = performance.now();
    const same = whole.search(queries[i]!, { k });
    unlearned.push(performance.now() - start);
    if (!isDeepStrictEqual(found, same))
      throw new Error(`query ${i}: answers differ with and without learned axes`);
    if (!peer) continue;
    const answer = await peer.ask(i, 1);
    theirs.push(answer.ms);
    const ids = new Set(found.map(({ id }) => id));
    all += k;
    agreeing += answer.ids[0]!.filter((id) => ids.has(id)).length;
  }
  const line = (name: string, times: number[]): string =>
    `${name} p50 ${percentile(times, 0.5)} ms, p99 ${percentile(times, 0.99)} ms, fastest ${percentile(times, 0)} ms`;
  figure("one.arcface.ms", median(ours));
  if (peer) figure("one.faiss.ms", median(theirs));
  figure("bytes", memory.bytes / count);
  console.log(`single   ${line("arcface", ours)}`);
  console.log(`         ${line("without learned axes", unlearned)}`);
  if (peer) {
    console.log(
      `         ${line("Faiss", theirs)}: ${(median(theirs) / median(ours)).toFixed(1)}×, of the fastest ${(Math.min(...theirs) / Math.min(...ours)).toFixed(1)}×`,
    );
    console.log(`         of Faiss's ${all} neighbours ${agreeing} are arcface's: recall ${agreeing / all}`);
  }

  const some = queries.slice(0, batch);
  const [oursBatch, unlearnedBatch, theirsBatch]: [number[], number[], number[]] = [[], [], []];
  let settings = "";
  for (let i = 0; i < 9; i++) {
    let start = performance.now();
    await index.searchBatch(some, { k });
    if (i > 1) oursBatch.push(performance.now() - start);
    start = performance.now();
    await whole.searchBatch(some, { k });
    if (i > 1) unlearnedBatch.push(performance.now() - start);
    if (!peer) continue;
    const answer = await peer.ask(0, batch);
    settings = `distance_compute_blas_threshold ${answer.blasFrom}, by default ${answer.default}`;
    if (i > 1) theirsBatch.push(answer.ms);
  }
  const rate = (times: number[]): string => ((batch / median(times)) * 1000).toFixed(0);
  figure("batch64.arcface.per-second", (batch / median(oursBatch)) * 1000);
  if (peer) figure("batch64.faiss.per-second", (batch / median(theirsBatch)) * 1000);
  console.log(
    `batch 64 arcface ${rate(oursBatch)} queries/s, without learned axes ${rate(unlearnedBatch)} queries/s`,
  );
  if (peer)
    console.log(
      `         Faiss ${rate(theirsBatch)} queries/s (${settings}): ${(median(theirsBatch) / median(oursBatch)).toFixed(2)}×, of the fastest ${(Math.min(...theirsBatch) / Math.min(...oursBatch)).toFixed(2)}×`,
    );
  peer?.close();
  closeSync(file);
  await Promise.all([index.close(), whole.close()]);
} finally {
  rmSync(folder, { recursive: true });
}
