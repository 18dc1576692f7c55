/**
 * A gallery in PostgreSQL with pgvector: enrolling, bytes a face, building the approximate index, and answers of both
 * searches with the recall of the approximate one for people who are there and for strangers who resemble some.
 *
 *   ARCFACE_TEST_POSTGRES=postgres://… npm run bench gallery-postgres -- [FACES] [DIMENSION] [exact]
 *
 * `exact` leaves the approximate index out, which takes long to build over a million faces.
 *
 * Synthetic vectors: three faces a person, cosine about 0.6 within a person. Absolute times of this machine and server.
 */
import type { UnitVector } from "../src/core/index.ts";
import { Gallery } from "../src/gallery/index.ts";
import { MadeFaces, madePipeline, provenance } from "../src/gallery/made-faces.ts";
import { figure } from "./figures.ts";
import { describeMachine } from "./machine.ts";

const server = process.env["ARCFACE_TEST_POSTGRES"];
if (!server)
  throw new Error('ARCFACE_TEST_POSTGRES names no server; "tools/test-servers start FILE" starts one');
const faces = Number(process.argv[2] ?? 100_000);
const dimension = Number(process.argv[3] ?? 512);
const exactOnly = process.argv[4] === "exact";
const QUERIES = 100;
/** People of one change. */
const PEOPLE = 1000;
const clock = (): Date => new Date();
const seconds = (since: number): number => (performance.now() - since) / 1000;
const addressOf = (search: string): string => `${server}?gallery=bench_${process.pid}&search=${search}`;

console.log(describeMachine());
const made = new MadeFaces(1, dimension);
const pipeline = madePipeline(dimension);
const exact = await Gallery.create(addressOf("exact"), pipeline, { clock, threshold: 0.4, keepCrops: false });
let enrolling = 0;
const centres: UnitVector[] = [];
for (let done = 0; done < faces; ) {
  const people = Array.from({ length: Math.min(PEOPLE, Math.ceil((faces - done) / 3)) }, (_, i) => {
    const centre = made.direction();
    if (i % 10 === 0) centres.push(centre);
    const name = `person ${done + i}`;
    return {
      name,
      faces: [0, 1, 2].map((n) => ({ vector: made.near(centre), provenance: provenance(`${name}/${n}`) })),
    };
  });
  const start = performance.now();
  await exact.enrol(people);
  enrolling += seconds(start);
  done += 3 * PEOPLE;
}
console.log(`enrolled ${faces} faces, ${3 * PEOPLE} in a durable change: ${Math.round(faces / enrolling)}/s`);
figure("enrolled-per-second", faces / enrolling);
const sizeOf = async (gallery: Gallery): Promise<number> => (await gallery.records.stats()).bytes! / faces;
const plain = await sizeOf(exact);
figure("bytes-per-face", plain);
console.log(`tables: ${Math.round(plain)} bytes a face`);
let start = performance.now();
const galleries: Record<string, Gallery> = { exact };
if (!exactOnly) {
  galleries["approximate"] = await Gallery.open(addressOf("approximate"), { clock });
  console.log(`approximate index: ${seconds(start).toFixed(1)} s to build`);
  console.log(`  ${Math.round((await sizeOf(galleries["approximate"])) - plain)} bytes a face more`);
}

const kinds = {
  "people who are there": centres.slice(0, QUERIES).map((centre) => made.near(centre)),
  // As near to someone as strangers come in large galleries.
  strangers: Array.from({ length: QUERIES }, () => made.direction()),
};
for (const [kind, queries] of Object.entries(kinds)) {
  const times: Record<string, number[]> = { exact: [], approximate: [] };
  let [first, ten] = [0, 0];
  for (const query of queries) {
    const found: number[][] = [];
    for (const [name, gallery] of Object.entries(galleries)) {
      start = performance.now();
      found.push((await gallery.records.nearest(query, 10)).map(({ person }) => person));
      times[name]!.push(performance.now() - start);
    }
    const [truth = [], answer = []] = found;
    if (truth[0] === answer[0]) first++;
    ten += truth.filter((person) => answer.includes(person)).length;
  }
  const p50 = (name: string): string => times[name]!.sort((a, b) => a - b)[QUERIES / 2]!.toFixed(1);
  const approximate = exactOnly
    ? ""
    : `, approximate p50 ${p50("approximate")} ms, recall@1 ${first / QUERIES}, @10 ${ten / (10 * QUERIES)}`;
  for (const name of Object.keys(galleries))
    figure(`${kind.replaceAll(" ", "-")}.${name}.p50-ms`, Number(p50(name)));
  console.log(`${kind}: exact p50 ${p50("exact")} ms${approximate}`);
}
for (const gallery of Object.values(galleries)) await gallery.close();
console.log(`the gallery is left in schema bench_${process.pid}`);
