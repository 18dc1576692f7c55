/**
 * Corrections entered through the queue of questions on a grouped folder, in its order beside others: any question at random, one
 * at random among those whose answer is in doubt (a chance of a correction of 10 % or more), the most uncertain first, the most
 * alike first. Answers come from the true names. Pairwise F of the groups after so many answers.
 *
 * npm run bench questions [-- ANSWERS] [-- MODEL]
 */
import { join } from "node:path";
import { ModelStore, RecognizerPool } from "arcface-ts";
import {
  clusterFaces,
  type FaceToAsk,
  type GroupToAsk,
  Questions,
  type Said,
  scoreClustering,
} from "../src/cluster/index.ts";
import { seeded } from "../src/core/index.ts";
import { figure } from "./figures.ts";
import { readRealPeople } from "./grown-people.ts";
import { describeMachine, sharedFolder } from "./machine.ts";

const ANSWERS = Number(process.argv[2] ?? 500);
const TOLD = [0, 20, 50, 100, 200, 300, 400, 500];
const RANDOM_SEEDS = [1, 2, 3];

await using pool = await RecognizerPool.open({
  store: new ModelStore({ home: process.env["ARCFACE_HOME"] }),
  workers: 1,
});
const model = process.argv[3] ?? pool.model;
const real = await readRealPeople(model, join(sharedFolder(), "data", "lfw", "images"));
const threshold = pool.calibration?.threshold;
if (!real || threshold === undefined) {
  console.log(
    `skipped: no faces of ${model} in the cache of evaluate; "arcface evaluate lfw" puts them there`,
  );
  process.exit(0);
}
const faces: FaceToAsk[] = [];
const labels: string[] = [];
for (const [person, vectors] of real.people.entries())
  for (const embedding of vectors) {
    faces.push({ id: faces.length, embedding, photograph: `${faces.length}` });
    labels.push(`${person}`);
  }
const clustered = await clusterFaces(faces, { threshold });
console.log(
  `${describeMachine()}\n${faces.length} faces of ${real.people.length} people, model ${model}, threshold ${threshold.toFixed(3)}: ${clustered.length} groups`,
);
figure("faces", faces.length);
figure("people", real.people.length);
figure("groups", clustered.length);

const ours = await run("ours", "gain");
const random: number[][] = [];
for (const seed of RANDOM_SEEDS) random.push(await run(`random, seed ${seed}`, "random", seed));
const doubtful: number[][] = [];
for (const seed of RANDOM_SEEDS)
  doubtful.push(await run(`random among doubtful, seed ${seed}`, "doubtful", seed));
const uncertain = await run("most uncertain first", "uncertain");
const alike = await run("most alike first", "alike");
const others = { random: meanOf(random), doubtful: meanOf(doubtful), uncertain, alike };
for (const told of TOLD) {
  if (told > ANSWERS) continue;
  figure(`ours.${told}.f`, ours[told]!);
  for (const [name, scores] of Object.entries(others)) figure(`${name}.${told}.f`, scores[told]!);
  console.log(
    `after ${String(told).padStart(3)} answers: pairwise F ours ${ours[told]!.toFixed(4)}, ${Object.entries(
      others,
    )
      .map(([name, scores]) => `${name} ${scores[told]!.toFixed(4)}`)
      .join(", ")}`,
  );
}
for (const [name, scores] of Object.entries(others)) {
  const reached = Math.max(...scores);
  const needed = scores.findIndex((f) => f >= reached);
  const own = ours.findIndex((f) => f >= reached);
  figure(`${name}.best.f`, reached);
  figure(`${name}.best.answers`, needed);
  figure(`${name}.best.ours`, own);
  // Of every F that the other order reaches: the largest share of its questions that ours needs.
  let share = 0;
  for (const [n, f] of scores.entries()) {
    if (n === 0 || f <= ours[0]!) continue;
    const first = scores.findIndex((score) => score >= f);
    const least = ours.findIndex((score) => score >= f);
    share = Math.max(share, least < 0 ? Number.POSITIVE_INFINITY : least / first);
  }
  figure(`${name}.share`, share);
  console.log(
    `${name}: its best F ${reached.toFixed(4)} came after ${needed} answers, ours after ${own}; for any F ours needs at most ${(100 * share).toFixed(0)} % of its questions`,
  );
}

function meanOf(runs: readonly (readonly number[])[]): number[] {
  return runs[0]!.map((_, i) => runs.reduce((sum, scores) => sum + scores[i]!, 0) / runs.length);
}

/** Returns   F after 0, 1, 2 … answers */
async function run(
  name: string,
  order: "gain" | "random" | "doubtful" | "uncertain" | "alike",
  seed = 1,
): Promise<number[]> {
  const started = performance.now();
  const stream = seeded(seed);
  let nextId = 0;
  const groups = new Map<number, GroupToAsk>();
  for (const members of clustered) {
    const id = ++nextId;
    groups.set(id, { id, faces: members.map((i) => faces[i]!) });
  }
  const said: Said[] = [];
  const questions = await Questions.of([...groups.values()], said, { threshold: threshold! });
  const score = (): number =>
    scoreClustering(
      [...groups.values()].map((group) => group.faces.map(({ id }) => id)),
      labels,
    )!.pairwise.f;
  const scores = [score()];
  const opened = performance.now();
  let same = 0;
  for (let n = 0; n < ANSWERS; n++) {
    const random = (): number => stream.next();
    const [question] = questions.next(
      1,
      {
        random: { order: undefined, random },
        doubtful: { order: "doubtful" as const, random },
        uncertain: { order: "uncertain" as const },
        alike: { order: "alike" as const },
        gain: {},
      }[order],
    );
    if (!question) break;
    const [a, b] = question.faces;
    const kind = labels[a] === labels[b] ? "same" : "different";
    said.push({ kind, faces: [a, b] });
    if (kind === "same") same++;
    const changed: GroupToAsk[] = [];
    if (kind === "same" && question.kind === "merge") {
      const [one, other] = question.groups.map((id) => groups.get(id)!) as [GroupToAsk, GroupToAsk];
      changed.push({ id: other.id, faces: [] }, { id: one.id, faces: [...one.faces, ...other.faces] });
    } else if (kind === "different" && question.kind === "split") {
      const group = groups.get(question.groups[0])!;
      const leaving = new Set(question.sides[1]);
      changed.push(
        { id: group.id, faces: group.faces.filter(({ id }) => !leaving.has(id)) },
        { id: ++nextId, faces: group.faces.filter(({ id }) => leaving.has(id)) },
      );
    } else if (question.kind === "split") changed.push(groups.get(question.groups[0])!);
    for (const each of changed) {
      if (each.faces.length > 0) groups.set(each.id, each);
      else groups.delete(each.id);
    }
    questions.change(changed, [...said]);
    scores.push(score());
  }
  while (scores.length <= ANSWERS) scores.push(scores.at(-1)!);
  const ended = performance.now();
  console.log(
    `${name}: opened in ${((opened - started) / 1000).toFixed(1)} s, ${((ended - opened) / ANSWERS).toFixed(0)} ms an answer; "same" ${same} times`,
  );
  return scores;
}
