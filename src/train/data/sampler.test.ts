import { expect, test } from "vitest";
import { splitByIdentity } from "./examples.ts";
import { pixelSet } from "./pixel-set.ts";
import { identitySampler, shuffledSampler } from "./sampler.ts";

/** A set of one-pixel pictures with these labels. */
const setOf = (labels: readonly number[], classes: number) =>
  pixelSet(
    [1, 1, 1],
    Uint8Array.from(labels, (_, i) => i),
    labels,
    Array.from({ length: classes }, (_, i) => `p${i}`),
  );

test("every example comes once an epoch, in another order each time, across batch borders", () => {
  const sampler = shuffledSampler(10, 4, 7);
  const drawn = [0, 1, 2, 3, 4].flatMap((step) => [...sampler(step)]);
  const epochs = [drawn.slice(0, 10), drawn.slice(10, 20)];
  for (const epoch of epochs)
    expect([...epoch].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(epochs[0]).not.toEqual(epochs[1]);
});

test("a step's batch depends on the seed and the step, not on what was asked before", () => {
  const after = shuffledSampler(50, 8, 1);
  for (let step = 0; step < 100; step++) after(step);
  expect(after(5)).toEqual(shuffledSampler(50, 8, 1)(5));
  expect(after(5)).not.toEqual(shuffledSampler(50, 8, 2)(5));
});

test("P × K batches hold P people with K pictures, different ones where there are so many", () => {
  const labels = [0, 0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 4, 4, 4, 4];
  const { training } = splitByIdentity(setOf(labels, 5), { seed: 1 });
  const sampler = identitySampler(training, 3, 3, 4);
  const seen = new Uint32Array(5);
  for (let step = 0; step < 50; step++) {
    const batch = [...sampler(step)];
    const people = [0, 3, 6].map((at) =>
      batch.slice(at, at + 3).map((position) => training.labels[position]!),
    );
    for (const group of people) expect(new Set(group).size).toBe(1);
    expect(new Set(people.map(([person]) => person)).size).toBe(3);
    for (const at of [0, 3, 6]) {
      const person = training.labels[batch[at]!]!;
      const own = labels.filter((label) => label === person).length;
      expect(new Set(batch.slice(at, at + 3)).size).toBe(Math.min(3, own));
      seen[person]!++;
    }
  }
  for (const count of seen) expect(count).toBeGreaterThan(20);
  expect(() => identitySampler(training, 6, 2, 1)).toThrow(/expected from 2 to 5 people/);
});

test("held-out people have two pictures at least, are in no training batch, and labels have no gaps", () => {
  const labels = [0, 0, 1, 2, 2, 3, 3, 4, 5, 5];
  const set = setOf(labels, 6);
  const { training, heldOut, single } = splitByIdentity(set, { heldOut: 2, seed: 3 });
  expect(heldOut.classes).toHaveLength(2);
  expect(training.classes).toHaveLength(4);
  expect(single).toBe(2);
  expect(training.classes.filter((name) => heldOut.classes.includes(name))).toEqual([]);
  expect([...new Set(training.labels)].sort()).toEqual([0, 1, 2, 3]);
  for (const [position, index] of training.indices.entries())
    expect(training.classes[training.labels[position]!]).toBe(set.classes[set.labels[index]!]);
  expect(splitByIdentity(set, { heldOut: 2, seed: 3 }).heldOut.classes).toEqual(heldOut.classes);
});

test("people with a single picture are kept, or left out and named", () => {
  const set = setOf([0, 0, 1, 2, 2, 3], 4);
  expect(splitByIdentity(set, { seed: 1 }).single).toBe(2);
  const split = splitByIdentity(set, { seed: 1, minImages: 2 });
  expect(split.leftOut).toEqual(["p1", "p3"]);
  expect(split.training.classes).toEqual(["p0", "p2"]);
  expect(() => splitByIdentity(set, { seed: 1, minImages: 3 })).toThrow(
    /at least 2 classes to tell apart, got 0; 4 have fewer than 3 pictures/,
  );
  expect(() => splitByIdentity(set, { seed: 1, heldOut: 3 })).toThrow(/from 2 to 2 people/);
});

test("labels out of range are refused with their example", () => {
  expect(() => setOf([0, 1, 9], 2)).toThrow(/example 2: expected a label from 0 to 1, got 9/);
});
