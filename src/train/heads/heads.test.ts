import { beforeAll, describe, expect, test } from "vitest";
import {
  compile,
  evaluate,
  type Form,
  gradients,
  probeBlockSize,
  reduceSum,
  slice,
  Tape,
  type Value,
} from "../../autodiff/index.ts";
import { elementCount, seeded } from "../../core/index.ts";
import { encodeOnnx, type Feed, Session } from "../../onnx/index.ts";
import { ARCFACE_GRADIENTS } from "./arcface.ts";
import { buildHead, HEADS, type HeadConfig, HeadConfigSchema, type HeadSettings } from "./catalogue.ts";
import { CENTRES } from "./class-centres.ts";
import { MARGINS } from "./elasticface.ts";
import type { HeadOutput } from "./head.ts";
import {
  adaFaceMargin,
  arcFaceMargin,
  combinedMargin,
  cosFaceMargin,
  type MarginFunction,
  NO_MARGIN,
  sphereFaceMargin,
} from "./margin-function.ts";
import { withoutMargin } from "./without-margin.ts";

type Numbers = Record<string, ArrayLike<number>>;

/** A tape that ends in a head, with inputs `features` [rows, dimension] and `labels` [rows]. */
function headOn(settings: HeadSettings, rows: number, dimension: number, classes: number) {
  const tape = new Tape();
  const features = tape.input("features", [rows, dimension]);
  const labels = tape.labels("labels", rows);
  const config = HeadConfigSchema.parse(settings);
  const output = buildHead(config, { features, labels, classes, random: seeded(1) });
  return { tape, features, output };
}

const FORMS: Form[] = [{ kind: "plain", device: "cpu" }];
beforeAll(async () => {
  const block = await probeBlockSize();
  if (block) FORMS.push({ kind: "blocked", block });
});

/** The outputs as onnxruntime computes them. */
async function onEngine(tape: Tape, outputs: Record<string, Value>, given: Numbers, form: Form) {
  const graph = compile(tape, outputs, form);
  await using session = await Session.open(encodeOnnx(graph.model));
  const feeds: Record<string, Feed> = {};
  for (const { name, shape, type } of graph.inputs)
    feeds[name] = { dims: shape, data: (type === "int" ? Int32Array : Float32Array).from(given[name]!) };
  for (const { input, value, initial } of graph.slots)
    feeds[input] = { dims: value.shape, data: Float32Array.from(given[input] ?? initial()) };
  return await session.run(feeds);
}

const DEGREES = Array.from({ length: 181 }, (_, degree) => degree);
const RAD = Math.PI / 180;

/** Features of length 1 at 0°, 1°, … 180° from the centre of class 0; class 1 lies at 90° on the other side. */
const FAN: Numbers = {
  features: Float32Array.from(DEGREES.flatMap((degree) => [Math.cos(degree * RAD), Math.sin(degree * RAD)])),
  labels: DEGREES.map(() => 0),
  [CENTRES]: [3, 0, 0, -0.2],
  [MARGINS]: DEGREES.map((degree) => 0.3 + degree / 1000),
};

interface Sweep {
  readonly name: string;
  readonly settings: HeadSettings;
  readonly scale: number;
  /** The formula at a degree. */
  readonly margin: (degree: number) => MarginFunction;
}

const always = (margin: MarginFunction) => () => margin;
/** All features have length 1, so μ and σ move one hundredth from 20 and 100 towards 1 and 0. */
const FAN_QUALITY = (0.333 * (1 - (0.99 * 20 + 0.01))) / (99 + 0.001);
/** Length 1 is held at the shortest length of 10, where the margin is the lowest. */
const MAGFACE = arcFaceMargin(0.45, "plain-arccos");

/** Heads whose margin is a setting; ElasticFace's is an input. */
const MARGINS_SET: HeadSettings[] = [
  { head: "arcface" },
  { head: "cosface" },
  { head: "combined", m1: 1.2 },
  { head: "sub-center-arcface", centres: 1 },
];

const SWEEPS: Sweep[] = [
  ...MARGINS_SET.map(
    (settings): Sweep => ({
      name: `${settings.head} without its margin`,
      settings: withoutMargin(HeadConfigSchema.parse(settings))!,
      scale: 64,
      margin: always(NO_MARGIN),
    }),
  ),
  {
    name: "normalised softmax",
    settings: { head: "normalised-softmax" },
    scale: 64,
    margin: always(NO_MARGIN),
  },
  {
    name: "CosFace",
    settings: { head: "cosface", margin: 0.4, scale: 30 },
    scale: 30,
    margin: always(cosFaceMargin(0.4)),
  },
  ...ARCFACE_GRADIENTS.map(
    (gradient): Sweep => ({
      name: `ArcFace ${gradient}`,
      settings: { head: "arcface", gradient },
      scale: 64,
      margin: always(arcFaceMargin(0.5, gradient)),
    }),
  ),
  ...[2, 3, 4].map(
    (multiplier): Sweep => ({
      name: `SphereFace ${multiplier}`,
      settings: { head: "sphereface", multiplier, annealing: false },
      scale: 1,
      margin: always(sphereFaceMargin(multiplier)),
    }),
  ),
  {
    name: "combined",
    settings: { head: "combined", m1: 1.2, m2: 0.3, m3: 0.2 },
    scale: 64,
    margin: always(combinedMargin(1.2, 0.3, 0.2)),
  },
  {
    name: "sub-center ArcFace of one centre",
    settings: { head: "sub-center-arcface", centres: 1, marginRad: 0.3 },
    scale: 64,
    margin: always(arcFaceMargin(0.3)),
  },
  {
    name: "AdaFace",
    settings: { head: "adaface" },
    scale: 64,
    margin: always(adaFaceMargin(0.4, FAN_QUALITY)),
  },
  {
    name: "MagFace",
    settings: { head: "magface", lengthWeight: 0 },
    scale: 64,
    margin: (degree) => (degree < 90 ? MAGFACE : NO_MARGIN),
  },
  {
    name: "MagFace without the easy margin",
    settings: { head: "magface", lengthWeight: 0, easyMargin: false },
    scale: 64,
    margin: always(arcFaceMargin(0.45)),
  },
  {
    name: "ElasticFace",
    settings: { head: "elasticface" },
    scale: 64,
    margin: (degree) => arcFaceMargin(0.3 + degree / 1000),
  },
  {
    name: "ElasticFace on cosines",
    settings: { head: "elasticface", form: "cos" },
    scale: 64,
    margin: (degree) => cosFaceMargin(0.3 + degree / 1000),
  },
];

describe.each(SWEEPS)("$name, at every degree", ({ settings, scale, margin }) => {
  const { tape, features, output } = headOn(settings, DEGREES.length, 2, 2);
  const own = slice(output.logits, 1, 0, 1);
  const [toFeatures] = gradients(reduceSum(own), [features]);
  const wanted = { own, toFeatures: toFeatures! };

  /** Differences from the formulas: of the logits over the scale, and of their derivatives by θ. */
  const errors = (logits: ArrayLike<number>, dFeatures: ArrayLike<number>) =>
    DEGREES.map((degree) => {
      const angle = degree * RAD;
      const { value, slope } = margin(degree);
      // Along the circle, away from the centre.
      const tangent =
        dFeatures[2 * degree]! * -Math.sin(angle) + dFeatures[2 * degree + 1]! * Math.cos(angle);
      return {
        degree,
        logit: logits[degree]! / scale - value(angle),
        // d cos θ / dθ = −sin θ, which makes an infinite slope finite.
        slope: tangent / scale + slope(angle) * Math.sin(angle),
      };
    });
  /** Where a formula changes course, and cos 90° = 6e-17 may fall on either side. */
  const turns =
    settings.head === "magface" ? [90] : settings.head === "sphereface" ? [45, 60, 90, 120, 135] : [];
  const decided = ({ degree }: { degree: number }) => settings.head !== "magface" || !turns.includes(degree);
  /** At 0° and 180° gradients are held. */
  const inside = ({ degree }: { degree: number }) => degree > 0 && degree < 180 && !turns.includes(degree);

  test("the float64 twin gives the formula's logit and derivative", () => {
    const [logits, dFeatures] = evaluate(tape, Object.values(wanted), FAN);
    const all = errors(logits!, dFeatures!);
    // Features are rounded to float32 and then normalised: 6e-8 of a radian.
    for (const { degree, logit } of all.filter(decided))
      expect(Math.abs(logit), `logit at ${degree}°`).toBeLessThan(1e-6);
    for (const { degree, slope } of all.filter(inside))
      expect(Math.abs(slope), `slope at ${degree}°`).toBeLessThan(1e-5);
    expect([...dFeatures!].every(Number.isFinite)).toBe(true);
  });

  test("so does onnxruntime, in both forms, and everything is finite", async () => {
    for (const form of FORMS) {
      const results = await onEngine(tape, wanted, FAN, form);
      const all = errors(results["own"]!.data, results["toFeatures"]!.data);
      // float32: 1 − cos has an error of 6e-8, which near 0° and 180° is 6e-8/sin θ of an angle.
      for (const { degree, logit } of all.filter(decided))
        expect(Math.abs(logit), `${form.kind}, logit at ${degree}°`).toBeLessThan(4e-4);
      for (const e of all.filter((e) => decided(e) && e.degree > 1 && e.degree < 179))
        expect(Math.abs(e.logit), `${form.kind}, logit at ${e.degree}°`).toBeLessThan(2e-5);
      for (const { degree, slope } of all.filter(inside))
        expect(Math.abs(slope), `${form.kind}, slope at ${degree}°`).toBeLessThan(2e-3);
      expect(results["toFeatures"]!.data.every(Number.isFinite)).toBe(true);
    }
  });
});

/** One configuration of each head, small enough to take differences of. */
const SMALL: Record<string, HeadSettings> = {
  softmax: { head: "softmax" },
  "normalised-softmax": { head: "normalised-softmax", scale: 8 },
  cosface: { head: "cosface", scale: 8 },
  arcface: { head: "arcface", scale: 8 },
  sphereface: { head: "sphereface", multiplier: 3 },
  combined: { head: "combined", scale: 8 },
  "sub-center-arcface": { head: "sub-center-arcface", scale: 8, centres: 2 },
  adaface: { head: "adaface", scale: 8, momentum: 0.5 },
  magface: { head: "magface", scale: 8, shortest: 0.5, longest: 4, lengthWeight: 3, easyMargin: false },
  elasticface: { head: "elasticface", scale: 8 },
};

const [ROWS, DIMENSION, CLASSES] = [6, 4, 5];
const random = seeded(11);
const drawn = (length: number, size: number): Float64Array =>
  Float64Array.from({ length }, () => Math.fround(size * (2 * random.next() - 1)));
const BATCH: Numbers = {
  features: drawn(ROWS * DIMENSION, 1.5),
  labels: [0, 4, -1, 2, 2, 1],
  [MARGINS]: drawn(ROWS, 0.1).map((value) => 0.5 + value),
  "head.bias": drawn(CLASSES, 0.5),
};
const centresOf = (classes: number): Float64Array => {
  const again = seeded(12);
  return Float64Array.from({ length: classes * DIMENSION }, () => Math.fround(2 * again.next() - 1));
};

describe.each(HEADS.map(({ name }) => name))("%s", (name) => {
  const { tape, features, output } = headOn(SMALL[name]!, ROWS, DIMENSION, CLASSES);
  const centres = tape.slots.find((slot) => slot.name === CENTRES)!.value;
  const given: Numbers = { ...BATCH, [CENTRES]: centresOf(centres.shape[0]!) };
  const [dFeatures, dCentres] = gradients(output.loss, [features, centres]);
  const at = (changed: Numbers) => evaluate(tape, [output.loss], { ...given, ...changed })[0]![0]!;

  test("its gradients are those of central differences, to the features and to the centres", () => {
    const [byTape, centresByTape] = evaluate(tape, [dFeatures!, dCentres!], given);
    for (const [key, gradient] of [
      ["features", byTape!],
      [CENTRES, centresByTape!],
    ] as const) {
      const values = Float64Array.from(given[key]!);
      for (let i = 0; i < values.length; i++) {
        const h = 1e-6;
        const side = (step: number) => at({ [key]: values.with(i, values[i]! + step) });
        const difference = (side(h) - side(-h)) / (2 * h);
        // Straight lines and lengths through which a head lets no gradient are covered by their own tests.
        if (name === "adaface" && key === "features") continue;
        expect(gradient[i]!, `${key} ${i}`).toBeCloseTo(difference, 6);
      }
    }
  });

  test("both forms of the graph give what the float64 twin gives", async () => {
    const wanted = { ...output, dFeatures: dFeatures!, dCentres: dCentres! };
    const exact = evaluate(tape, Object.values(wanted), given);
    for (const form of FORMS) {
      const results = await onEngine(tape, wanted, given, form);
      for (const [i, key] of Object.keys(wanted).entries()) {
        expect(results[key]!.data).toHaveLength(elementCount(wanted[key as keyof typeof wanted].shape));
        // Logits reach 16 and float32 holds seven digits.
        for (const [at, value] of results[key]!.data.entries())
          expect(Math.abs(value - exact[i]![at]!), `${form.kind} ${key} ${at}`).toBeLessThan(2e-5);
      }
    }
  });

  test("a row labelled −1 counts in no loss and bends nothing", () => {
    const [logits, loss, gradient] = evaluate(tape, [output.logits, output.loss, dFeatures!], given);
    const rows = [0, 1, 3, 4, 5];
    const surprise = rows.map((row) => {
      const own = [...logits!.subarray(row * CLASSES, (row + 1) * CLASSES)];
      return Math.log(own.reduce((sum, z) => sum + Math.exp(z), 0)) - own[BATCH["labels"]![row]!]!;
    });
    const extra = name === "magface" ? magFaceReward(BATCH["features"]!) : 0;
    expect(loss![0]).toBeCloseTo(surprise.reduce((sum, value) => sum + value, 0) / rows.length + extra, 6);
    if (name !== "magface")
      expect([...gradient!.subarray(2 * DIMENSION, 3 * DIMENSION)]).toEqual([0, 0, 0, 0]);
    const [none] = evaluate(tape, [output.loss], { ...given, labels: new Array(ROWS).fill(-1) });
    // Constants of a tape are float32.
    expect(none![0]).toBeCloseTo(extra, 6);
  });
});

/** The regulariser of MagFace as {@link SMALL} sets it, written out. */
function magFaceReward(features: ArrayLike<number>): number {
  const rewards = Array.from({ length: ROWS }, (_, row) => {
    const own = Array.from({ length: DIMENSION }, (_, d) => features[row * DIMENSION + d]!);
    const length = Math.min(4, Math.max(0.5, Math.hypot(...own)));
    return length / 16 + 1 / length;
  });
  return (3 * rewards.reduce((sum, value) => sum + value, 0)) / ROWS;
}

test("features and centres of length 0 give finite gradients", async () => {
  for (const name of Object.keys(SMALL)) {
    const { tape, features, output } = headOn(SMALL[name]!, ROWS, DIMENSION, CLASSES);
    const centres = tape.slots.find((slot) => slot.name === CENTRES)!.value;
    const [dFeatures, dCentres] = gradients(output.loss, [features, centres]);
    const zero = {
      features: new Float32Array(ROWS * DIMENSION),
      [CENTRES]: new Float32Array(elementCount(centres.shape)),
    };
    for (const form of FORMS) {
      const results = await onEngine(
        tape,
        { loss: output.loss, dFeatures: dFeatures!, dCentres: dCentres! },
        { ...BATCH, ...zero },
        form,
      );
      for (const [key, { data }] of Object.entries(results))
        expect(data.every(Number.isFinite), `${name} ${form.kind} ${key}`).toBe(true);
    }
  }
});

test("sub-center ArcFace goes by the nearest sub-centre and moves no other", () => {
  const { tape, features, output } = headOn({ head: "sub-center-arcface", centres: 2, scale: 8 }, 1, 2, 2);
  const centres = tape.slots.find((slot) => slot.name === CENTRES)!.value;
  // Class 0 at 0° and 180°, class 1 at 90° and 270°; the feature at 20°.
  const given = {
    features: [Math.cos(20 * RAD), Math.sin(20 * RAD)],
    labels: [0],
    [CENTRES]: [1, 0, -1, 0, 0, 1, 0, -1],
  };
  const [cosines, dCentres] = evaluate(tape, [output.cosines, gradients(output.loss, [centres])[0]!], given);
  expect(cosines![0]).toBeCloseTo(Math.cos(20 * RAD), 9);
  expect(cosines![1]).toBeCloseTo(Math.cos(70 * RAD), 9);
  expect(features.shape).toEqual([1, 2]);
  const moved = [0, 1, 2, 3].map((row) => dCentres![2 * row] !== 0 || dCentres![2 * row + 1] !== 0);
  expect(moved).toEqual([true, false, true, false]);
});

test("AdaFace keeps running means of the lengths, and the margin of each row follows its own", () => {
  const { tape, output } = headOn({ head: "adaface", momentum: 0.25, scale: 1 }, 3, 2, 2);
  // Lengths 3, 5 and 200, which counts as 100.
  const given = { features: [3, 0, 0, 5, 200, 0], labels: [0, 0, 0], [CENTRES]: [1, 1, 1, -1] };
  const next = (name: string) => tape.assignments.get(tape.slots.find((slot) => slot.name === name)!.value)!;
  const [mean, std, logits] = evaluate(
    tape,
    [next("head.length_mean"), next("head.length_std"), output.logits],
    given,
  );
  const expectedMean = 0.75 * 20 + 0.25 * 36;
  const expectedStd = 0.75 * 100 + 0.25 * Math.sqrt((33 ** 2 + 31 ** 2 + 64 ** 2) / 2);
  // Constants of a tape are float32.
  expect(mean![0]).toBeCloseTo(expectedMean, 5);
  expect(std![0]).toBeCloseTo(expectedStd, 5);
  for (const [row, length] of [3, 5, 100].entries()) {
    const quality = (0.333 * (length - expectedMean)) / (expectedStd + 0.001);
    expect(logits![2 * row]).toBeCloseTo(adaFaceMargin(0.4, quality).value(Math.PI / 4), 6);
  }
});

test("SphereFace begins almost without a margin and comes to λ = 5", () => {
  const { tape, output } = headOn({ head: "sphereface", multiplier: 4 }, 1, 2, 2);
  const given = { features: [Math.cos(1), Math.sin(1)], labels: [0], [CENTRES]: [1, 0, 0, 1] };
  const psi = sphereFaceMargin(4).value(1);
  for (const [step, lambda] of [
    [0, 1000],
    [100, 1000 / 13],
    [1e6, 5],
  ] as const) {
    const [logits, next] = evaluate(tape, [output.logits, [...tape.assignments.values()][0]!], {
      ...given,
      "head.step": [step],
    });
    expect(logits![0]).toBeCloseTo((lambda * Math.cos(1) + psi) / (lambda + 1), 6);
    expect(next![0]).toBe(step + 1);
  }
});

test("ElasticFace draws its margins around the mean, a new one for each row", () => {
  for (const [form, mean] of [
    ["arc", 0.5],
    ["cos", 0.35],
  ] as const) {
    const { tape } = headOn({ head: "elasticface", form, std: 0.02 }, 7, 2, 2);
    const input = tape.inputs.find(({ name }) => name === MARGINS)!;
    expect(input.shape).toEqual([7, 1]);
    expect(input.drawn).toEqual({ kind: "normal", mean, std: 0.02 });
  }
});

describe("settings", () => {
  test("every head is known by its name, and its defaults are complete", () => {
    for (const { name } of HEADS) {
      const config: HeadConfig = HeadConfigSchema.parse({ head: name });
      expect(config.head).toBe(name);
      const output: HeadOutput = headOn({ head: name } as HeadSettings, 2, 3, 4).output;
      expect(output.logits.shape).toEqual([2, 4]);
      expect(output.loss.shape).toEqual([]);
    }
    expect(HeadConfigSchema.parse({ head: "arcface" })).toEqual({
      head: "arcface",
      marginRad: 0.5,
      scale: 64,
      gradient: "analytic",
    });
    expect(HeadConfigSchema.parse({ head: "elasticface" })).toEqual({
      head: "elasticface",
      form: "arc",
      std: 0.0125,
      scale: 64,
      gradient: "analytic",
    });
  });

  test.each([
    [{ head: "arkface" }, /head/],
    [{ head: "arcface", margin: 0.5 }, /margin/],
    [{ head: "arcface", marginRad: 28.6 }, /marginRad/],
    [{ head: "magface", shortest: 120 }, /shortest < longest/],
  ])("%j is refused", (settings, message) => {
    expect(HeadConfigSchema.safeParse(settings).error?.message).toMatch(message);
  });

  test("the same seed draws the same centres under every head, so that runs differ in the head alone", () => {
    const centresOf = (settings: HeadSettings) =>
      headOn(settings, 2, 3, 4)
        .tape.slots.find((slot) => slot.name === CENTRES)!
        .initial();
    expect(centresOf({ head: "arcface" })).toEqual(centresOf({ head: "softmax" }));
  });
});

test("a head without its margin has the state of the head itself, so that one goes on where the other was", () => {
  const namesOf = (config: HeadConfig): string[] => {
    const { tape, output } = headOn(config, 4, 3, 5);
    return compile(tape, { loss: output.loss }, FORMS[0]!).slots.map(({ name }) => name);
  };
  for (const { name } of HEADS) {
    const config = HeadConfigSchema.parse({ head: name });
    const bare = withoutMargin(config);
    if (bare) expect(namesOf(bare)).toEqual(namesOf(config));
    else expect(["softmax", "normalised-softmax", "sphereface", "magface"]).toContain(name);
  }
});
