import { describe, expect, test } from "vitest";
import { wordsOf } from "../core/index.ts";
import { decodeOnnx } from "./decode.ts";
import { encodeOnnx } from "./encode.ts";
import { expectRunnable, refusalOf } from "./expect-runnable.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { ELEMENT_TYPE, type OnnxModel } from "./model.ts";
import { ProtobufWriter } from "./protobuf.ts";
import { Session } from "./session.ts";

/** A graph of a picture [N, 3, 112, 112] named x; `build` returns the name of its output. */
function graph(
  build: (g: GraphBuilder) => string,
  input: (number | string)[] = ["N", 3, 112, 112],
): OnnxModel {
  const builder = new GraphBuilder();
  builder.input("x", input);
  builder.node("Identity", [build(builder)], {}, "y");
  builder.output("y", undefined);
  return builder.finish({ producer: "test", opset: 17 });
}

/** The model as a file would give it. */
const read = (model: OnnxModel): OnnxModel => decodeOnnx(encodeOnnx(model));

const int64 = (...values: bigint[]) => ({
  elementType: ELEMENT_TYPE.int64,
  dims: [values.length],
  data: new Uint8Array(BigInt64Array.from(values).buffer),
});

describe("a network from a file is held against what networks of faces need before it runs", () => {
  test.each<[string, RegExp, (g: GraphBuilder) => string]>([
    [
      "ConstantOfShape",
      /ConstantOfShape .* of \[40000, 40000\]/,
      (g) => g.node("ConstantOfShape", [g.int([40_000, 40_000])]),
    ],
    [
      "Expand",
      /Expand .* of \[1, 6000, 112, 112\]/,
      (g) =>
        g.node("Expand", [g.node("ReduceMean", ["x"], { axes: [1], keepdims: 1 }), g.int([1, 6_000, 1, 1])]),
    ],
    [
      "Expand of a scalar",
      /Expand .* of \[1000000000\]/,
      (g) => g.node("Expand", [g.scalar(1), g.int([1_000_000_000])]),
    ],
    [
      "Tile",
      /Tile .* of \[1, 3, 112000, 112000\]/,
      (g) => g.node("Tile", ["x", g.int([1, 1, 1_000, 1_000])]),
    ],
    [
      "Range",
      /Range .* of \[10000000000\]/,
      (g) => g.node("Range", [g.int([0], []), g.int([10_000_000_000], []), g.int([1], [])]),
    ],
    [
      "Resize",
      /Resize .* of \[1, 3, 112000, 112000\]/,
      (g) => g.node("Resize", ["x", "", g.float([4], Float32Array.of(1, 1, 1_000, 1_000))]),
    ],
    [
      "Resize to a size",
      /Resize .* of \[1, 3, 99999, 99999\]/,
      (g) => g.node("Resize", ["x", "", "", g.int([1, 3, 99_999, 99_999])]),
    ],
    [
      "Pad",
      /Pad .* of \[1, 3, 112, 100000112\]/,
      (g) => g.node("Pad", ["x", g.int([0, 0, 0, 0, 0, 0, 0, 100_000_000])]),
    ],
    [
      "an outer sum",
      /Add .* of \[100000, 100000\]/,
      (g) => {
        const line = g.node("Range", [g.int([0], []), g.int([100_000], []), g.int([1], [])]);
        return g.node("Add", [
          g.node("Unsqueeze", [line, g.int([0])]),
          g.node("Unsqueeze", [line, g.int([1])]),
        ]);
      },
    ],
    [
      "an outer product",
      /Einsum .* of \[100000, 100000\]/,
      (g) => {
        const line = g.node("ConstantOfShape", [g.int([100_000])]);
        return g.node("Einsum", [line, line], { equation: "i,j->ij" });
      },
    ],
    [
      "one picked very often",
      /Gather .* of \[10000000, 3, 112, 112\]/,
      (g) => g.node("Gather", ["x", g.node("ConstantOfShape", [g.int([10_000_000])])]),
    ],
    [
      "one-hot rows",
      /of \[1000000, 1000000\]/,
      (g) =>
        g.node("OneHot", [
          g.node("ConstantOfShape", [g.int([1_000_000])]),
          g.int([1_000_000], []),
          g.int([0, 1]),
        ]),
    ],
    [
      "a size that is computed",
      /ConstantOfShape .* of \[37632, 37632\]/,
      (g) => {
        const size = g.node("Size", ["x"]);
        const one = g.node("Unsqueeze", [size, g.int([0])]);
        return g.node("ConstantOfShape", [g.node("Concat", [one, one], { axis: 0 })]);
      },
    ],
    [
      "many values that are large together",
      /in all for one picture, got more/,
      (g) => {
        let value = g.node("ConstantOfShape", [g.int([8_192, 8_000])]);
        for (let i = 0; i < 20; i++) value = g.node("Sqrt", [value]);
        return value;
      },
    ],
  ])("%s beyond any network's size is refused, with the node and its shape", (_what, message, build) => {
    const model = read(graph(build));
    expect(() => expectRunnable(model, "m.onnx")).toThrow(message);
    expect(() => expectRunnable(model, "m.onnx")).toThrow(/^m\.onnx: expected values of at most \d+ numbers/);
  });

  test.each(["Loop", "If", "Scan", "SequenceMap"])("%s is control flow and is refused by name", (op) => {
    const model = read(graph((g) => g.node(op, ["x"])));
    expect(wordsOf(refusalOf(model)!)).toMatch(
      new RegExp(`^expected a network without control flow, got ${op} "`),
    );
  });

  test.each<[string, RegExp, (model: OnnxModel) => OnnxModel]>([
    [
      "functions of its own",
      /functions of the file's own/,
      (m) => ({ ...m, opaque: { ...m.opaque, model: [field(25)] } }),
    ],
    [
      "steps of training",
      /steps of training/,
      (m) => ({ ...m, opaque: { ...m.opaque, model: [field(20)] } }),
    ],
    [
      "sparse constants",
      /dense constants, got sparse/,
      (m) => ({ ...m, opaque: { ...m.opaque, graph: [field(15)] } }),
    ],
    ["a graph inside an operation", /got a graph of its own/, (m) => withAttribute(m, 5)],
    ["a sparse tensor in an operation", /got a sparse tensor/, (m) => withAttribute(m, 11)],
  ])("%s: refused in a sentence", (_what, message, change) => {
    expect(wordsOf(refusalOf(read(change(graph(() => "x"))))!)).toMatch(message);
  });

  test("a picture beyond all sizes is refused, a batch of any size is not", () => {
    expect(wordsOf(refusalOf(graph(() => "x", ["N", 3, 100_000, 100_000]))!)).toMatch(
      /input "x" of \[1, 3, 100000, 100000\]/,
    );
    expect(refusalOf(graph(() => "x", [64, 3, 112, 112]))).toBeUndefined();
  });
});

describe("numbers of 64 bits that no double holds", () => {
  const toTheEnd = 2n ** 63n - 1n;

  test("a slice to INT64_MAX, as PyTorch exports it, is read, written and run", async () => {
    const model = graph((g) =>
      g.node("Slice", [
        "x",
        g.tensor(int64(1n)),
        g.tensor(int64(toTheEnd)),
        g.tensor(int64(1n)),
        g.tensor(int64(1n)),
      ]),
    );
    const again = read(read(model));
    expect(refusalOf(again)).toBeUndefined();
    await using session = await Session.open(encodeOnnx(again));
    const data = Float32Array.from({ length: 3 * 112 * 112 }, (_, i) => i);
    const { y } = await session.run({ x: { dims: [1, 3, 112, 112], data } });
    expect([y!.dims, y!.data[0]]).toEqual([[1, 2, 112, 112], 112 * 112]);
  });

  test("spelt out one by one instead of as bytes, they stay as they are", () => {
    const spelt = new ProtobufWriter().int(1, 2).int(2, ELEMENT_TYPE.int64).int(7, toTheEnd).int(7, -5);
    const model = graph((g) => g.node("Shape", ["x"]));
    const initializer = new ProtobufWriter().message(5, spelt.string(8, "t")).finish();
    const file = encodeOnnx({ ...model, opaque: { ...model.opaque, graph: [initializer] } });
    const [tensor] = decodeOnnx(file).initializers;
    expect([...new BigInt64Array(new Uint8Array(tensor!.data).buffer)]).toEqual([toTheEnd, -5n]);
  });

  test("doubles and unsigned numbers that are spelt out are read", () => {
    const words = new Uint8Array(Float64Array.of(0.5, -2).buffer);
    const doubles = new ProtobufWriter()
      .int(1, 2)
      .int(2, ELEMENT_TYPE.float64)
      .bytes(10, words)
      .string(8, "d");
    const unsigned = new ProtobufWriter()
      .int(1, 1)
      .int(2, ELEMENT_TYPE.uint32)
      .int(11, 4_000_000_000)
      .string(8, "u");
    const model = graph((g) => g.node("Shape", ["x"]));
    const parts = [doubles, unsigned].map((tensor) => new ProtobufWriter().message(5, tensor).finish());
    const [d, u] = decodeOnnx(
      encodeOnnx({ ...model, opaque: { ...model.opaque, graph: parts } }),
    ).initializers;
    expect([...new Float64Array(new Uint8Array(d!.data).buffer)]).toEqual([0.5, -2]);
    expect([...new Uint32Array(new Uint8Array(u!.data).buffer)]).toEqual([4_000_000_000]);
  });

  test("in an attribute they are passed on, bit for bit", () => {
    const attribute = new ProtobufWriter().string(1, "ends").int(8, toTheEnd).int(20, 7).finish();
    const model = graph((g) => g.node("Slice", ["x"], { starts: [1], axes: [1] }));
    const [slice, ...rest] = model.nodes;
    const ends = { kind: "opaque", type: 7, encoded: attribute } as const;
    const changed = { ...model, nodes: [{ ...slice!, attributes: { ...slice!.attributes, ends } }, ...rest] };
    const found = read(read(changed)).nodes[0]!.attributes["ends"];
    expect(found?.kind === "opaque" && Buffer.from(found.encoded)).toEqual(Buffer.from(attribute));
    expect(refusalOf(read(changed))).toBeUndefined();
  });
});

/** An encoded field with an empty message in it. */
function field(number: number): Uint8Array {
  return new ProtobufWriter().message(number, new ProtobufWriter()).finish();
}

/** The model with an attribute of a kind on its first operation. */
function withAttribute(model: OnnxModel, type: number): OnnxModel {
  const encoded = new ProtobufWriter().string(1, "body").int(20, type).finish();
  const [first, ...rest] = model.nodes;
  return {
    ...model,
    nodes: [{ ...first!, attributes: { body: { kind: "opaque", type, encoded } } }, ...rest],
  };
}
