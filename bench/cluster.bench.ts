/**
 * Unknown faces grouped by person, against people who are known: average linkage beside density and Chinese
 * whispers on the same vectors, at several thresholds. Every photograph's largest face is its person.
 *
 * npm run bench cluster [-- PHOTOGRAPHS] [-- FACES.jsonl written by arcface embed]
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type FaceRecord, ModelStore, openEmbeddings, RecognizerPool, recordsOf } from "arcface-ts";
import { cosineGraph, type Edge } from "../src/cluster/cosine-graph.ts";
import { clusterByDensity, clusterFaces, type FaceToCluster, scoreClustering } from "../src/cluster/index.ts";
import { asUnitVector, seeded } from "../src/core/index.ts";
import { figure } from "./figures.ts";
import { describeMachine, sharedFolder } from "./machine.ts";

interface Labelled extends FaceToCluster {
  readonly person: string | undefined;
}

type Method = (
  faces: readonly Labelled[],
  edges: readonly Edge[],
  threshold: number,
) => Promise<number[][]> | number[][];

const THRESHOLDS = [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65];
const METHODS: Readonly<Record<string, Method>> = {
  linkage: async (faces, _, threshold) => await clusterFaces(faces, { threshold }),
  "density, 2": async (faces, _, threshold) => await clusterByDensity(faces, { threshold, least: 2 }),
  "density, 3": async (faces, _, threshold) => await clusterByDensity(faces, { threshold, least: 3 }),
  "Chinese whispers": chineseWhispers,
};

const { faces, calibrated } = await load(process.argv[2] ?? "1500");
const photographs = new Set(faces.map(({ photograph }) => photograph)).size;
const people = new Set(faces.flatMap(({ person }) => person ?? [])).size;
console.log(
  `${describeMachine()}\n${faces.length} faces, ${photographs} photographs, ${people} people; calibrated threshold ${calibrated?.toFixed(3)}`,
);
const labels = faces.map(({ person }) => person);
for (const [name, method] of Object.entries(METHODS)) {
  for (const threshold of [...(calibrated === undefined ? [] : [calibrated]), ...THRESHOLDS]) {
    const edges = await cosineGraph(
      faces.map(({ embedding }) => embedding),
      threshold,
    );
    const started = performance.now();
    const groups = await method(faces, edges, threshold);
    const seconds = (performance.now() - started) / 1000;
    const { bCubed, pairwise } = scoreClustering(groups, labels)!;
    figure(`${name}.${threshold.toFixed(3)}.f`, bCubed.f);
    figure(`${name}.${threshold.toFixed(3)}.seconds`, seconds);
    const impossible = groups.filter(
      (group) => new Set(group.map((i) => faces[i]!.photograph)).size < group.length,
    ).length;
    console.log(
      `${name.padEnd(24)} ${threshold.toFixed(3)}  B-cubed ${bCubed.precision!.toFixed(3)} / ${bCubed.recall.toFixed(3)} / F ${bCubed.f.toFixed(4)}` +
        `  pairs F ${pairwise.f.toFixed(4)}  ${groups.length} groups, ${impossible} with two faces of one photograph  ${seconds.toFixed(2)} s`,
    );
  }
}

async function load(source: string): Promise<{ faces: Labelled[]; calibrated: number | undefined }> {
  const records: FaceRecord[] = [];
  const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
  await using pool = await RecognizerPool.open({ store });
  if (existsSync(source))
    for await (const record of (await openEmbeddings(source)).records) records.push(record);
  else {
    for await (const result of pool.faces(choosePhotographs(Number(source)))) {
      if (result.kind === "faces")
        records.push(...recordsOf(result.path, result.photograph.faces, pool.model));
    }
  }
  const area = ({ box }: FaceRecord): number => box.width * box.height;
  const largest = new Map<string, number>();
  for (const record of records) {
    largest.set(record.path, Math.max(largest.get(record.path) ?? 0, area(record)));
  }
  return {
    calibrated: pool.calibration?.threshold,
    faces: records.map((record) => ({
      embedding: asUnitVector(record.embedding),
      photograph: record.path,
      person: area(record) === largest.get(record.path) ? basename(dirname(record.path)) : undefined,
    })),
  };
}

/** All photographs of people with at least two, person by person in a seeded order, until there are enough. */
function choosePhotographs(enough: number): string[] {
  const images = join(sharedFolder(), "data", "lfw", "images");
  const people = readdirSync(images).sort();
  const paths: string[] = [];
  for (const person of seeded(1).shuffle(people)) {
    const files = readdirSync(join(images, person)).sort();
    if (files.length >= 2 && paths.length < enough)
      paths.push(...files.map((file) => join(images, person, file)));
  }
  return paths;
}

/** Chinese whispers of 20 rounds without the rule of one photograph. */
function chineseWhispers(faces: readonly Labelled[], edges: readonly Edge[], threshold: number): number[][] {
  const near = faces.map((): { readonly to: number; readonly weight: number }[] => []);
  for (const { a, b, cosine } of edges) {
    if (cosine < threshold) continue;
    near[a]!.push({ to: b, weight: cosine });
    near[b]!.push({ to: a, weight: cosine });
  }
  const random = seeded(1);
  const group = Int32Array.from(faces, (_, i) => i);
  for (let round = 0; round < 20; round++) {
    for (const i of random.shuffle(faces.map((_, i) => i))) {
      const votes = new Map<number, number>();
      for (const { to, weight } of near[i]!) votes.set(group[to]!, (votes.get(group[to]!) ?? 0) + weight);
      let most = 0;
      for (const [candidate, weight] of votes) {
        if (weight > most) {
          most = weight;
          group[i] = candidate;
        }
      }
    }
  }
  return byGroup(group);
}

function byGroup(group: Int32Array): number[][] {
  const groups = new Map<number, number[]>();
  for (const [i, g] of group.entries()) groups.set(g, [...(groups.get(g) ?? []), i]);
  return [...groups.values()];
}
