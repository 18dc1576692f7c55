/**
 * Exact search on one thread beside others on the same vectors, in turn in one run: single queries, batches of 64, memory.
 * Vectors for the last comparison come from a file, as a gallery's come from its database; the others keep theirs in memory.
 *
 * npm run bench search -- [--n 100000] [--network fr-feature-512] [--python python3] [--rounds 40] [--floor 0.45]
 *
 * `--network` grows the vectors from the faces that this network sees in LFW (`tools/fill-face-caches.ts` keeps them), and
 * prints both beside each other; without it they fill all 512 dimensions, the worst case. What was made is kept in the folder
 * that ARCFACE_BENCH_FOLDER names, for the next time. `--python` names an interpreter that has faiss; without Faiss it is left out.
 *
 * Times are the processor's: on a machine with other work those of the clock say little. Others, one thread each: Faiss
 * `IndexFlatIP` with the `distance_compute_blas_threshold` that is fastest, and `IndexRaBitQFastScan`, which is approximate;
 * usearch's `exactSearch` of float32, and of int8 with the components times 127 / the largest, which is not exact.
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { exactSearch, MetricKind } from "usearch";
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
    floor: { type: "string", default: "0.45" },
  },
});
const count = Number(flags.n);
const rounds = Number(flags.rounds);
const floor = Number(flags.floor);
const [k, batch, perPerson, chunk] = [10, 64, 5, 1000];
const photographs = join(process.env["ARCFACE_SHARED"] ?? "../shared", "data", "lfw", "images");
const real = flags.network === undefined ? undefined : await readRealPeople(flags.network, photographs);
if (flags.network !== undefined && !real)
  throw new Error(`no faces of ${flags.network}: run tools/fill-face-caches.ts with ${photographs}`);
const people = real ? new GrownPeople(real) : new SyntheticPeople({ seed: 1 });
const { dimension } = people;
const folder = mkdtempSync(join(tmpdir(), "arcface-bench-"));
const kept = process.env["ARCFACE_BENCH_FOLDER"] ?? folder;
const file = {
  vectors: join(kept, `${flags.network ?? "all-dimensions"}-${count}`),
  queries: join(folder, "queries"),
};

/** Half of the queries are of people in the gallery, half of strangers. */
const queries = Array.from({ length: Math.max(rounds, batch) }, (_, i) =>
  i % 2 === 0
    ? people.vector((i * 7919) % Math.floor(count / perPerson), perPerson)
    : people.vector(count + i, 0),
);

interface PeerAnswer {
  readonly ms: number;
  readonly cpu: number;
  readonly ids: readonly number[][];
  /** Faiss computes batches from this many queries as a matrix product: the faster of what was tried. */
  readonly blasFrom: number;
  /** Faiss's own choice. */
  readonly default: number;
}

interface Peer {
  readonly version: string;
  readonly ways: readonly string[];
  ask(way: string, first: number, asked: number): Promise<PeerAnswer>;
  close(): void;
}

async function openPeer(): Promise<Peer | undefined> {
  const script = join(import.meta.dirname, "peers", "faiss-search.py");
  const child = spawn(flags.python, [script, file.vectors, file.queries, String(dimension)], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) return undefined;
  const { version, ways } = JSON.parse(first.value) as { version: string; ways: string[] };
  return {
    version,
    ways,
    ask: async (way, first, asked) => {
      child.stdin.write(`${way} ${first} ${asked} ${k}\n`);
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

/** Rows that searches of 200 faces among others of the same network leave to judge: of real faces, and of as many made ones. */
async function printJudged(real: RealPeople): Promise<void> {
  const faces = real.people.flat().length;
  const made = Array.from({ length: faces }, (_, i) =>
    people.vector(Math.floor(i / perPerson), i % perPerson),
  );
  for (const [name, vectors] of [
    ["real", real.people.flat()],
    ["made", made],
  ] as const) {
    const index = new ExactIndex({ learnFrom: faces - 400 });
    const stride = Math.floor(faces / 200);
    const asked = vectors.filter((_, i) => i % stride === 0).slice(0, 200);
    for (const [id, vector] of vectors.entries()) if (id % stride !== 0) index.add(id, vector);
    await index.settled();
    for (const query of asked) index.search(query, { k });
    const { surveyed, judged } = index.work();
    const axes = index.shape()?.axes ?? dimension;
    console.log(
      `${name}: of ${index.size} faces along ${axes} axes ${((100 * judged) / surveyed).toFixed(2)} % are judged`,
    );
    await index.close();
  }
}

const percentile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(part * (values.length - 1))]!;

/** Milliseconds of the processor, in this process. */
function busy(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Times of one way of searching. */
class Times {
  readonly cpu: number[] = [];
  readonly clock: number[] = [];

  run<T>(work: () => T): T {
    const [start, before] = [performance.now(), busy()];
    const result = work();
    this.cpu.push(busy() - before);
    this.clock.push(performance.now() - start);
    return result;
  }

  async runAsync<T>(work: () => Promise<T>): Promise<T> {
    const [start, before] = [performance.now(), busy()];
    const result = await work();
    this.cpu.push(busy() - before);
    this.clock.push(performance.now() - start);
    return result;
  }

  print(name: string, others = ""): void {
    const [middle, low] = [median(this.cpu), percentile(this.cpu, 0.1)];
    console.log(
      `${name.padEnd(34)} ${middle.toFixed(2)} ms of processor time (a tenth below ${low.toFixed(2)}), ${median(this.clock).toFixed(2)} by the clock${others}`,
    );
  }
}

function times(faster: Times, slower: Times): string {
  return `: ${(median(slower.cpu) / median(faster.cpu)).toFixed(1)}×`;
}

try {
  console.log(
    `${describeMachine()}\n${count} vectors of ${dimension} dimensions, k ${k}, one thread, in turn`,
  );
  if (real) {
    printSpread(real, people);
    await printJudged(real);
  }
  const bytesOf = (vector: UnitVector): Buffer => Buffer.from((vector as unknown as Float32Array).buffer);
  if (!existsSync(file.vectors) || statSync(file.vectors).size !== count * dimension * 4) {
    const made = openSync(file.vectors, "w");
    for (let id = 0; id < count; id++)
      writeSync(made, bytesOf(people.vector(Math.floor(id / perPerson), id % perPerson)));
    closeSync(made);
  }
  const asked = openSync(file.queries, "w");
  for (const query of queries) writeSync(asked, bytesOf(query));
  closeSync(asked);

  const stored = openSync(file.vectors, "r");
  const row = new Float32Array(dimension);
  const vectors = {
    read: (id: number): UnitVector => {
      readSync(stored, row, 0, row.byteLength, id * row.byteLength);
      return row as unknown as UnitVector;
    },
  };
  const index = new ExactIndex({ vectors });
  // usearch ignores where a view begins: it is given arrays of their own. Beyond some hundred thousand it would need gigabytes.
  const copied = count <= 200_000 ? new Float32Array(count * dimension) : undefined;
  let [adding, addingClock] = [0, 0];
  for (let id = 0; id < count; id += chunk) {
    const part = new Float32Array(Math.min(chunk, count - id) * dimension);
    readSync(stored, part, 0, part.byteLength, id * dimension * 4);
    copied?.set(part, id * dimension);
    const [start, before] = [performance.now(), busy()];
    for (let i = 0; i < part.length / dimension; i++)
      index.add(id + i, part.subarray(i * dimension, (i + 1) * dimension) as unknown as UnitVector);
    adding += busy() - before;
    addingClock += performance.now() - start;
  }
  const [settling, before] = [performance.now(), busy()];
  await index.settled();
  const learning = busy() - before;
  const shape = index.shape();
  if (shape)
    console.log(
      `effective dimension ${shape.effectiveDimension.toFixed(0)} of ${dimension}; searched along ${shape.axes} axes with ${(100 * shape.energy).toFixed(2)} % of the lengths`,
    );
  const memory = index.memory();
  console.log(
    `built in ${((adding + learning) / 1000).toFixed(1)} s of processor time (${((addingClock + performance.now() - settling) / 1000).toFixed(1)} by the clock), added at ${((count / adding) * 1000).toFixed(0)}/s; ${(memory.bytes / count).toFixed(0)} bytes a vector beside the vectors`,
  );
  const peer = await openPeer();
  console.log(
    peer ? `Faiss ${peer.version}, its threads set to 1` : `no Faiss in ${flags.python}: it is left out`,
  );

  for (let i = 0; i < 30; i++) index.search(queries[i % queries.length]!, { k });
  const counted = index.work();
  const [ours, flat, floats, bytes, rabitq] = Array.from({ length: 5 }, () => new Times()) as [
    Times,
    Times,
    Times,
    Times,
    Times,
  ];
  const scale = copied?.reduce((most, value) => Math.max(most, Math.abs(value)), 0) ?? 1;
  const small = (values: ArrayLike<number>): Int8Array =>
    Int8Array.from(values, (value) => Math.max(-127, Math.min(127, Math.round((value * 127) / scale))));
  const rounded = copied && small(copied);
  const found = { flat: 0, rabitq: 0, bytes: 0, floats: 0 };
  let asks = 0;
  const peers = Math.min(rounds, count > 200_000 ? 10 : 20);
  for (let i = 0; i < rounds; i++) {
    const query = queries[i]!;
    const ids = new Set(ours.run(() => index.search(query, { k })).map(({ id }) => id));
    const hits = (all: Iterable<number | bigint>): number =>
      [...all].filter((id) => ids.has(Number(id))).length;
    if (i >= peers) continue;
    asks += k;
    for (const [way, taken] of [
      ["flat", flat],
      ["rabitq", rabitq],
    ] as const) {
      if (!peer?.ways.includes(way)) continue;
      const answer = await peer.ask(way, i, 1);
      taken.cpu.push(answer.cpu);
      taken.clock.push(answer.ms);
      found[way] += hits(answer.ids[0]!);
    }
    if (!copied || !rounded) continue;
    const one = Float32Array.from(query);
    found.floats += hits(floats.run(() => exactSearch(copied, one, dimension, k, MetricKind.IP, 1)).keys);
    const few = small(one);
    found.bytes += hits(bytes.run(() => exactSearch(rounded, few, dimension, k, MetricKind.IP, 1)).keys);
  }
  const work = index.work();
  const judged = (100 * (work.judged - counted.judged)) / (work.surveyed - counted.surveyed);
  const compared = (work.compared - counted.compared) / rounds;
  ours.print(
    "one query: arcface",
    `; ${judged.toFixed(2)} % of rows judged, ${compared.toFixed(0)} compared`,
  );
  figure("bytes", memory.bytes / count);
  figure("built.seconds", (adding + learning) / 1000);
  figure("added.per-second", (count / adding) * 1000);
  figure("axes", shape?.axes ?? dimension);
  figure("judged.percent", judged);
  figure("one.arcface.cpu", median(ours.cpu));
  const recall = (hits: number): string => `, ${((100 * hits) / asks).toFixed(1)} % of ours`;
  if (flat.cpu.length > 0) {
    flat.print("  Faiss IndexFlatIP", `${times(ours, flat)}${recall(found.flat)}`);
    figure("one.faiss.cpu", median(flat.cpu));
    figure("one.faiss.agreeing-percent", (100 * found.flat) / asks);
  }
  if (rabitq.cpu.length > 0) {
    rabitq.print("  Faiss IndexRaBitQFastScan", `${times(ours, rabitq)}${recall(found.rabitq)}`);
    figure("one.rabitq.cpu", median(rabitq.cpu));
    figure("one.rabitq.found-percent", (100 * found.rabitq) / asks);
  }
  if (copied) {
    floats.print("  usearch exactSearch, float32", `${times(ours, floats)}${recall(found.floats)}`);
    bytes.print("  usearch exactSearch, int8", `${times(ours, bytes)}${recall(found.bytes)}`);
    figure("one.usearch-float32.cpu", median(floats.cpu));
    figure("one.usearch-int8.cpu", median(bytes.cpu));
    figure("one.usearch-int8.found-percent", (100 * found.bytes) / asks);
  }

  // Strangers alone, in turn without and with a floor below which nothing is wanted.
  const [open, above] = [new Times(), new Times()];
  for (let i = 1; i < rounds; i += 2) {
    open.run(() => index.search(queries[i]!, { k }));
    above.run(() => index.search(queries[i]!, { k, floor }));
  }
  open.print("one stranger: arcface");
  above.print(`  with a floor of ${floor}`, times(above, open));
  figure("stranger.cpu", median(open.cpu));
  figure("stranger.floor.cpu", median(above.cpu));

  const some = queries.slice(0, batch);
  const [oursBatch, flatBatch] = [new Times(), new Times()];
  await index.searchBatch(some, { k });
  let settings = "";
  for (let i = 0; i < (count > 200_000 ? 4 : 10); i++) {
    await oursBatch.runAsync(() => index.searchBatch(some, { k }));
    if (!peer || i % 2 === 1) continue;
    const answer = await peer.ask("flat", 0, batch);
    settings = `distance_compute_blas_threshold ${answer.blasFrom}, by default ${answer.default}`;
    flatBatch.cpu.push(answer.cpu);
    flatBatch.clock.push(answer.ms);
  }
  oursBatch.print(`${batch} queries: arcface`);
  figure("batch64.arcface.cpu", median(oursBatch.cpu));
  if (peer) {
    flatBatch.print("  Faiss IndexFlatIP", `${times(oursBatch, flatBatch)} (${settings})`);
    figure("batch64.faiss.cpu", median(flatBatch.cpu));
  }
  peer?.close();
  closeSync(stored);
  await index.close();
} finally {
  rmSync(folder, { recursive: true });
}
