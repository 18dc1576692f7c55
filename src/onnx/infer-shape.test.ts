import { describe, expect, test } from "vitest";
import { constantsOf } from "./constants.ts";
import { inferShape } from "./infer-shape.ts";
import { computedValues, type KnownValue } from "./known-value.ts";
import type { OnnxAttribute, OnnxModel, OnnxNode } from "./model.ts";

type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

function nodeOf(op: string, attributes: Attributes = {}): OnnxNode {
  const typed = Object.entries(attributes).map(([name, value]): [string, OnnxAttribute] => [
    name,
    typeof value === "number"
      ? { kind: "int", value }
      : typeof value === "string"
        ? { kind: "string", value }
        : { kind: name === "scales" ? "floats" : "ints", value },
  ]);
  return { op, domain: "", name: op, inputs: [], outputs: ["y"], attributes: Object.fromEntries(typed) };
}

/** An input by its shape, or by the numbers it is known to hold. */
const shaped = (...dims: number[]): KnownValue => ({ dims, values: undefined });
const holding = (...values: number[]): KnownValue => ({ dims: [values.length], values });

function shapeOf(op: string, inputs: readonly KnownValue[], attributes?: Attributes) {
  return inferShape(nodeOf(op, attributes), {
    dims: (input) => inputs[input]?.dims,
    values: (input) => inputs[input]?.values,
    all: inputs,
  });
}

describe("the shape of a result", () => {
  test.each<[string, readonly KnownValue[], Attributes, readonly number[] | undefined]>([
    ["Add", [shaped(2, 1, 4), shaped(3, 1)], {}, [2, 3, 4]],
    ["Add", [shaped(2, 3), shaped(4)], {}, undefined],
    ["Relu", [shaped(2, 3)], {}, [2, 3]],
    ["Unheard", [shaped(2, 3)], {}, undefined],
    ["ReduceMean", [shaped(2, 3, 4)], { axes: [-1] }, [2, 3, 1]],
    ["ReduceMean", [shaped(2, 3, 4), holding(1)], { keepdims: 0 }, [2, 4]],
    ["ReduceSum", [shaped(2, 3)], { keepdims: 0 }, []],
    ["ArgMax", [shaped(2, 3, 4)], { axis: -1 }, [2, 3, 1]],
    ["ArgMax", [shaped(2, 3, 4)], {}, [1, 3, 4]],
    ["Conv", [shaped(1, 3, 11, 12), shaped(8, 3, 3, 5)], {}, [1, 8, 9, 8]],
    [
      "Conv",
      [shaped(1, 3, 11, 12), shaped(8, 3, 3, 5)],
      { strides: [2, 3], pads: [1, 2, 1, 2] },
      [1, 8, 6, 4],
    ],
    ["Conv", [shaped(1, 3, 11, 12), shaped(8, 3, 3, 3)], { dilations: [2, 3] }, [1, 8, 7, 6]],
    [
      "Conv",
      [shaped(1, 3, 11, 12), shaped(8, 3, 3, 3)],
      { auto_pad: "SAME_UPPER", strides: [2, 2] },
      [1, 8, 6, 6],
    ],
    ["MaxPool", [shaped(1, 8, 7, 8)], { kernel_shape: [2, 2], strides: [2, 2] }, [1, 8, 3, 4]],
    ["MaxPool", [shaped(1, 8, 7, 8)], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }, [1, 8, 4, 4]],
    [
      "ConvTranspose",
      [shaped(1, 8, 5, 6), shaped(8, 4, 3, 2)],
      { strides: [2, 3], group: 2, output_padding: [1, 0] },
      [1, 8, 12, 17],
    ],
    ["GlobalAveragePool", [shaped(2, 3, 4, 5)], {}, [2, 3, 1, 1]],
    ["Gemm", [shaped(2, 3), shaped(3, 4)], {}, [2, 4]],
    ["Gemm", [shaped(3, 2), shaped(4, 3)], { transA: 1, transB: 1 }, [2, 4]],
    ["MatMul", [shaped(5, 1, 2, 3), shaped(6, 3, 4)], {}, [5, 6, 2, 4]],
    ["MatMul", [shaped(3), shaped(3, 4)], {}, [4]],
    ["Einsum", [shaped(2, 3), shaped(3, 4)], { equation: "ij, jk -> ki" }, [4, 2]],
    ["Flatten", [shaped(2, 3, 4)], {}, [2, 12]],
    ["Flatten", [shaped(2, 3, 4)], { axis: 2 }, [6, 4]],
    ["Reshape", [shaped(2, 3, 4), holding(0, -1)], {}, [2, 12]],
    ["Reshape", [shaped(2, 3, 4)], {}, [24]],
    ["Transpose", [shaped(2, 3, 4)], {}, [4, 3, 2]],
    ["Transpose", [shaped(2, 3, 4)], { perm: [1, 0, 2] }, [3, 2, 4]],
    ["Squeeze", [shaped(1, 3, 1)], {}, [3]],
    ["Squeeze", [shaped(1, 3, 1)], { axes: [-1] }, [1, 3]],
    ["Unsqueeze", [shaped(3, 4), holding(0, -1)], {}, [1, 3, 4, 1]],
    ["Concat", [shaped(2, 3), shaped(2, 4)], { axis: -1 }, [2, 7]],
    ["Concat", [shaped(2, 3), { dims: undefined, values: undefined }], { axis: 1 }, undefined],
    ["Slice", [shaped(10, 8), holding(1), holding(-2), holding(-2)], {}, [7, 8]],
    ["Slice", [shaped(10, 8), holding(9, 0), holding(0, 99), holding(0, 1), holding(-2, 3)], {}, [5, 3]],
    ["Gather", [shaped(2, 3, 4), shaped(5, 6)], { axis: -2 }, [2, 5, 6, 4]],
    ["Expand", [shaped(3, 1), holding(2, 1, 4)], {}, [2, 3, 4]],
    ["Tile", [shaped(2, 3), holding(4, 5)], {}, [8, 15]],
    ["Range", [holding(2), holding(9), holding(3)], {}, [3]],
    ["Range", [holding(9), holding(2), holding(3)], {}, [0]],
    ["Resize", [shaped(1, 3, 4, 5), shaped(0), holding(1, 1, 2, 2.5)], {}, [1, 3, 8, 12]],
    ["Resize", [shaped(1, 3, 4, 5), shaped(0), holding(), holding(1, 3, 9, 9)], {}, [1, 3, 9, 9]],
    ["Resize", [shaped(1, 3, 4, 5), holding(1, 1, 2, 2)], {}, [1, 3, 8, 10]],
    ["Upsample", [shaped(1, 3, 4, 5)], { scales: [1, 1, 3, 3] }, [1, 3, 12, 15]],
    ["Pad", [shaped(2, 3)], { pads: [1, 0, 2, 5] }, [5, 8]],
    ["Pad", [shaped(2, 3), holding(4, -1), shaped(), holding(-1)], {}, [2, 6]],
    ["OneHot", [shaped(2, 3), holding(7)], {}, [2, 3, 7]],
    ["TopK", [shaped(2, 30), holding(7)], {}, [2, 7]],
    ["TopK", [shaped(2, 30), holding(7)], { axis: 0 }, [2, 30]],
    ["Shape", [shaped(2, 3, 4)], {}, [3]],
    ["NonZero", [shaped(2, 3)], {}, [2, 6]],
    ["ConstantOfShape", [holding(2, 5)], {}, [2, 5]],
  ])("%s of %j with %j", (op, inputs, attributes, expected) => {
    expect(shapeOf(op, inputs, attributes)).toEqual(expected);
  });
});

describe("numbers that shapes are computed with", () => {
  test.each<[string, readonly KnownValue[], readonly number[] | undefined]>([
    ["Shape", [shaped(2, 3)], [2, 3]],
    ["Size", [shaped(2, 3)], [6]],
    ["Concat", [holding(1), holding(2, 3)], [1, 2, 3]],
    ["Concat", [holding(1), shaped(2)], undefined],
    ["Gather", [holding(5, 6, 7), holding(-1, 0)], [7, 5]],
    ["ReduceProd", [holding(2, 3, 4)], [24]],
    ["Slice", [holding(5, 6, 7, 8), holding(1), holding(3)], [6, 7]],
    ["Slice", [holding(5, 6, 7, 8), holding(1), holding(3), holding(0), holding(1)], [6, 7]],
    ["Slice", [holding(5, 6, 7, 8), holding(0), holding(4), holding(0), holding(2)], undefined],
    ["Add", [holding(1, 2), holding(3)], [4, 5]],
    ["Sub", [holding(1), holding(3, 5)], [-2, -4]],
    ["Mul", [holding(2, 3), holding(4, 5)], [8, 15]],
    ["Mul", [holding(2, 3), holding(4, 5, 6)], undefined],
    ["Div", [holding(7, -7), holding(2)], [3, -3]],
    ["Div", [holding(7), holding(0.5)], [14]],
    ["Pow", [holding(2), holding(5)], [32]],
    ["Max", [holding(2, 9), holding(5)], [5, 9]],
    ["Min", [holding(2, 9), holding(5)], [2, 5]],
    ["Neg", [holding(2)], [-2]],
    ["ConstantOfShape", [holding(3)], [0, 0, 0]],
    ["Softmax", [holding(3)], undefined],
  ])("%s of %j", (op, inputs, expected) => {
    expect(computedValues(nodeOf(op), inputs)).toEqual(expected);
  });
});

test("constants are initialisers and what Constant nodes hold, each by its name", () => {
  const tensor = (name: string) => ({ name, dims: [1], elementType: 1, data: new Uint8Array(4) });
  const held = tensor("");
  const constant: OnnxNode = {
    ...nodeOf("Constant"),
    outputs: ["two"],
    attributes: { value: { kind: "tensor", value: held } },
  };
  const model = { initializers: [tensor("one")], nodes: [constant, nodeOf("Relu")] } as unknown as OnnxModel;
  const found = constantsOf(model);
  expect([...found.keys()]).toEqual(["one", "two"]);
  expect(found.get("two")).toBe(held);
});
