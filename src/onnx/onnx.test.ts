import { expect, test } from "vitest";
import { disagreement } from "./agreement.ts";
import { decodeOnnx } from "./decode.ts";
import { encodeOnnx } from "./encode.ts";
import { GraphBuilder } from "./graph-builder.ts";
import type { OnnxModel } from "./model.ts";
import { engineInfo, probeProvider } from "./probe.ts";
import { rewritePrelu } from "./rewrite-prelu.ts";
import { Session } from "./session.ts";

/** y = PRelu(Conv(x)) with the given slopes, one a channel. */
function preluNetwork(slopes: readonly number[], slopeDims = [slopes.length, 1, 1]): OnnxModel {
  const graph = new GraphBuilder();
  const channels = slopes.length === 1 ? 4 : slopes.length;
  const x = graph.input("x", ["N", 3, "H", "W"]);
  const weights = Float32Array.from({ length: channels * 3 * 9 }, (_, i) => Math.sin(7 * i));
  const y = graph.node("Conv", [x, graph.float([channels, 3, 3, 3], weights)], {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
  });
  graph.node("PRelu", [y, graph.float(slopeDims, Float32Array.from(slopes))], {}, "y");
  graph.output("y", ["N", channels, "H", "W"]);
  return graph.finish({ producer: "test", opset: 13 });
}

const feeds = {
  x: { dims: [2, 3, 8, 8], data: Float32Array.from({ length: 384 }, (_, i) => Math.cos(3 * i)) },
};

test("a network written and read again is the same value", () => {
  const model = preluNetwork([0.25, -0.5, 8.9, 1]);
  const read = decodeOnnx(encodeOnnx(model));
  expect(read.nodes).toEqual(model.nodes);
  expect(read.inputs).toEqual(model.inputs);
  expect(read.opsets).toEqual({ "": 13 });
  expect(read.initializers.map((t) => [t.name, t.dims, [...t.data]])).toEqual(
    model.initializers.map((t) => [t.name, t.dims, [...t.data]]),
  );
});

test("reading does not depend on the kind of byte array: a Buffer's views are copied when values are taken", () => {
  const bytes = Buffer.from(encodeOnnx(preluNetwork([0.25, -0.5, 8.9, 1])));
  expect(rewritePrelu(decodeOnnx(bytes)).replaced).toBe(1);
});

test("rewriting PReLU changes nothing but the operations, for slopes below 0 and above 1 too", async () => {
  const model = preluNetwork([0.25, -0.5, 8.9, 1, 0]);
  const { model: rewritten, replaced } = rewritePrelu(model);
  expect(replaced).toBe(1);
  expect(rewritten.nodes.map((node) => node.op)).toEqual(["Conv", "Conv", "Relu", "Conv", "Add"]);
  expect(await disagreement(encodeOnnx(model), encodeOnnx(rewritten), feeds)).toBeLessThan(1e-6);
});

test("a slope shared by all channels is left alone", () => {
  const model = preluNetwork([0.25], [1]);
  expect(rewritePrelu(model)).toEqual({ model, replaced: 0 });
});

test("a difference between two networks is seen", async () => {
  const a = encodeOnnx(preluNetwork([0.25, -0.5, 8.9, 1]));
  const b = encodeOnnx(preluNetwork([0.25, -0.5, 8.9, 0.9]));
  expect(await disagreement(a, b, feeds)).toBeGreaterThan(1e-3);
});

test.each([
  ["nothing", new Uint8Array(0), "expected a mod"],
  ["a length beyond the end", Uint8Array.of(0x3a, 0xff, 0xff, 0x03), "at offset 4"],
  ["an endless varint", new Uint8Array(12).fill(0xff), "varint"],
])("%s is refused with the place", (_, bytes, message) => {
  expect(() => decodeOnnx(bytes)).toThrow(message);
});

test("weights in another file are refused: a stranger's model could name any", () => {
  const model = preluNetwork([0.25, -0.5]);
  const bytes = encodeOnnx({ ...model, initializers: [] });
  // GraphProto.initializer { name: "w", data_location: EXTERNAL }
  const initializer = Uint8Array.of(0x2a, 5, 0x42, 1, 0x77, 0x70, 1);
  const graph = decodeOnnx(bytes);
  const withExternal = encodeOnnx({ ...graph, opaque: { ...graph.opaque, graph: [initializer] } });
  expect(() => decodeOnnx(withExternal)).toThrow("the weights");
});

test("a file the engine cannot run is an error of ours", async () => {
  await expect(Session.open(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: "BAD_MODEL" });
});

test("a closed session says so, and closing twice is fine", async () => {
  const session = await Session.open(encodeOnnx(preluNetwork([0.25, -0.5])));
  await session.close();
  await session.close();
  await expect(session.run(feeds)).rejects.toMatchObject({ code: "CLOSED" });
});

test("the CPU provider is there and computes right; a provider that does not exist says why", async () => {
  expect((await engineInfo()).providers).toContain("cpu");
  expect(await probeProvider("cpu")).toBeUndefined();
  expect(await probeProvider("abacus")).toMatch(/abacus|backend/i);
});
