/**
 * One to many on LFW: galleries of some of its people, asked for their other pictures and for 800 strangers, split by
 * people again and again. Four scores of a person are compared: the nearest face, the mean of the faces, half of
 * each, which is the gallery's, and that with a mean in which faces weigh by the norms of their vectors. The threshold is that of the gallery (`strangerThreshold`), by the calibration of this
 * package: it is of the same photographs, so that the figures say how the rule goes from pairs to galleries. People who are
 * one under two names count once.
 *
 * npm run bench identify [-- MODEL… --splits N --only 1000x5,1000xall]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ModelStore } from "arcface-ts";
import { embedPictures, readLfwPairs } from "arcface-ts/evaluate";
import { clopperPearson } from "arcface-ts/statistics";
import { asUnitVector, cosine, type Random, seeded, type UnitVector } from "../src/core/index.ts";
import { personScore, SHORTLIST, TOO_CLOSE } from "../src/gallery/index.ts";
import { type Calibration, expectCalibrationFor, readCalibration } from "../src/models/index.ts";
import { strangerThreshold } from "../src/verdict/index.ts";
import { figure } from "./figures.ts";
import { describeMachine, sharedFolder } from "./machine.ts";

const STRANGERS = 800;
const TARGETS = [0.01, 0.001];
/** People, or as many as have the faces, and faces of each; Infinity leaves one picture of each to ask for. */
const GALLERIES: readonly (readonly [number, number])[] = [
  [12, 1],
  [12, 5],
  [12, Number.POSITIVE_INFINITY],
  [100, 1],
  [100, 5],
  [100, Number.POSITIVE_INFINITY],
  [1000, 1],
  [1000, 5],
  [1000, Number.POSITIVE_INFINITY],
];
const RULES = {
  nearest: ({ nearest }: Parts, i: number) => nearest[i]!,
  mean: ({ mean }: Parts, i: number) => mean[i]!,
  half: ({ nearest, mean }: Parts, i: number) => personScore(nearest[i]!, mean[i]!),
  "half, norms weigh": ({ nearest, weighted }: Parts, i: number) => personScore(nearest[i]!, weighted[i]!),
};
/** People who are asked for among the others, as `gallery calibrate` does. */
const ASKED_AMONG_OTHERS = 1000;

/** A person's faces, by number, and the lengths of their sum and of their sum weighted by norms. */
interface Enrolled {
  readonly faces: readonly number[];
  readonly length: number;
  readonly weighted: number;
}

/** The cosine of every two faces: means of faces have theirs from it, and each is computed once for all splits. */
class Scores {
  readonly norms: readonly number[];
  readonly #cosines: Float32Array;
  readonly #n: number;

  constructor(vectors: readonly UnitVector[], norms: readonly number[]) {
    const n = vectors.length;
    this.norms = norms;
    this.#n = n;
    this.#cosines = new Float32Array(n * n);
    for (let a = 0; a < n; a++)
      for (let b = a; b < n; b++)
        this.#cosines[a * n + b] = this.#cosines[b * n + a] = cosine(vectors[a]!, vectors[b]!);
  }

  of(a: number, b: number): number {
    return this.#cosines[a * this.#n + b]!;
  }

  lengthOf(faces: readonly number[], weighted = false): number {
    const weight = (face: number): number => (weighted ? this.norms[face]! : 1);
    let square = 0;
    for (const a of faces) for (const b of faces) square += weight(a) * weight(b) * this.of(a, b);
    return Math.sqrt(square);
  }
}

/** Questions whose best person by score is not among the people with the nearest faces that a gallery looks at. */
interface Shortlisted {
  asked: number;
  outside: number;
}
interface Tally {
  probes: number;
  missed: number;
  wrong: number;
  /** Right and wrong answers that were too close to call. */
  readonly tooClose: [number, number];
  strangers: number;
  accepted: number;
  threshold: number;
}

const { values, positionals } = parseArgs({
  options: { splits: { type: "string", default: "20" }, only: { type: "string" } },
  allowPositionals: true,
});
const splits = Number(values.splits);
const lfw = join(sharedFolder(), "data", "lfw");
const list = await readLfwPairs(join(lfw, "images"), join(lfw, "pairs.txt"));
console.log(`${describeMachine()}\n${list.pictures.length} pictures of LFW, ${splits} splits by people`);
for (const model of positionals.length > 0 ? positionals : ["fr-feature-512", "mobilefacenet-192"])
  await measure(model);

async function measure(model: string): Promise<void> {
  const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
  const { pipeline, measured, computed } = await embedPictures(list.pictures, { model, store });
  const calibration = await readCalibration(join(import.meta.dirname, "../calibrations", `${model}.json`));
  expectCalibrationFor(calibration, pipeline, model);
  const faces = Array.from({ length: list.people }, (): number[] => []);
  const vectors: UnitVector[] = [];
  const norms: number[] = [];
  for (const [i, { face }] of measured.entries()) {
    if (face.kind === "face") faces[list.person[i]!]!.push(vectors.push(asUnitVector(face.embedding)) - 1);
    if (face.kind === "face") norms.push(face.norm);
  }
  for (const [, other] of list.aliases ?? []) faces[other] = [];
  const scores = new Scores(vectors, norms);
  console.log(
    `\n${model}, detector ${pipeline.detector?.id}, alignment ${pipeline.alignment?.version}: ${computed} pictures embedded now, the others known\n` +
      "| people × faces | target | score | threshold | strangers accepted [95 %] | missed | wrong | too close: right, wrong |\n|---|---|---|---|---|---|---|---|",
  );
  const notes: string[] = [];
  for (const [count, each] of GALLERIES) {
    const name = `${count}x${Number.isFinite(each) ? each : "all"}`;
    if (values.only !== undefined && !values.only.split(",").includes(name)) continue;
    const tallies = new Map<string, Tally>();
    const shortlisted: Shortlisted = { asked: 0, outside: 0 };
    const random = seeded(16);
    const possible = faces.filter((own) => own.length > (Number.isFinite(each) ? each : 1)).length;
    const people = Math.min(count, possible);
    for (let split = 0; split < splits; split++)
      askOnce(faces, scores, count, each, calibration, random, tallies, shortlisted);
    for (const [name, tally] of tallies)
      print(`${people} × ${Number.isFinite(each) ? each : "all but 1"}`, name, tally);
    notes.push(
      `${people} × ${Number.isFinite(each) ? each : "all but 1"}: of ${shortlisted.asked} questions the best person was not among the ${SHORTLIST} with the nearest faces ${shortlisted.outside} times`,
    );
  }
  console.log(notes.join("\n"));
}

/** Draws a gallery and strangers, and asks. */
function askOnce(
  faces: readonly (readonly number[])[],
  all: Scores,
  count: number,
  each: number,
  calibration: Calibration,
  random: Random,
  tallies: Map<string, Tally>,
  shortlisted: Shortlisted,
): void {
  const order = random.shuffle([...faces.keys()]);
  const members = order
    .filter((who) => faces[who]!.length > (Number.isFinite(each) ? each : 1))
    .slice(0, count);
  const within = new Set(members);
  const others = order.filter((who) => !within.has(who) && faces[who]!.length > 0).slice(0, STRANGERS);
  const probes: { face: number; who: number }[] = [];
  const gallery = members.map((who, place): Enrolled => {
    const shuffled = random.shuffle([...faces[who]!]);
    const enrolled = shuffled.slice(0, Math.min(each, shuffled.length - 1));
    probes.push(...shuffled.slice(enrolled.length).map((face) => ({ face, who: place })));
    return { faces: enrolled, length: all.lengthOf(enrolled), weighted: all.lengthOf(enrolled, true) };
  });
  const size = { people: gallery.length, faces: gallery.reduce((sum, { faces }) => sum + faces.length, 0) };
  const ofProbes = probes.map(({ face }) => parts(all, face, gallery));
  const ofStrangers = others.map((who) => parts(all, faces[who]![0]!, gallery));
  for (const of of [...ofProbes, ...ofStrangers]) {
    const { place } = firstTwo(of.nearest.map((_, i) => RULES.half(of, i)));
    shortlisted.asked++;
    if (of.nearest.filter((nearest) => nearest > of.nearest[place]!).length >= SHORTLIST)
      shortlisted.outside++;
  }
  const step = Math.max(1, gallery.length / ASKED_AMONG_OTHERS);
  const asked: number[] = [];
  for (let at = 0; at < gallery.length; at += step) asked.push(Math.floor(at));
  const ofMembers = asked.map((at) => parts(all, gallery[at]!.faces[0]!, gallery));
  for (const [name, rule] of Object.entries(RULES)) {
    const scores = (of: Parts): Float64Array => of.nearest.map((_, i) => rule(of, i));
    const bestOfOthers = ofMembers.map((of, i) =>
      scores(of).reduce((most, score, who) => (who === asked[i] ? most : Math.max(most, score)), -1),
    );
    for (const target of TARGETS) {
      const { threshold } = strangerThreshold(calibration, size, target, bestOfOthers);
      const key = `${100 * target} % | ${name}`;
      const tally = tallies.get(key) ?? {
        probes: 0,
        missed: 0,
        wrong: 0,
        tooClose: [0, 0],
        strangers: 0,
        accepted: 0,
        threshold: 0,
      };
      tallies.set(key, tally);
      tally.threshold += threshold / splits;
      for (const [i, { who }] of probes.entries()) {
        const { best, margin, place } = firstTwo(scores(ofProbes[i]!));
        tally.probes++;
        const right = place === who && best >= threshold;
        if (!right || margin < TOO_CLOSE) tally.missed++;
        if (best < threshold) continue;
        if (margin < TOO_CLOSE) tally.tooClose[right ? 0 : 1]++;
        else if (!right) tally.wrong++;
      }
      for (const of of ofStrangers) {
        tally.strangers++;
        if (firstTwo(scores(of)).best >= threshold) tally.accepted++;
      }
    }
  }
}

interface Parts {
  /** Of every person. */
  readonly nearest: Float64Array;
  readonly mean: Float64Array;
  readonly weighted: Float64Array;
}

function parts(all: Scores, query: number, gallery: readonly Enrolled[]): Parts {
  const found = {
    nearest: new Float64Array(gallery.length),
    mean: new Float64Array(gallery.length),
    weighted: new Float64Array(gallery.length),
  };
  for (const [i, { faces, length, weighted }] of gallery.entries()) {
    let [nearest, sum, heavy] = [-1, 0, 0];
    for (const face of faces) {
      const score = all.of(query, face);
      nearest = Math.max(nearest, score);
      sum += score;
      heavy += all.norms[face]! * score;
    }
    found.nearest[i] = nearest;
    found.mean[i] = sum / length;
    found.weighted[i] = heavy / weighted;
  }
  return found;
}

function firstTwo(scores: Float64Array): { best: number; margin: number; place: number } {
  let [best, second, place] = [-1, -1, -1];
  for (const [i, score] of scores.entries()) {
    if (score > best) [second, best, place] = [best, score, i];
    else if (score > second) second = score;
  }
  return { best, margin: best - second, place };
}

function print(gallery: string, name: string, tally: Tally): void {
  const percent = (share: number): string => (100 * share).toFixed(2);
  const { rate, low, high } = clopperPearson(tally.accepted, tally.strangers);
  const { probes, missed, wrong, tooClose } = tally;
  const key = `${gallery} ${name}`.replace(/[^\w.%]+/g, "-");
  figure(`${key}.accepted`, rate);
  figure(`${key}.accepted.low`, low);
  figure(`${key}.accepted.high`, high);
  figure(`${key}.missed`, missed / probes);
  console.log(
    `| ${gallery} | ${name} | ${tally.threshold.toFixed(3)} | ${percent(rate)} % [${percent(low)}, ${percent(high)}] | ${percent(missed / probes)} % | ${wrong} of ${probes} | ${tooClose.join(", ")} |`,
  );
}
