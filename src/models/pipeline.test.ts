import { describe, expect, test } from "vitest";
import {
  detectorDigest,
  fusionOf,
  type Pipeline,
  PipelineSchema,
  pipelineDifference,
  pipelineDigest,
} from "./pipeline.ts";

const PIPELINE: Pipeline = {
  model: { id: "a-net", sha256: "ab".repeat(32), output: "embedding", dimension: 8 },
  feed: { layout: "NCHW", sizePx: 112, channels: "RGB", mean: [127.5, 127.5, 127.5], scale: [128, 128, 128] },
  alignment: { template: "arcface-5-point", version: 1, crop: 1 },
  detector: { id: "mtcnn", sha256: "cd".repeat(32), minFacePx: null, maxSidePx: null, turned: false },
  flip: false,
};
const { model, feed, alignment, detector } = PIPELINE;

const OTHER_VECTORS: readonly (readonly [string, Pipeline, string])[] = [
  ["another network", { ...PIPELINE, model: { ...model, sha256: "ef".repeat(32) } }, "sha256 efefefefefef"],
  ["another output", { ...PIPELINE, model: { ...model, output: "logits" } }, "output logits to 8"],
  ["another dimension", { ...PIPELINE, model: { ...model, dimension: 9 } }, "output embedding to 9"],
  ["another order of channels", { ...PIPELINE, feed: { ...feed, channels: "BGR" } }, "BGR NCHW"],
  ["another layout", { ...PIPELINE, feed: { ...feed, layout: "NHWC" } }, "RGB NHWC"],
  ["another size", { ...PIPELINE, feed: { ...feed, sizePx: 224 } }, "224 px"],
  ["another mean", { ...PIPELINE, feed: { ...feed, mean: [0, 0, 1] } }, "[0, 0, 1]"],
  ["another scale", { ...PIPELINE, feed: { ...feed, scale: [1, 1, 2] } }, "[1, 1, 2]"],
  [
    "another alignment",
    { ...PIPELINE, alignment: { ...alignment!, version: 2 } },
    "with alignment 1, not with alignment 2",
  ],
  [
    "crops from elsewhere",
    { ...PIPELINE, alignment: null, detector: null },
    "not with crops from elsewhere; with mtcnn without --flip, not with no detector without --flip",
  ],
  [
    "another detector",
    { ...PIPELINE, detector: { ...detector!, id: "yunet", sha256: "12".repeat(32) } },
    "with mtcnn without --flip, not with yunet without --flip",
  ],
  [
    "a detector with other files",
    { ...PIPELINE, detector: { ...detector!, sha256: "12".repeat(32) } },
    "mtcnn (files cdcdcdcdcdcd) without --flip, not with mtcnn (files 121212121212)",
  ],
  ["flip", { ...PIPELINE, flip: true }, "with mtcnn without --flip, not with mtcnn with --flip"],
];
const OTHER_ROWS: readonly (readonly [string, Pipeline, string])[] = [
  [
    "another smallest face",
    { ...PIPELINE, detector: { ...detector!, minFacePx: 60 } },
    "made with no --min-face, not with --min-face 60",
  ],
  [
    "another side while looking",
    { ...PIPELINE, detector: { ...detector!, maxSidePx: 900 } },
    "in at most 900 px a side",
  ],
  [
    "other crops",
    { ...PIPELINE, alignment: { ...alignment!, crop: 2 } },
    "made with crops of version 1, not with crops of version 2",
  ],
];

describe("two pipelines", () => {
  test.each(OTHER_VECTORS)("with %s do not compare, which is said of both", (_, other, words) => {
    const difference = pipelineDifference(PIPELINE, other);
    expect(difference?.level).toBe("vectors");
    expect(difference?.words).toContain(words);
    expect(pipelineDifference(other, PIPELINE)?.level).toBe("vectors");
    expect(pipelineDigest(other)).not.toBe(pipelineDigest(PIPELINE));
  });

  test.each(OTHER_ROWS)("with %s compare, but give other rows", (_, other, words) => {
    const difference = pipelineDifference(PIPELINE, other);
    expect(difference?.level).toBe("rows");
    expect(difference?.words).toContain(words);
    expect(pipelineDigest(other)).not.toBe(pipelineDigest(PIPELINE));
  });

  test("that differ in vectors and in rows do not compare", () => {
    const other = { ...PIPELINE, flip: true, detector: { ...detector!, minFacePx: 60 } };
    expect(pipelineDifference(PIPELINE, other)?.level).toBe("vectors");
  });

  test("are the same whatever their networks and detectors are called, and in whatever order they are written", () => {
    const named = {
      ...PIPELINE,
      model: { ...model, id: "a-file.onnx@abababababab" },
      detector: { ...detector!, id: "m" },
    };
    expect(pipelineDifference(PIPELINE, named)).toBeUndefined();
    expect(pipelineDigest(named)).toBe(pipelineDigest(PIPELINE));
    const reversed = Object.fromEntries(Object.entries(PIPELINE).reverse()) as Pipeline;
    expect(pipelineDigest(reversed)).toBe(pipelineDigest(PIPELINE));
    expect(pipelineDifference(reversed, PIPELINE)).toBeUndefined();
  });

  test("come back from JSON as they were; what is no pipeline does not", () => {
    expect(PipelineSchema.parse(JSON.parse(JSON.stringify(PIPELINE)))).toEqual(PIPELINE);
    const { flip: _, ...without } = PIPELINE;
    expect(PipelineSchema.safeParse(without).success).toBe(false);
    expect(PipelineSchema.safeParse({ ...PIPELINE, more: 1 }).success).toBe(false);
    const nameless = { ...PIPELINE, model: { ...PIPELINE.model, output: "" } };
    expect(PipelineSchema.safeParse(nameless).success).toBe(false);
  });
});

test("a detector is told from others by its files and by the way they are run, not by their order", () => {
  const [a, b] = [
    { name: "a.onnx", sha256: "1".repeat(64) },
    { name: "b.onnx", sha256: "2".repeat(64) },
  ];
  const digest = detectorDigest([a, b]);
  expect(detectorDigest([b, a])).toBe(digest);
  expect(detectorDigest([a, b], 1)).toBe(digest);
  expect(detectorDigest([a, b], 2)).not.toBe(digest);
  expect(detectorDigest([a, { ...b, sha256: a.sha256 }])).not.toBe(digest);
  expect(detectorDigest([a, { ...b, name: "c.onnx" }])).not.toBe(digest);
});

describe("a fusion", () => {
  const second = { model: { ...model, sha256: "9".repeat(64), output: "b", dimension: 192 }, feed };
  const fused = fusionOf("a+b", [PIPELINE, second]);

  test("is one network with the numbers of all, and is told from each of them", () => {
    expect(fused.model).toMatchObject({
      id: "a+b",
      dimension: model.dimension + 192,
      output: `${model.output}+b`,
    });
    expect(pipelineDifference({ ...PIPELINE, ...fused }, PIPELINE)?.level).toBe("vectors");
    expect(PipelineSchema.safeParse({ ...PIPELINE, ...fused }).success).toBe(true);
  });

  test.each([
    ["the other order", [second, PIPELINE]],
    ["another file", [PIPELINE, { ...second, model: { ...second.model, sha256: "8".repeat(64) } }]],
    ["another feed of the second", [PIPELINE, { ...second, feed: { ...feed, channels: "BGR" as const } }]],
    ["another output of the second", [PIPELINE, { ...second, model: { ...second.model, output: "c" } }]],
  ])("with %s is another one", (_, networks) => {
    expect(fusionOf("a+b", networks).model.sha256).not.toBe(fused.model.sha256);
  });

  test("of the same networks under other names is the same one", () => {
    const named = fusionOf("mine", [PIPELINE, { ...second, model: { ...second.model, id: "file.onnx" } }]);
    expect(named.model.sha256).toBe(fused.model.sha256);
  });
});
