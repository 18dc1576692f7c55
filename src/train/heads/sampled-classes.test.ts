import { describe, expect, test } from "vitest";
import { evaluate, gradients, Tape } from "../../autodiff/index.ts";
import { seeded } from "../../core/index.ts";
import { buildHead, type HeadConfig, HeadConfigSchema } from "./catalogue.ts";
import { CENTRES } from "./class-centres.ts";
import { SAMPLED_CLASSES, sampleClasses, sampledClassCount } from "./sampled-classes.ts";

const [ROWS, DIMENSION, CLASSES] = [4, 3, 12];
const random = seeded(4);
const features = Float64Array.from({ length: ROWS * DIMENSION }, () => 2 * random.next() - 1);
const centres = Float64Array.from({ length: CLASSES * DIMENSION }, () => 2 * random.next() - 1);
const labels = Int32Array.of(7, -1, 3, 7);

/** Loss, and its gradients to features and to all centres. */
function run(config: HeadConfig, sampled?: { classes: Int32Array; labels: Int32Array }) {
  const tape = new Tape();
  const x = tape.input("features", [ROWS, DIMENSION]);
  const y = tape.labels("labels", ROWS);
  const classes = sampled && tape.labels(SAMPLED_CLASSES, sampled.classes.length);
  const head = buildHead(config, {
    features: x,
    labels: y,
    classes: CLASSES,
    random: seeded(1),
    ...(classes && { sampled: classes }),
  });
  const weight = tape.slots.find(({ name }) => name === CENTRES)!.value;
  const wanted = [head.loss, ...gradients(head.loss, [x, weight])].map((value) => value!);
  const given = { features, labels: sampled?.labels ?? labels, [CENTRES]: centres };
  return evaluate(tape, wanted, sampled ? { ...given, [SAMPLED_CLASSES]: sampled.classes } : given);
}

describe("sampled classes", () => {
  const arcface = HeadConfigSchema.parse({ head: "arcface", scale: 8 });

  test.each(["arcface", "cosface", "softmax"])(
    "%s with all classes sampled has the gradients of the head itself",
    (head) => {
      const config = HeadConfigSchema.parse({ head });
      const all = sampleClasses(labels, { classes: CLASSES, rate: 1, batch: ROWS }, seeded(2));
      expect([...all.classes]).toEqual([...Array(CLASSES).keys()]);
      expect([...all.labels]).toEqual([...labels]);
      expect(run(config, all)).toEqual(run(config));
    },
  );

  test("with half of them the loss is that over the sampled classes, and other centres are left alone", () => {
    const half = sampleClasses(labels, { classes: CLASSES, rate: 0.5, batch: ROWS }, seeded(2));
    expect(half.classes).toHaveLength(6);
    const [loss, , dCentres] = run(arcface, half);
    const unit = (values: Float64Array, row: number): number[] => {
      const own = [...values.subarray(row * DIMENSION, (row + 1) * DIMENSION)];
      return own.map((value) => value / Math.hypot(...own));
    };
    const surprises = [0, 2, 3].map((row) => {
      const x = unit(features, row);
      const logits = [...half.classes].map((label) => {
        const cosine = unit(centres, label).reduce((sum, value, d) => sum + value * x[d]!, 0);
        if (label !== labels[row]) return 8 * cosine;
        const angle = Math.acos(cosine);
        return 8 * (angle < Math.PI - 0.5 ? Math.cos(angle + 0.5) : cosine - 0.5 * Math.sin(0.5));
      });
      const own = logits[half.classes.indexOf(labels[row]!)]!;
      return Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - own;
    });
    expect(loss![0]).toBeCloseTo(surprises.reduce((a, b) => a + b, 0) / 3, 6);
    for (let label = 0; label < CLASSES; label++) {
      const moved = dCentres!
        .subarray(label * DIMENSION, (label + 1) * DIMENSION)
        .some((value) => value !== 0);
      expect(moved, `class ${label}`).toBe(half.classes.includes(label));
    }
  });

  test("a sample holds the batch's classes, none twice, rising; labels point into it", () => {
    const draw = seeded(9);
    for (const rate of [0.05, 0.3, 0.9]) {
      const sampling = { classes: 1000, rate, batch: 64 };
      const batch = Int32Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? -1 : draw.below(1000)));
      const sample = sampleClasses(batch, sampling, draw);
      expect(sample.classes).toHaveLength(sampledClassCount(sampling));
      expect(sample.classes.every((label, i) => i === 0 || label > sample.classes[i - 1]!)).toBe(true);
      for (const [i, label] of batch.entries())
        expect(label < 0 ? -1 : sample.classes[sample.labels[i]!]).toBe(label);
    }
  });

  test("every negative class comes up as often as every other", () => {
    const draw = seeded(3);
    const counts = new Array<number>(20).fill(0);
    for (let i = 0; i < 4000; i++)
      for (const label of sampleClasses(Int32Array.of(0), { classes: 20, rate: 0.25, batch: 1 }, draw)
        .classes)
        counts[label]!++;
    expect(counts[0]).toBe(4000);
    // 4 of 19 are drawn: 842 times, give or take four deviations of 26.
    for (const count of counts.slice(1)) expect(Math.abs(count - 842)).toBeLessThan(104);
  });

  test("a batch always finds room, and what is no class is refused", () => {
    expect(sampledClassCount({ classes: 1000, rate: 0.01, batch: 64 })).toBe(64);
    expect(sampledClassCount({ classes: 30, rate: 0.1, batch: 64 })).toBe(30);
    expect(() => sampledClassCount({ classes: 30, rate: 0, batch: 1 })).toThrow(/above 0/);
    expect(() => sampleClasses(Int32Array.of(12), { classes: 12, rate: 1, batch: 1 }, seeded(1))).toThrow(
      /got 12/,
    );
  });
});
