import { expect, test, vi } from "vitest";
import { asAlignedFace } from "../align/index.ts";
import { RgbImage } from "../image/index.ts";
import { encodeOnnx, GraphBuilder, Session } from "../onnx/index.ts";
import { Embedder, type EmbedderContract } from "./embedder.ts";

const CONTRACT: EmbedderContract = {
  input: { name: "x", layout: "NCHW", sizePx: 112, channels: "RGB", mean: [0, 0, 0], scale: [1, 1, 1] },
  output: { name: "y", dimension: 3, normalized: false },
};

test.each([
  [NaN, "NaN"],
  [0, "0"],
])("a network whose weights are all %d is named by what it gives", async (weight, length) => {
  const builder = new GraphBuilder();
  const x = builder.input("x", ["N", 3, 112, 112]);
  const means = builder.node("ReduceMean", [x], { axes: [2, 3], keepdims: 0 });
  builder.node("Mul", [means, builder.scalar(weight)], {}, "y");
  builder.output("y", ["N", 3]);
  const session = await Session.open(encodeOnnx(builder.finish({ producer: "test", opset: 17 })));
  const embedder = new Embedder("nan.pth@0123456789ab", CONTRACT, session);
  const crop = asAlignedFace(new RgbImage(112, 112, new Uint8Array(3 * 112 * 112).fill(7)));
  await expect(embedder.embed([crop])).rejects.toMatchObject({
    code: "ZERO_VECTOR",
    message: `nan.pth@0123456789ab: expected a network that gives a finite vector other than zero, got one of length ${length}`,
  });
  await embedder.close();
});

test.each([
  // Red 10, green 20, blue 40, less 2, 4 and 8 and over 2, 4 and 16.
  ["RGB", "NCHW", [4, 4, 2]],
  ["BGR", "NCHW", [19, 4, 0.125]],
  ["RGB", "NHWC", [4, 4, 2]],
  ["BGR", "NHWC", [19, 4, 0.125]],
] as const)(
  "a network that takes %s as %s is fed less the mean and over the scale of each of its channels",
  async (channels, layout, fed) => {
    const builder = new GraphBuilder();
    const shape = layout === "NCHW" ? ["N", 3, 112, 112] : ["N", 112, 112, 3];
    const x = builder.input("x", shape);
    const means = builder.node("ReduceMean", [x], { axes: layout === "NCHW" ? [2, 3] : [1, 2], keepdims: 0 });
    builder.node("Identity", [means], {}, "y");
    builder.output("y", ["N", 3]);
    const session = await Session.open(encodeOnnx(builder.finish({ producer: "test", opset: 17 })));
    const input = { ...CONTRACT.input, layout, channels, mean: [2, 4, 8], scale: [2, 4, 16] } as const;
    const embedder = new Embedder("means", { ...CONTRACT, input }, session);
    const data = Uint8Array.from({ length: 3 * 112 * 112 }, (_, i) => [10, 20, 40][i % 3]!);
    const [face] = await embedder.embedMeasured([asAlignedFace(new RgbImage(112, 112, data))]);
    expect(face!.norm).toBeCloseTo(Math.hypot(...fed), 3);
    expect([...face!.vector]).toEqual(fed.map((value) => expect.closeTo(value / Math.hypot(...fed), 5)));
    await embedder.close();
  },
);

test("with flip the direction is the mean of both, and the norm half of their sum's length", async () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", ["N", 3, 112, 112]);
  // The mean over the columns to the left of the middle, of each channel.
  const left = builder.node("AveragePool", [x], { kernel_shape: [112, 56], strides: [112, 112] });
  builder.node("Flatten", [left], { axis: 1 }, "y");
  builder.output("y", ["N", 3]);
  const session = await Session.open(encodeOnnx(builder.finish({ producer: "test", opset: 17 })));
  const embedder = new Embedder("left", CONTRACT, session);
  // Red and green on the left, blue on the right.
  const data = Uint8Array.from({ length: 3 * 112 * 112 }, (_, i) => {
    const isLeft = Math.floor(i / 3) % 112 < 56;
    return [isLeft ? 30 : 0, isLeft ? 40 : 0, isLeft ? 0 : 120][i % 3]!;
  });
  const crop = asAlignedFace(new RgbImage(112, 112, data));
  const [straight] = await embedder.embedMeasured([crop]);
  expect([...straight!.vector]).toEqual([0.6, 0.8, 0].map((value) => expect.closeTo(value, 6)));
  expect(straight!.norm).toBeCloseTo(50, 4);
  const [both] = await embedder.embedMeasured([crop], { flip: true });
  expect([...both!.vector]).toEqual([30 / 130, 40 / 130, 120 / 130].map((value) => expect.closeTo(value, 6)));
  expect(both!.norm).toBeCloseTo(65, 4);
  await embedder.close();
});

test("no face is no vector, and the network is not run for it", async () => {
  const builder = new GraphBuilder();
  const means = builder.node("ReduceMean", [builder.input("x", ["N", 3, 112, 112])], {
    axes: [2, 3],
    keepdims: 0,
  });
  builder.node("Identity", [means], {}, "y");
  builder.output("y", ["N", 3]);
  const session = await Session.open(encodeOnnx(builder.finish({ producer: "test", opset: 17 })));
  const run = vi.spyOn(session, "run");
  const embedder = new Embedder("means", CONTRACT, session);
  expect(await embedder.embed([])).toEqual([]);
  expect(run).not.toHaveBeenCalled();
  await embedder.close();
});
