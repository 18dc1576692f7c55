import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cosine, normalize, seeded, type UnitVector } from "../core/index.ts";
import { Gallery, meanDirection, personScore, TOO_CLOSE } from "./index.ts";
import { MadeFaces, madePipeline } from "./made-faces.ts";
import { MeanLengths, Scatter } from "./scatter.ts";

let folder: string;
let gallery: Gallery;
const made = new MadeFaces(9, 16);
const random = seeded(9);
/** Faces of each person, by name. */
const people = new Map<string, UnitVector[]>();

/** Everybody's score, computed from all their faces, highest first. */
function everybody(query: UnitVector): { name: string; similarity: number }[] {
  return [...people]
    .map(([name, faces]) => {
      const nearest = Math.max(...faces.map((face) => cosine(face, query)));
      const mean = faces.length > 1 ? meanDirection(faces) : undefined;
      return { name, similarity: mean ? personScore(nearest, cosine(mean, query)) : nearest };
    })
    .sort((a, b) => b.similarity - a.similarity);
}

const mix = (a: UnitVector, b: UnitVector, share: number): UnitVector =>
  normalize(Float32Array.from(a, (x, i) => share * x + (1 - share) * b[i]!));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-people-"));
  gallery = await Gallery.create(`sqlite:${join(folder, "g.db")}`, madePipeline(16), {
    clock: () => new Date("2026-01-01T00:00:00Z"),
    threshold: 0.6,
  });
  // 1 to 6 faces each, of some all alike, of others hardly: in 16 dimensions many are near by chance.
  for (let i = 0; i < 300; i++) {
    const centre = made.direction();
    const likeness = [0.95, 0.6, 0.3, 0.05][i % 4]!;
    people.set(
      `p${i}`,
      Array.from({ length: 1 + (i % 6) }, () => made.near(centre, likeness)),
    );
  }
  await gallery.enrol(
    [...people].map(([name, vectors]) => ({
      name,
      faces: vectors.map((vector) => ({ ...made.face(vector), vector })),
    })),
  );
});
afterAll(async () => {
  await gallery.close();
  await rm(folder, { recursive: true, force: true });
});

async function expectSame(query: UnitVector, k: number): Promise<void> {
  const truth = everybody(query).slice(0, k);
  const found = await gallery.search(query, k);
  expect(found.map(({ person }) => person.name)).toEqual(truth.map(({ name }) => name));
  // Float32 rounding.
  for (const [i, { similarity }] of found.entries()) expect(similarity).toBeCloseTo(truth[i]!.similarity, 5);
}

/** A query that belongs to nobody, or is near somebody's mean. */
function drawQuery(): UnitVector {
  if (random.next() < 0.4) return made.direction();
  const faces = [...people.values()][random.below(people.size)]!;
  return made.near(meanDirection(faces) ?? faces[0]!, 0.3 + 0.6 * random.next());
}

describe("the people of a search", () => {
  test("are those of a comparison with everybody, also where their nearest faces are not among the first four", async () => {
    let outside = 0;
    for (let i = 0; i < 150; i++) {
      const query = drawQuery();
      await expectSame(query, [1, 2, 5][i % 3]!);
      const [best] = everybody(query);
      const byFace = [...people].sort(
        (a, b) =>
          Math.max(...b[1].map((face) => cosine(face, query))) -
          Math.max(...a[1].map((face) => cosine(face, query))),
      );
      if (byFace.findIndex(([name]) => name === best!.name) >= 4) outside++;
    }
    // Else this would hold without looking deeper.
    expect(outside).toBeGreaterThan(5);
  });

  test("stay those after people gain, lose and exchange faces, and are forgotten", async () => {
    await gallery.search(made.direction(), 1);
    for (let i = 0; i < 24; i++) {
      const names = [...people.keys()];
      const [name, other] = [names[random.below(names.length)]!, `new ${i}`];
      const faces = people.get(name)!;
      if (i % 4 === 0) {
        const vector = mix(faces[0]!, made.direction(), 0.4);
        await gallery.enrol([{ name, faces: [{ ...made.face(vector), vector }] }]);
        faces.push(vector);
      } else if (i % 4 === 1 && faces.length > 1) {
        const { id } = await gallery.person(name);
        const [face] = await gallery.records.faces({ limit: 1 }, id);
        await gallery.deleteFaces([face!.id]);
        faces.shift();
      } else if (i % 4 === 2) {
        const vectors = [made.direction(), made.direction(), made.direction()];
        await gallery.enrol([
          { name: other, faces: vectors.map((vector) => ({ ...made.face(vector), vector })) },
        ]);
        people.set(other, vectors);
      } else if (i === 3) {
        await gallery.forget([name]);
        people.delete(name);
      }
      for (let again = 0; again < 3; again++) await expectSame(drawQuery(), 3);
    }
  });

  test("above a floor are those of a search without one, and who is identified does not depend on it", async () => {
    let [left, names] = [0, 0];
    for (let i = 0; i < 60; i++) {
      const query = drawQuery();
      const floor = [-1, 0, 0.3, 0.5, 0.62, 0.8][i % 6]!;
      const all = await gallery.search(query, 5);
      const above = all.filter(({ similarity }) => similarity >= floor);
      expect(await gallery.search(query, 5, { floor })).toEqual(above);
      left += all.length - above.length;
      const [plain, short] = [await gallery.identify(query), await gallery.identify(query, { floor })];
      expect([short.answer, short.person, short.verdict]).toEqual([
        plain.answer,
        plain.person,
        plain.verdict,
      ]);
      if (plain.person) names++;
      if (floor > 0.55) continue;
      const told = plain.candidates.filter(({ similarity }) => similarity >= floor);
      expect(short.candidates).toEqual(told);
      expect(short.similarity).toBe(told[0]?.similarity ?? null);
    }
    expect(left).toBeGreaterThan(50);
    expect(names).toBeGreaterThan(5);
  });

  test("of an identification are exact from a little below the threshold on", async () => {
    const answers = { person: 0, unknown: 0, "too-close": 0 };
    for (let i = 0; i < 120; i++) {
      const query = drawQuery();
      const [best, second] = everybody(query);
      const found = await gallery.identify(query);
      const close = best!.similarity - second!.similarity < TOO_CLOSE;
      const expected = best!.similarity < 0.6 ? "unknown" : close ? "too-close" : "person";
      expect(found.answer).toBe(expected);
      if (expected !== "unknown") expect(found.candidates[0]!.person.name).toBe(best!.name);
      if (expected === "too-close") expect(found.rival!.person.name).toBe(second!.name);
      answers[found.answer]++;
    }
    expect(Math.min(...Object.values(answers))).toBeGreaterThan(5);
  });
});

describe("the lengths of means", () => {
  test("are known with the last face, of the first faces only, and of nobody with one", () => {
    const lengths = new MeanLengths(new Map([[1, 3]]), 2);
    expect(lengths.add(2, [1, 0])).toBeUndefined();
    expect(lengths.add(1, [1, 0])).toBeUndefined();
    expect(lengths.add(1, [0, 1])).toBeUndefined();
    expect(lengths.add(1, [-1, 0])).toBeCloseTo(Math.SQRT1_2, 12);
  });

  test("of all but the smallest are at least what the bound says", () => {
    const scatter = new Scatter();
    expect(scatter.highestMean(0.5)).toBe(0.5);
    const lengths = Array.from({ length: 500 }, () => 0.2 + 0.8 * random.next());
    for (const [person, length] of lengths.entries()) scatter.set(person, length);
    const kept = new Set(scatter.people);
    expect(kept.size).toBeLessThanOrEqual(64);
    const least = Math.min(...lengths.filter((_, person) => !kept.has(person)));
    expect(scatter.highestMean(0.1)).toBeGreaterThanOrEqual(0.1 / least - 1e-12);
    // No looser than it has to be: the smallest that is left out is the bound.
    expect(scatter.highestMean(0.1)).toBeCloseTo(0.1 / least, 12);
    expect(scatter.highestMean(0.9)).toBe(1);
    expect(scatter.highestMean(-0.2)).toBe(-0.2);
  });

  test("of a person who changes is looked up anew, or gone", () => {
    const scatter = new Scatter();
    scatter.set(1, 0.4);
    scatter.set(1, 0.6);
    expect(scatter.people).toEqual([1]);
    scatter.set(1, 1);
    expect(scatter.people).toEqual([]);
  });
});
