import { expect, test } from "vitest";
import { normalize, seeded } from "../core/index.ts";
import { SameLikelihood } from "./likelihood.ts";
import { type FaceToAsk, type GroupToAsk, Questions, type Said } from "./questions.ts";

const random = seeded(5);
const bell = (): number => random.next() + random.next() + random.next() - 1.5;
const centres = Array.from({ length: 12 }, () => Array.from({ length: 64 }, bell));
let faces = 0;
/** A face of person p; its number tells whose: p · 1000 and more. */
const face = (p: number): FaceToAsk => {
  const id = 1000 * p + ++faces;
  return {
    id,
    embedding: normalize(Float32Array.from(centres[p]!, (v) => v + 0.9 * bell())),
    photograph: `${id}`,
  };
};
const some = (p: number, count: number): FaceToAsk[] => Array.from({ length: count }, () => face(p));
const personOf = (id: number): number => Math.floor(id / 1000);
const THRESHOLD = 0.3;

test("a large group that is torn in two is asked about before single faces, and one of two people before both", async () => {
  const groups: GroupToAsk[] = [
    { id: 1, faces: some(1, 8) },
    { id: 2, faces: some(1, 6) },
    { id: 3, faces: some(2, 1) },
    { id: 4, faces: some(2, 1) },
    { id: 5, faces: [...some(3, 5), ...some(4, 4)] },
  ];
  const questions = await Questions.of(groups, [], { threshold: THRESHOLD, floor: 0.1 });
  const [first, second] = questions.next(2);
  expect(first).toMatchObject({ kind: "merge", groups: [1, 2], pairs: 48 });
  expect(personOf(first!.faces[0])).toBe(personOf(first!.faces[1]));
  expect(second).toMatchObject({ kind: "split", groups: [5, 5], pairs: 20 });
  expect(new Set(second!.sides[0].map(personOf))).toEqual(new Set([3]));
  expect(new Set(second!.sides[1].map(personOf))).toEqual(new Set([4]));
  expect(first!.gain).toBeGreaterThan(second!.gain);
});

test("what was answered is not asked again, nor what follows from it", async () => {
  const [a, b] = [
    { id: 1, faces: some(5, 3) },
    { id: 2, faces: some(5, 3) },
  ];
  const apart: Said = { kind: "different", faces: [a.faces[0]!.id, b.faces[2]!.id] };
  const questions = await Questions.of([a, b], [apart], { threshold: THRESHOLD });
  expect(questions.next(100).filter(({ kind }) => kind === "merge")).toEqual([]);
  questions.change([a, b], []);
  expect(questions.next(100).filter(({ kind }) => kind === "merge")).toHaveLength(1);
  const same: Said = { kind: "same", faces: [a.faces[0]!.id, a.faces[1]!.id] };
  questions.change([a], [same]);
  for (const { sides } of questions.next(100)) {
    const [x, y] = same.faces.map((id) => sides.findIndex((side) => side.includes(id)));
    if (x! >= 0 && y! >= 0) expect(x).toBe(y);
  }
});

test("groups of one photograph are not asked about: they are two people", async () => {
  const [a, b] = [face(6), face(6)];
  const groups = [
    { id: 1, faces: [a] },
    { id: 2, faces: [{ ...b, photograph: a.photograph }] },
  ];
  expect((await Questions.of(groups, [], { threshold: THRESHOLD, floor: 0 })).next(5)).toEqual([]);
});

test("changes one by one lead to the questions that a look at everything leads to", async () => {
  const groups = [1, 2, 3, 4, 5, 6].map((id) => ({ id, faces: some(id % 3, 3) }));
  const whole = [
    ...groups.slice(2),
    { id: 1, faces: [...groups[0]!.faces, ...groups[1]!.faces.slice(1)] },
    { id: 7, faces: groups[1]!.faces.slice(0, 1) },
  ];
  const changed = await Questions.of(groups, [], { threshold: THRESHOLD });
  changed.change([{ id: 2, faces: [] }, ...whole.slice(-2)], []);
  const anew = await Questions.of(whole, [], { threshold: THRESHOLD });
  const told = (questions: Questions) =>
    questions
      .next(100)
      .map(({ kind, groups: [a, b], pairs, cosine }) => [kind, a, b, pairs, cosine.toFixed(4)]);
  expect(told(changed).sort()).toEqual(told(anew).sort());
});

test("twelve answers in this order put more pairs right than any of three random ones", async () => {
  const people = centres.map((_, p) => some(p, 6));
  const torn = people.flatMap((all, p) => [
    { id: 2 * p + 1, faces: all.slice(0, 4) },
    { id: 2 * p + 2, faces: all.slice(4) },
  ]);
  const right = async (order?: number): Promise<number> => {
    const groups = new Map(torn.map((group): [number, GroupToAsk] => [group.id, group]));
    const said: Said[] = [];
    const stream = order === undefined ? undefined : seeded(order);
    const questions = await Questions.of(torn, said, { threshold: THRESHOLD, floor: -0.2 });
    let joined = 0;
    for (let n = 0; n < 12; n++) {
      const [question] = questions.next(1, stream && { random: () => stream.next() });
      const [a, b] = question!.faces;
      const kind = personOf(a) === personOf(b) ? "same" : "different";
      said.push({ kind, faces: [a, b] });
      const changed: GroupToAsk[] = [];
      if (kind === "same" && question!.kind === "merge") {
        const [one, other] = question!.groups.map((id) => groups.get(id)!) as [GroupToAsk, GroupToAsk];
        joined += question!.pairs;
        changed.push({ id: other.id, faces: [] }, { id: one.id, faces: [...one.faces, ...other.faces] });
        for (const each of changed) groups.set(each.id, each);
      }
      questions.change(changed, [...said]);
    }
    return joined;
  };
  const ours = await right();
  // Twelve people of six faces each, torn 4 and 2: 8 pairs each.
  expect(ours).toBe(96);
  for (const seed of [1, 2, 3]) expect(await right(seed)).toBeLessThan(ours / 2);
});

test("likelihoods are even at the threshold before anything was answered, and follow the answers", () => {
  const likelihood = new SameLikelihood(0.3);
  const at = (cosine: number) => likelihood.of({ mean: cosine, direction: cosine });
  expect(at(0.3)).toBeCloseTo(0.5);
  expect(at(0.4)).toBeCloseTo(1 / (1 + Math.exp(-2)));
  const answers = Array.from({ length: 60 }, (_, i) => {
    const cosine = 0.2 + i / 200;
    return { mean: cosine, direction: cosine, same: cosine > 0.4 };
  });
  likelihood.learn(answers);
  expect(at(0.3)).toBeLessThan(0.1);
  expect(at(0.48)).toBeGreaterThan(0.9);
  expect(at(0.4)).toBeGreaterThan(0.3);
  expect(at(0.4)).toBeLessThan(0.7);
  // Where answers are clear the weights stay finite.
  likelihood.learn([{ mean: 0.9, direction: 0.9, same: true }]);
  expect(at(0.9)).toBeLessThan(1);
  expect(at(0.1)).toBeGreaterThan(0);
});
