/**
 * The whole metric set over made-up scores: AUC, EER, ROC, DET, TAR at six FARs with intervals, 10-fold accuracy on the
 * grid and exact, likelihood ratios, errors by group, error versus reject. Then as many scores again and again through
 * the streaming histogram, and the intervals by person.
 *
 * npm run bench metrics [-- PAIRS [STREAMED]]
 */
import {
  areaUnderCurve,
  contiguousFolds,
  curveThresholds,
  detPoints,
  equalErrorInterval,
  equalErrorRate,
  errorVersusReject,
  exactAccuracy,
  FAR_TARGETS,
  gridAccuracy,
  groupErrors,
  operatingPoints,
  rankPairs,
  rocPoints,
  ScoreHistogram,
  tallyScores,
  trueAcceptRate,
} from "arcface-ts/statistics";
import { figure } from "./figures.ts";
import { describeMachine } from "./machine.ts";

const pairs = Number(process.argv[2] ?? 1e7);
const streamed = Number(process.argv[3] ?? 1e8);
const TALLIED = 1_000_000;
const PEOPLE = 5_000;

// A sum of uniform numbers from a small generator: making the scores must not take longer than measuring them.
let state = 1;
const uniform = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 4294967296;
};
const score = (same: boolean): number =>
  Math.max(-1, Math.min(1, (uniform() + uniform() + uniform() - 1.5) * 0.4 + (same ? 0.55 : 0.05)));

console.log(describeMachine());
const start = process.memoryUsage().rss;
const scores = new Float64Array(pairs);
const same = new Uint8Array(pairs);
for (let i = 0; i < pairs; i++) {
  same[i] = i & 1;
  scores[i] = score(same[i] === 1);
}
const labelled = { scores, same };

const parts: string[] = [];
let total = 0;
const cpu = process.cpuUsage();
function timed<T>(name: string, run: () => T): T {
  const started = performance.now();
  const result = run();
  const seconds = (performance.now() - started) / 1000;
  total += seconds;
  parts.push(`${name} ${seconds.toFixed(2)}`);
  return result;
}

{
  // In a block of its own: the lists of groups are given back before the rest begins.
  const groups = { names: ["a", "b", "c"], a: new Uint16Array(pairs), b: new Uint16Array(pairs) };
  for (let i = 0; i < pairs; i++) groups.a[i] = groups.b[i] = i % 3;
  const a = Uint32Array.from(same, (_, i) => i % PEOPLE);
  const b = Uint32Array.from(same, (own, i) => (own ? i : i + 1) % PEOPLE);
  timed("groups", () => groupErrors({ ...labelled, a, b, people: PEOPLE }, groups, 0.3));
}
let fold: Uint16Array | undefined = timed("folds", () => contiguousFolds(pairs, 10));
const grid = timed("10-fold on the grid", () => gridAccuracy(labelled, fold!).mean);
let ranked: ReturnType<typeof rankPairs> | undefined = timed("sorting", () => rankPairs(labelled, fold));
const exact = timed("10-fold exact", () => exactAccuracy(labelled, fold!, ranked).mean);
fold = undefined;
const points = timed("operating points", () => operatingPoints(labelled, ranked));
ranked = undefined;
const auc = timed("AUC", () => areaUnderCurve(points));
const eer = timed("EER", () => equalErrorRate(points));
const curves = timed("ROC and DET", () => [
  rocPoints(points, { maxPoints: 1000 }).length,
  detPoints(points, { maxPoints: 1000 }).length,
]);
const tar = timed("TAR at FAR", () => FAR_TARGETS.map((far) => trueAcceptRate(points, far)));
timed("error versus reject", () => {
  const genuine = new Float64Array(points.genuinePairs);
  for (let i = 0, g = 0; i < pairs; i++) if (same[i]) genuine[g++] = scores[i]!;
  const person = Uint32Array.from(genuine, (_, g) => g % PEOPLE);
  return errorVersusReject(genuine, genuine, person, eer.threshold);
});
const { user, system } = process.cpuUsage(cpu);
console.log(
  `${pairs.toLocaleString("en")} scores: ${total.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of processor time (${parts.join(", ")})`,
);
console.log(
  `peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB, ${(start / 2 ** 20).toFixed(0)} MB of it before the scores were made`,
);
figure("seconds", total);
figure("megabytes", process.resourceUsage().maxRSS / 1024);
console.log(
  `accuracy ${grid.toFixed(5)} / ${exact.toFixed(5)}, AUC ${auc.toFixed(6)}, EER ${eer.rate.toFixed(5)}, ` +
    `TAR ${tar.map((rate) => (rate.kind === "measured" ? rate.tar.toFixed(4) : rate.kind)).join(" ")}, ` +
    `${curves.join(" and ")} points`,
);

const histogram = new ScoreHistogram();
const began = performance.now();
for (let i = 0; i < streamed; i++) histogram.add(score((i & 1) === 1), (i & 1) === 1);
const counted = histogram.operatingPoints();
console.log(
  `${streamed.toLocaleString("en")} scores streamed, made included: ${((performance.now() - began) / 1000).toFixed(2)} s, ` +
    `AUC ${areaUnderCurve(counted).toFixed(6)}, EER ${equalErrorRate(counted).rate.toFixed(5)}, ` +
    `peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`,
);

const count = Math.min(TALLIED, pairs);
const people = Uint32Array.from({ length: count }, () => Math.floor(uniform() * PEOPLE));
const others = people.map((person, i) =>
  same[i] ? person : (person + 1 + Math.floor(uniform() * (PEOPLE - 1))) % PEOPLE,
);
const identified = {
  scores: scores.subarray(0, count),
  same: same.subarray(0, count),
  a: people,
  b: others,
  people: PEOPLE,
};
const own = operatingPoints(identified);
const drawn = performance.now();
const tallied = tallyScores(identified, [...curveThresholds(own), equalErrorRate(own).threshold]);
const within = equalErrorInterval(tallied, equalErrorRate(own), own);
console.log(
  `intervals by person, ${count.toLocaleString("en")} pairs: ${((performance.now() - drawn) / 1000).toFixed(2)} s, EER in [${within.map((x) => x.toFixed(5)).join(", ")}]`,
);
