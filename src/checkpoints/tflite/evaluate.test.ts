import { expect, test } from "vitest";
import { evaluateTflite } from "./evaluate.ts";
import type { TfliteModel, TfliteOperator, TfliteTensor } from "./model.ts";

/** A network of one operation whose constants follow its input. */
function run(
  operator: object,
  shape: readonly number[],
  values: readonly number[],
  constants: readonly (readonly [readonly number[], readonly number[]])[] = [],
  outputShape: readonly number[] = [],
) {
  const tensors: TfliteTensor[] = [
    { name: "x", shape, data: undefined },
    ...constants.map(([dims, data], i) => ({ name: `c${i}`, shape: dims, data: Float32Array.from(data) })),
    { name: "y", shape: outputShape, data: undefined },
  ];
  const model: TfliteModel = {
    tensors,
    inputs: [0],
    outputs: [tensors.length - 1],
    operators: [
      {
        ...operator,
        inputs: tensors.slice(0, -1).map((_, i) => i),
        outputs: [tensors.length - 1],
      } as unknown as TfliteOperator,
    ],
  };
  const { shape: got, data } = evaluateTflite(model, { shape, data: Float32Array.from(values) }).get("y")!;
  return { shape: got, data: [...data] };
}

const counted = (count: number, from = 1): number[] => Array.from({ length: count }, (_, i) => from + i);
const window = { padding: "VALID", stride: [1, 1], dilation: [1, 1], activation: "none" } as const;

test("a convolution adds the products under its window, and the bias", () => {
  // 1 … 12 in rows of four under 2 × 2: 1·1 + 10·2 + 100·5 + 1000·6, then a step to the right and down.
  const filter = [
    [1, 2, 2, 1],
    [1, 10, 100, 1000],
  ] as const;
  const twice = [
    [2, 2, 2, 1],
    [1, 10, 100, 1000, -1, 0, 0, 0],
  ] as const;
  expect(run({ ...window, kind: "CONV_2D" }, [1, 3, 4, 1], counted(12), [filter, [[1], [0.5]]])).toEqual({
    shape: [1, 2, 3, 1],
    data: [6521.5, 7632.5, 8743.5, 10965.5, 12076.5, 13187.5],
  });
  expect(run({ ...window, kind: "CONV_2D", stride: [1, 2] }, [1, 3, 4, 1], counted(12), [twice])).toEqual({
    shape: [1, 2, 2, 2],
    data: [6521, -1, 8743, -3, 10965, -5, 13187, -7],
  });
  expect(run({ ...window, kind: "CONV_2D", dilation: [2, 3] }, [1, 3, 4, 1], counted(12), [filter])).toEqual({
    shape: [1, 1, 1, 1],
    data: [1 + 40 + 900 + 12_000],
  });
});

test("SAME pads more behind than before, and covers every stride", () => {
  const filter = [
    [1, 2, 2, 1],
    [1, 10, 100, 1000],
  ] as const;
  expect(
    run({ ...window, kind: "CONV_2D", padding: "SAME", stride: [2, 2] }, [1, 3, 3, 1], counted(9), [filter]),
  ).toEqual({
    shape: [1, 2, 2, 1],
    data: [5421, 603, 87, 9],
  });
});

test("a depthwise convolution keeps channels apart, several results a channel side by side", () => {
  const filter = [
    [1, 1, 2, 4],
    [1, 2, 3, 4, 10, 20, 30, 40],
  ] as const;
  expect(run({ ...window, kind: "DEPTHWISE_CONV_2D" }, [1, 1, 2, 2], [1, 5, 2, 6], [filter])).toEqual({
    shape: [1, 1, 1, 4],
    data: [21, 42, 195, 260],
  });
});

test("pooling takes the largest under its window, activations cut", () => {
  const pool = { kind: "MAX_POOL_2D", size: [2, 2], stride: [2, 1], padding: "VALID" } as const;
  const values = [-3, -9, 2, -5, -8, 9];
  expect(run({ ...pool, activation: "none" }, [1, 2, 3, 1], values)).toEqual({
    shape: [1, 1, 2, 1],
    data: [-3, 9],
  });
  expect(run({ ...pool, activation: "relu" }, [1, 2, 3, 1], values).data).toEqual([0, 9]);
  expect(run({ ...pool, activation: "relu6" }, [1, 2, 3, 1], values).data).toEqual([0, 6]);
});

test("a pooling window that leaves the picture on any side sees only what lies in it", () => {
  const pool = { kind: "MAX_POOL_2D", size: [3, 3], stride: [1, 1], padding: "SAME", activation: "none" };
  expect(run(pool, [1, 3, 2, 1], [-1, -2, -3, -4, -5, -6])).toEqual({
    shape: [1, 3, 2, 1],
    data: [-1, -1, -1, -1, -3, -3],
  });
});

test("a fully connected layer is a product with the rows of its filter", () => {
  const layer = { kind: "FULLY_CONNECTED", activation: "none" } as const;
  const filter = [
    [2, 3],
    [1, 10, 100, -1, 0, 1],
  ] as const;
  expect(run(layer, [2, 3], counted(6), [filter, [[2], [0.5, -0.5]]])).toEqual({
    shape: [2, 2],
    data: [321.5, 1.5, 654.5, 1.5],
  });
  expect(() => run(layer, [1, 4], counted(4), [filter])).toThrow(
    "tflite: FULLY_CONNECTED: expected [-1, 3], got [1, 4]",
  );
});

test("operations by element broadcast as NumPy does", () => {
  const other = [
    [2, 1],
    [10, 100],
  ] as const;
  const by = (kind: string) => run({ kind, activation: "none" }, [2, 3], counted(6), [other]);
  expect(by("ADD")).toEqual({ shape: [2, 3], data: [11, 12, 13, 104, 105, 106] });
  expect(by("SUB").data).toEqual([-9, -8, -7, -96, -95, -94]);
  expect(by("MUL").data).toEqual([10, 20, 30, 400, 500, 600]);
  expect(by("DIV").data.map((value) => Math.round(1000 * value))).toEqual([100, 200, 300, 40, 50, 60]);
  expect(run({ kind: "PRELU" }, [2, 2], [-2, 4, -6, 0], [[[2], [0.5, 0.25]]]).data).toEqual([-1, 4, -3, 0]);
  expect(() => run({ kind: "ADD", activation: "none" }, [2, 3], counted(6), [[[2], [1, 2]]])).toThrow(
    "expected [2, 3], got [2]",
  );
  expect(run({ kind: "RELU" }, [3], [-1, 0, 2]).data).toEqual([0, 0, 2]);
  expect(run({ kind: "ABS" }, [3], [-1, 0, 2]).data).toEqual([1, 0, 2]);
  expect(run({ kind: "NEG" }, [2], [-1, 2]).data).toEqual([1, -2]);
});

test("folds keep their axes, counted from the end too, and a reshape its elements", () => {
  expect(run({ kind: "SUM" }, [2, 3], counted(6), [[[1], [-1]]])).toEqual({ shape: [2, 1], data: [6, 15] });
  expect(run({ kind: "SUM" }, [2, 3], counted(6), [[[1], [0]]])).toEqual({ shape: [1, 3], data: [5, 7, 9] });
  expect(run({ kind: "REDUCE_MAX" }, [2, 3], [-1, -2, -3, 4, 6, 5], [[[1], [1]]])).toEqual({
    shape: [2, 1],
    data: [-1, 6],
  });
  expect(run({ kind: "RESHAPE" }, [2, 6], counted(12), [], [1, 2, 3])).toEqual({
    shape: [2, 2, 3],
    data: counted(12),
  });
  expect(() => run({ kind: "RESHAPE" }, [2, 6], counted(12), [], [1, 5])).toThrow("tflite: RESHAPE");
});
