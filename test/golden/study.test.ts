import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { normalize } from "../../src/core/index.ts";
import { type MeasuredPicture, measureVerification, type PairList } from "../../src/evaluate/index.ts";
import type { Calibration, Pipeline } from "../../src/models/index.ts";
import type { StudyFace } from "../../src/study/collect-faces.ts";
import { judgeDeclaredPairs } from "../../src/study/declared-pairs.ts";
import { writeEvaluation } from "../../src/study/evaluation-page.ts";
import { findLookAlikes } from "../../src/study/look-alikes.ts";
import { findNearDuplicates } from "../../src/study/near-duplicates.ts";
import { PairScores } from "../../src/study/pair-scores.ts";
import {
  gridFigure,
  histogramFigure,
  mapFigure,
  matrixFigure,
  rocFigure,
} from "../../src/study/report/figures.ts";
import { reportPage } from "../../src/study/report/report-page.ts";
import { studyJson } from "../../src/study/report/study-json.ts";
import { pageData } from "../../src/study/report/write-report.ts";
import { retrieve } from "../../src/study/retrieval.ts";
import type { Study } from "../../src/study/run-study.ts";
import { separateScores } from "../../src/study/score-separation.ts";
import { expectGolden, normalisedSvg } from "./golden.ts";

/** A face of a person at an angle in the plane, so that every cosine is that of a round number of degrees. */
function at(person: string, deg: number): StudyFace {
  const angle = (deg * Math.PI) / 180;
  const name = `${person}/${deg}.jpg`;
  return {
    path: `/photographs/${name}`,
    name,
    person,
    box: { x: 10, y: 20, width: 50, height: 60 } as StudyFace["box"],
    landmarks: [20, 40, 30, 22, 38].map((x) => ({ x, y: 30 })) as unknown as StudyFace["landmarks"],
    score: 0.99,
    embedding: normalize(Float32Array.of(Math.cos(angle), Math.sin(angle))),
    sha256: deg.toString(16).padStart(64, "0"),
    photograph: { width: 100, height: 200 },
    others: deg === 10 ? 2 : 0,
  };
}

const rate = (value: number) => ({ rate: value, low: value / 2, high: value * 2 });
const calibration = {
  threshold: 0.75,
  fmr: rate(0.001),
  fnmr: rate(0.1),
  target: { fmr: 0.002, kept: "upper-bound" },
  data: {
    protocol: "made-up pairs",
    people: 100,
    genuinePairs: 1000,
    impostorPairs: 5000,
    weighing: "people",
  },
  intervals: { confidence: 0.95, method: "made up" },
} as Calibration;

/** A study of faces as `runStudy` puts it together, without photographs and networks. */
function studyOf(faces: readonly StudyFace[]): Study {
  const scores = new PairScores(faces);
  const { genuine, impostor } = scores.byKind();
  const effect = (mean: number) => ({ mean, interval: [mean - 0.05, mean + 0.05] as const });
  const pair = (one: number, both: number) => ({ one: effect(one), both: effect(both) });
  return {
    faces,
    rejected: [
      {
        path: "/photographs/Ann/none.jpg",
        name: "Ann/none.jpg",
        person: "Ann",
        reason: "no-face",
        detail: "",
      },
      {
        path: "/photographs/Bo/copy.jpg",
        name: "Bo/copy.jpg",
        person: "Bo",
        reason: "identical",
        detail: "Bo/30.jpg",
      },
    ],
    model: "made-up network",
    dimension: 2,
    calibration,
    photographs: faces.length + 2,
    seed: 1,
    scores,
    nearDuplicates: findNearDuplicates(faces, scores),
    layouts: [
      {
        id: "pca",
        label: "PCA",
        note: "principal components",
        x: Float32Array.from(faces, ({ embedding }) => Math.round(embedding[0]! * 100) / 100),
        y: Float32Array.from(faces, ({ embedding }) => Math.round(embedding[1]! * 100) / 100),
      },
    ],
    retrieval: retrieve(scores, 3),
    separation: separateScores(genuine, impostor),
    lookAlikes: findLookAlikes(scores, 10),
    declared: judgeDeclaredPairs(scores, [["Ann", "Bo"]], calibration.threshold),
    why: {
      faces: 6,
      genuinePairs: 4,
      lookAlikePairs: 4,
      factors: [
        {
          id: "eyes",
          label: "eyes covered",
          kind: "region",
          what: "a grey band",
          self: effect(0.8),
          genuine: pair(-0.2, -0.1),
          lookAlike: pair(-0.3, -0.25),
        },
        {
          id: "dark",
          label: "darker",
          kind: "light",
          what: "half as bright",
          self: effect(0.95),
          genuine: pair(0.02, 0.04),
          lookAlike: null,
        },
      ],
      perFace: [],
    },
    occluded: [],
  };
}

const small = studyOf([
  at("Ann", 0),
  at("Ann", 10),
  at("Ann", 50),
  at("Bo", 30),
  at("Bo", 80),
  at("Cy", 180),
]);
const thumbnails = small.faces.map((_, i) => Uint8Array.of(255, 216, i));

describe("a study", () => {
  test.each<[string, () => string | undefined]>([
    ["map", () => mapFigure(small, undefined)],
    ["neighbours", () => gridFigure(small, thumbnails)],
    ["similarity", () => matrixFigure(small)?.svg],
    ["scores", () => histogramFigure(small)],
    ["roc", () => rocFigure(small)],
  ])("its figure %s is drawn as its golden file shows it", async (name, draw) => {
    await expectGolden(`study-${name}.svg`, normalisedSvg(draw()!));
  });

  test("of more than 400 faces the matrix shows people, by the means of their pairs", () => {
    const faces = [
      ...Array.from({ length: 200 }, () => at("Ann", 0)),
      ...Array.from({ length: 200 }, () => at("Bo", 60)),
      at("Cy", 90),
    ];
    const many = { ...small, faces, scores: new PairScores(faces) };
    const { svg, byPeople } = matrixFigure(many)!;
    expect(byPeople).toBe(true);
    // Cosines 1 of one's own, ½ of Ann and Bo, 0 of Ann and Cy: cividis from −0.2 to 1.
    expect(normalisedSvg(svg).match(/<rect [^>]*fill="#[0-9a-f]{6}"/g)!.length).toBeLessThan(70);
    expect(svg).toMatch(/>Ann<.*>Bo<.*>Cy</s);
  });

  test("its page and its numbers say what their golden files say", async () => {
    const page = reportPage(small, {
      data: pageData(small, { layout: { sidePx: 128, columns: 2, perAtlas: 4, atlases: 2 } }),
      atlases: [Uint8Array.of(1), Uint8Array.of(2)],
      matrix: "<svg></svg>",
      matrixByPeople: false,
      histogram: "<svg></svg>",
      roc: "<svg></svg>",
      heat: [],
      files: ["map.svg"],
      script: "/* the page's script */",
    });
    await expectGolden(
      "study.html.txt",
      page.replace(/<style>.*?<\/style>/gs, "<style/>").replace(/></g, ">\n<"),
    );
    await expectGolden("study.json.txt", JSON.stringify(studyJson(small), rounded, 1));
  });
});

/** Four digits of a number: sums in float32 differ in the last ones. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}

describe("an evaluation", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "arcface-golden-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test("its page and its figures are as their golden files show them", async () => {
    // Two pictures of each of twelve people; the second of every fourth lies where the next person's are.
    const people = 12;
    const pictures = Array.from({ length: 2 * people }, (_, i) => {
      const person = i >> 1;
      const degrees = 25 * person + (i % 2 === 0 ? 0 : person % 4 === 3 ? 22 : 4);
      const embedding = normalize(
        Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)),
      );
      const face: MeasuredPicture["face"] = {
        kind: "face",
        embedding,
        norm: 10 + (i % 5),
        score: 0.9 + (i % 3) / 100,
      };
      return { sha256: String(i), face };
    });
    const measured: MeasuredPicture[] = pictures.map((picture, i) =>
      i === 5 ? { ...picture, face: { kind: "no-face" } as MeasuredPicture["face"] } : picture,
    );
    const genuine = Array.from({ length: people }, (_, person) => [2 * person, 2 * person + 1] as const);
    const impostor = Array.from(
      { length: people },
      (_, person) => [2 * person + 1, (2 * person + 2) % (2 * people)] as const,
    );
    const pairs = [...genuine, ...impostor];
    const list: PairList = {
      protocol: "made up, 24 pairs",
      pictures: pictures.map((_, i) => ({ name: `${i}.jpg`, source: `/nowhere/${i}.jpg` })),
      a: Uint32Array.from(pairs, ([a]) => a),
      b: Uint32Array.from(pairs, ([, b]) => b),
      same: Uint8Array.from(pairs, (_, i) => Number(i < people)),
      person: Uint32Array.from(pictures, (_, i) => i >> 1),
      people,
      fold: Uint16Array.from(pairs, (_, i) => i % 2),
    };
    const pipeline: Pipeline = {
      model: { id: "made-up network", sha256: "0".repeat(64), output: "y", dimension: 2 },
      feed: { layout: "NCHW", sizePx: 112, channels: "RGB", mean: [0, 0, 0], scale: [1, 1, 1] },
      alignment: null,
      detector: null,
      flip: false,
    };
    const report = measureVerification(list, measured);
    const page = await writeEvaluation(
      { pipeline, list, measured, report, summary: ["the lines of the command"] },
      folder,
    );
    for (const name of ["roc", "det", "scores"]) {
      await expectGolden(
        `evaluation-${name}.svg`,
        normalisedSvg(await readFile(join(folder, `${name}.svg`), "utf8")),
      );
    }
    const text = await readFile(page, "utf8");
    await expectGolden(
      "evaluation.html.txt",
      text
        .replace(/<style>.*?<\/style>/gs, "<style/>")
        .replace(/<svg.*?<\/svg>/gs, "<svg/>")
        .replace(/></g, ">\n<"),
    );
  });
});
