import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cosine, normalize, seeded, type UnitVector } from "../core/index.ts";
import {
  calibrationPathOf,
  expectCalibrationFor,
  type Pipeline,
  readCalibration,
  writeCalibration,
} from "../models/index.ts";
import { acceptedShare, operatingPoints } from "../statistics/index.ts";
import { evidenceOf } from "../verdict/index.ts";
import { calibrate, evidenceOfPairs, evidenceOfPeople } from "./calibrate.ts";
import { withGroups } from "./calibrate-groups.ts";
import { measureAllPairs, measureIdentification } from "./identification.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import { poolTemplates } from "./pool-templates.ts";
import { NORMALIZATIONS } from "./probe-contract.ts";
import { type LabelledPeople, pairsOfPeople } from "./protocols/index.ts";
import { scorePairs } from "./score-pairs.ts";
import { measureVerification } from "./verification.ts";

const PIPELINE: Pipeline = {
  model: {
    id: "made-up",
    sha256: "ab".repeat(32),
    output: "y",
    dimension: 8,
  },
  feed: { layout: "NCHW", sizePx: 112, channels: "RGB", mean: [127.5, 127.5, 127.5], scale: [128, 128, 128] },
  alignment: { template: "arcface-5-point", version: 1, crop: 1 },
  detector: { id: "mtcnn", sha256: "cd".repeat(32), minFacePx: null, maxSidePx: null, turned: false },
  flip: false,
};

/** Vectors of made-up people: pictures of one lie around a direction of theirs; norms say how near. */
function madeUpPeople(
  count: number,
  each: number,
  noise: number,
): { people: LabelledPeople; measured: MeasuredPicture[] } {
  const random = seeded(7);
  const draw = (): Float32Array => Float32Array.from({ length: 8 }, () => random.next() + random.next() - 1);
  const centres = Array.from({ length: count }, draw);
  const pictures = centres.flatMap((centre, person) =>
    Array.from({ length: each }, (_, i) => {
      const spread = noise * (0.2 + 1.8 * random.next());
      const own = draw();
      return { person, i, spread, vector: normalize(centre.map((x, k) => x + spread * own[k]!)) };
    }),
  );
  return {
    people: {
      pictures: pictures.map(({ person, i }) => ({ name: `p${person}/${i}.jpg`, source: "" })),
      person: Uint32Array.from(pictures, ({ person }) => person),
      names: centres.map((_, person) => `p${person}`),
    },
    measured: pictures.map(({ vector, spread }, i) => ({
      sha256: String(i),
      face: { kind: "face", embedding: vector, norm: 5 - spread, score: 1 },
    })),
  };
}

const noFace = (own: MeasuredPicture): MeasuredPicture => ({ ...own, face: { kind: "no-face" } });
/** The vector of a picture that has one. */
function vectorOf({ face }: MeasuredPicture): UnitVector {
  if (face.kind !== "face") throw new Error(face.kind);
  return face.embedding;
}

const all = { genuine: Number.POSITIVE_INFINITY, impostor: Number.POSITIVE_INFINITY };

describe("verification", () => {
  const { people, measured } = madeUpPeople(30, 4, 0.7);
  const list = pairsOfPeople(people, "made up", all, seeded(1));
  const report = measureVerification(list, measured);

  test("has its figures inside their intervals, and the same again for the same seed", () => {
    expect(report.genuinePairs).toBe(180);
    expect(report.impostorPairs).toBe(6960);
    expect(report.auc.value).toBeGreaterThan(0.9);
    for (const { value, interval } of [
      report.auc,
      { value: report.eer.rate, interval: report.eer.interval },
    ]) {
      expect(interval[0]).toBeLessThan(value);
      expect(interval[1]).toBeGreaterThan(value);
    }
    expect(measureVerification(list, measured)).toEqual(report);
  });

  test("finds that feature norms that know the noise are worth rejecting by; a constant score gives no curve", () => {
    const { detectionScore, featureNorm } = report.reject;
    expect(detectionScore).toEqual([]);
    const half = featureNorm.find(({ rejected }) => rejected >= 0.5)!;
    expect(half.fnmr.rate).toBeLessThan(0.9 * featureNorm[0]!.fnmr.rate);
  });

  test("counts pictures without a face: their genuine pairs are missed, their impostor pairs rejected", () => {
    const without = measured.map((own, i) => (i < 2 ? noFace(own) : own));
    const { failures, scores } = measureVerification(list, without);
    // Pictures 0 and 1 of one person: 1 + 2 + 2 genuine pairs, 116 impostor pairs each.
    expect(failures).toMatchObject({
      pictures: 2,
      noFace: 2,
      unreadable: 0,
      genuinePairs: 5,
      impostorPairs: 232,
    });
    expect(failures.list).toEqual([
      { picture: "p0/0.jpg", reason: "no face found" },
      { picture: "p0/1.jpg", reason: "no face found" },
    ]);
    expect(scores.filter((score) => score === -1)).toHaveLength(237);
    expect(scores).toHaveLength(180 + 6960);
  });

  test("of all pairs, streamed, is that of the list up to the histogram's resolution", () => {
    const streamed = measureAllPairs(people, measured);
    expect(streamed.genuinePairs).toBe(180);
    expect(streamed.auc).toBeCloseTo(report.auc.value, 4);
    expect(streamed.eer.rate).toBeCloseTo(report.eer.rate, 3);
  });
});

describe("identification", () => {
  test("finds everybody whose pictures are alike, and counts a probe without a face as not found", () => {
    const { people, measured } = madeUpPeople(40, 3, 0.05);
    const whole = measureIdentification(people, measured, seeded(1));
    // A quarter of the people are strangers.
    expect(whole).toMatchObject({ gallery: 30, probes: 60, strangers: 30, notEnrolled: 0 });
    expect(whole.ranks[0]).toMatchObject({ k: 1, accuracy: { rate: 1 } });
    expect(whole.dirAtFar[0]).toMatchObject({ kind: "measured", dir: { rate: 1 } });
    expect(whole.dirAtFar[2]).toMatchObject({ kind: "not-enough-impostors", needed: 1000 });
    const blind = measured.map((own, i) => (i % 3 === 2 ? noFace(own) : own));
    expect(measureIdentification(people, blind, seeded(1)).ranks[0]).toMatchObject({
      accuracy: { rate: 0.5 },
    });
  });

  test("takes people with one picture for strangers, and the next picture where the first has no face", () => {
    const { people, measured } = madeUpPeople(10, 2, 0.05);
    const last = people.pictures.length - 1;
    const fewer = {
      ...people,
      pictures: people.pictures.slice(0, last),
      person: people.person.slice(0, last),
    };
    const first = measured.map((own, i) => (i === 0 ? noFace(own) : own)).slice(0, last);
    const report = measureIdentification(fewer, first, seeded(1));
    expect(report).toMatchObject({ gallery: 9, probes: 9, strangers: 1, notEnrolled: 0 });
    // The picture without a face is itself a probe, and not found.
    expect(report.ranks[0]!.accuracy.rate).toBeCloseTo(8 / 9, 12);
  });
});

test("a probe whose cosine is below 0 is found first where everybody else is further", () => {
  const picture = (degrees: number, i: number): MeasuredPicture => {
    const angle = (degrees * Math.PI) / 180;
    const embedding = normalize(Float32Array.of(Math.cos(angle), Math.sin(angle)));
    return { sha256: String(i), face: { kind: "face", embedding, norm: 1, score: 1 } };
  };
  // Ann's second picture is 100° from her first, Bo's 90°, and each further from the other person; Cy is a stranger.
  const measured = [0, 100, 240, 330, 170].map(picture);
  const pictures = measured.map((_, i) => ({ name: `${i}.jpg`, source: "" }));
  const people = { pictures, person: Uint32Array.of(0, 0, 1, 1, 2), names: ["Ann", "Bo", "Cy"] };
  const report = measureIdentification(people, measured, seeded(1));
  expect(report).toMatchObject({ gallery: 2, probes: 2, strangers: 1 });
  // Bo's second is 30° from Ann's first.
  expect(report.ranks[0]).toMatchObject({ k: 1, accuracy: { rate: 0.5 } });
});

test("scores of pairs are not computed for somebody who has stopped waiting", () => {
  const { people, measured } = madeUpPeople(2, 2, 0.1);
  const list = pairsOfPeople(people, "made up", all, seeded(1));
  const first = {
    ...list,
    a: list.a.subarray(0, 1),
    b: list.b.subarray(0, 1),
    same: list.same.subarray(0, 1),
  };
  expect(() => scorePairs(first, measured, { signal: AbortSignal.abort() })).toThrow(
    expect.objectContaining({ code: "ABORTED" }),
  );
});

describe("a template", () => {
  const face = (x: number, y: number, norm: number, score: number): MeasuredPicture => ({
    sha256: `${x} ${y}`,
    face: { kind: "face", embedding: normalize(Float32Array.of(x, y)), norm, score },
  });
  const measured = [face(1, 0, 2, 1), face(0, 1, 4, 0.5), face(0, 1, 1, 1), noFace(face(1, 1, 1, 1))];

  test("is the sum over media of means over pictures, weighed by norm and detection score", () => {
    const [pooled] = poolTemplates([{ id: "t", media: [[0, 1], [2], [3]] }], measured);
    // Means (2, 0)/2 + (0, 4 · 0.5)/2 = (1, 1); then (0, 1); nothing from the third medium.
    expect(pooled!.face).toMatchObject({ kind: "face", norm: Math.sqrt(5) });
    const embedding = vectorOf(pooled!);
    expect(embedding[0]! / embedding[1]!).toBeCloseTo(1 / 2, 6);
    const [plain] = poolTemplates([{ id: "t", media: [[0, 1], [2]] }], measured, {
      norm: false,
      detectorScore: false,
    });
    const flat = vectorOf(plain!);
    expect(flat[0]! / flat[1]!).toBeCloseTo(1 / 3, 6);
  });

  test("without a face stays, as a failure", () => {
    expect(poolTemplates([{ id: "t", media: [[3]] }], measured)[0]!.face).toEqual({ kind: "no-face" });
  });
});

describe("a calibration", () => {
  const { people, measured } = madeUpPeople(40, 5, 0.8);
  const list = pairsOfPeople(people, "made up", all, seeded(1));
  const scored = scorePairs(list, measured);
  const evidence = evidenceOfPairs(list, measured);
  const made = calibrate(evidence, PIPELINE, { targetFmr: 0.01 });
  const points = operatingPoints(scored);

  test("keeps its target by the upper end of the rate's interval, which a lower threshold does not", () => {
    expect(made.data).toMatchObject({ genuinePairs: 400, impostorPairs: 19_500, people: 40, failures: 0 });
    expect(made.target).toEqual({ fmr: 0.01, kept: "upper-bound" });
    expect(made.fmr.high).toBeLessThanOrEqual(0.01);
    expect(made.fmr.rate).toBeCloseTo(made.falseMatches / 19_500, 6);
    expect(made.thresholdInterval[0]).toBeLessThan(made.threshold);
    expect(made.thresholdInterval[1]).toBe(made.threshold);
    const lower = evidence.tallied.impostor.threshold.indexOf(made.threshold) - 1;
    expect(acceptedShare(evidence.tallied.impostor, lower).high).toBeGreaterThan(0.01);
  });

  test("of too few pairs for that keeps the rate itself, and says so", () => {
    const few = calibrate(evidence, PIPELINE, { targetFmr: 1 / 19_500 });
    expect(few.target.kept).toBe("rate");
    expect(few.falseMatches).toBeLessThanOrEqual(1);
    expect(few.thresholdInterval[1]).toBeNull();
  });

  test("says of a score at most what its pairs say, and never less than them", () => {
    for (const cosine of [-0.31, 0, 0.1234, 0.5, 0.77, 0.99]) {
      const { fmr, fnmr } = evidenceOf(cosine, made);
      const above = points.impostor[points.threshold.findLastIndex((t) => t >= cosine)] ?? 0;
      const below = 400 - (points.genuine[points.threshold.findLastIndex((t) => t >= cosine)] ?? 0);
      expect(fmr.rate).toBeGreaterThanOrEqual(above / 19_500 - 1e-6);
      expect(fnmr.rate).toBeGreaterThanOrEqual(below / 400 - 1e-6);
      expect(fmr.low).toBeLessThanOrEqual(fmr.rate);
      expect(fmr.high).toBeGreaterThanOrEqual(fmr.rate);
    }
    expect(evidenceOf(0.6, made).likelihood.low).toBeGreaterThan(0);
    expect(evidenceOf(0, made).likelihood.high).toBeLessThan(0);
    // No impostor pair scores about as much: a bound, and no ratio to a pair that was not there.
    expect(evidenceOf(1, made).likelihood).toMatchObject({ log10: null, high: null });
    // An error that did not happen is not taken for one that cannot.
    expect(evidenceOf(1, made).fmr).toMatchObject({ rate: 0, high: expect.any(Number) });
  });

  test("is the same file from the same pairs, and comes back whole", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "arcface-cal-")), "made-up.calibration.json");
    await writeCalibration(path, made);
    expect(await readCalibration(path)).toEqual(made);
    const again = calibrate(evidenceOfPairs(list, measured), PIPELINE, { targetFmr: 0.01 });
    expect(again).toEqual(made);
    expect(calibrationPathOf("x/made-up.onnx", false)).toBe("x/made-up.calibration.json");
    expect(calibrationPathOf("x/made-up.onnx", true)).toBe("x/made-up.calibration.flip.json");
  });

  test("that was changed, or is none, is refused", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "arcface-cal-")), "c.json");
    await writeCalibration(path, made);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(/"falseMatches": \d+/, '"falseMatches": 0'));
    await expect(readCalibration(path)).rejects.toThrow("got a calibration that was changed since");
    await writeFile(path, '{"magic": "arcface-calibration"}');
    await expect(readCalibration(path)).rejects.toMatchObject({ code: "BAD_FILE" });
    await writeFile(path, "shopping list");
    await expect(readCalibration(path)).rejects.toThrow("expected a calibration in JSON");
  });

  test("for another model is refused, and both contracts are named", () => {
    const { model, feed } = PIPELINE;
    const other: Pipeline = {
      ...PIPELINE,
      model: { ...model, id: "other" },
      feed: { ...feed, channels: "BGR" },
    };
    const refusal = (): void => expectCalibrationFor(made, other, "c.json");
    expect(refusal).toThrow(expect.objectContaining({ code: "MODEL_MISMATCH" }));
    expect(refusal).toThrow(/made for made-up \(.*RGB.*\), not for other \(.*BGR.*\)/);
    expect(() => expectCalibrationFor(made, { ...PIPELINE, flip: true }, "c")).toThrow(
      "made with mtcnn without --flip, not with mtcnn with --flip",
    );
    expect(() => expectCalibrationFor(made, PIPELINE, "c")).not.toThrow();
  });

  test("needs as many impostor pairs as its target, and genuine ones", () => {
    expect(() => calibrate(evidence, PIPELINE, { targetFmr: 1e-5 })).toThrow(
      "expected at least 100000 impostor pairs for a false match rate of 0.00001",
    );
    const nobody = { ...evidence.tallied.genuine, pairs: 0 };
    const impostors = { ...evidence, tallied: { ...evidence.tallied, genuine: nobody } };
    expect(() => calibrate(impostors, PIPELINE)).toThrow("got 19500 and 0");
  });
});

describe("groups of a calibration", () => {
  const { people, measured } = madeUpPeople(24, 4, 0.7);
  const list = pairsOfPeople(people, "made up", all, seeded(1));
  const overall = calibrate(evidenceOfPeople(list, measured, "made up"), PIPELINE, { targetFmr: 0.1 });
  /** The last two people are a group of too few; the picture before them is of nobody's group. */
  const groups = {
    names: ["b", "a", "few"],
    of: Uint16Array.from(people.person, (person, i) => (i === 87 ? 0xffff : person >= 22 ? 2 : person % 2)),
  };
  const { groups: found = [], ...rest } = withGroups(overall, list, measured, groups, true);

  test("are in order of their names, and leave the calibration as it is", () => {
    expect(found.map(({ group, people: count }) => [group, count])).toEqual([
      ["a", 11],
      ["b", 11],
      ["few", 2],
    ]);
    expect(rest).toEqual(overall);
  });

  test("have the rates of their own pairs at the one threshold, each two people weighing the same", () => {
    for (const [index, own] of [1, 0].map((number, i) => [number, found[i]!] as const)) {
      const members = people.names.map((_, person) =>
        [...people.person.keys()].filter((i) => people.person[i] === person && groups.of[i] === index),
      );
      const [shares, misses]: [number[], number[]] = [[], []];
      let pairs = 0;
      for (const [a, first] of members.entries())
        for (const [b, second] of members.entries()) {
          if (b < a) continue;
          const scores = first.flatMap((i) =>
            second.flatMap((j) =>
              i < j || a !== b ? [cosine(vectorOf(measured[i]!), vectorOf(measured[j]!))] : [],
            ),
          );
          if (scores.length === 0) continue;
          if (a !== b) pairs += scores.length;
          const reached = scores.filter((score) => score >= overall.threshold).length / scores.length;
          if (a === b) misses.push(1 - reached);
          else shares.push(reached);
        }
      const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
      expect(own.impostorPairs).toBe(pairs);
      // Rates are kept with six digits.
      expect(own.fmr!.rate).toBeCloseTo(mean(shares), 5);
      expect(own.fnmr!.rate).toBeCloseTo(mean(misses), 5);
      expect(own.fmr!.low).toBeLessThan(own.fmr!.rate);
      expect(own.fmr!.high).toBeGreaterThan(own.fmr!.rate);
    }
  });

  test("have a threshold of their own that keeps the target there, unless they are too few", () => {
    for (const own of found.slice(0, 2)) {
      const part = withGroups({ ...overall, threshold: own.threshold! }, list, measured, groups, true);
      const there = part.groups!.find(({ group }) => group === own.group)!.fmr!;
      expect(own.kept === "upper-bound" ? there.high : there.rate).toBeLessThanOrEqual(0.1);
    }
    expect(found[2]).toMatchObject({ impostorPairs: 16, threshold: null, kept: null });
  });

  test("are written with a calibration and read again", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "arcface-groups-")), "c.json");
    await writeCalibration(path, { ...overall, groups: found });
    expect((await readCalibration(path)).groups).toEqual(found);
  });

  test("of a list of pairs are those of its pairs", () => {
    const listed = withGroups(overall, list, measured, groups, false);
    expect(listed.groups!.map(({ genuinePairs, impostorPairs }) => [genuinePairs, impostorPairs])).toEqual(
      found.map(({ genuinePairs, impostorPairs }) => [genuinePairs, impostorPairs]),
    );
  });
});

test("a normalisation does what its name says", () => {
  const [published, mxnet, unit, , none] = NORMALIZATIONS;
  for (const { name, mean, scale } of [published!, mxnet!]) {
    const [, less, over] = /^\(x-([\d.]+)\)\/([\d.]+)$/.exec(name)!;
    expect([mean, scale]).toEqual([Array(3).fill(Number(less)), Array(3).fill(Number(over))]);
  }
  expect([unit!.mean, unit!.scale, none!.mean, none!.scale]).toEqual(
    [0, 255, 0, 1].map((value) => [value, value, value]),
  );
  // Of the ImageNet statistics, given there for numbers from 0 to 1.
  const { mean, scale } = NORMALIZATIONS.find(({ name }) => name.startsWith("ImageNet"))!;
  expect(mean.map((value) => value / 255)).toEqual([0.485, 0.456, 0.406].map((v) => expect.closeTo(v, 6)));
  expect(scale.map((value) => value / 255)).toEqual([0.229, 0.224, 0.225].map((v) => expect.closeTo(v, 6)));
});
