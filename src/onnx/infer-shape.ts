import { elementCount } from "../core/index.ts";
import type { KnownValue } from "./known-value.ts";
import type { OnnxNode } from "./model.ts";

type Dims = readonly number[];

/** Known facts about a node's inputs; absent for one that is left out. */
export interface Known {
  dims(input: number): Dims | undefined;
  values(input: number): readonly number[] | undefined;
  readonly all: readonly KnownValue[];
}

/**
 * The shape of a node's first output, where shapes and small constants settle it; undefined where they do not, or where
 * the operation is not in this list. Other outputs of the operations listed are no larger.
 *
 * Source    ONNX's operator specification, operator sets 7 to 22
 */
export function inferShape(node: OnnxNode, known: Known): Dims | undefined {
  const x = known.dims(0);
  const rule = RULES[node.op];
  if (node.domain === "" && rule) return rule(node, known, x);
  return SAME_SHAPE.has(node.op) ? x : undefined;
}

const SAME_SHAPE: ReadonlySet<string> = new Set(
  (
    "Abs BatchNormalization BitwiseNot Cast Ceil Celu Clip Cos CumSum DequantizeLinear Dropout Elu Erf Exp EyeLike Floor " +
    "Gelu GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LRN " +
    "LayerNormalization LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg Not PRelu " +
    "QuantizeLinear RandomNormalLike RandomUniformLike Reciprocal Relu Round ScatterElements ScatterND Selu Shrink " +
    "Sigmoid Sign Sin Softmax Softplus Softsign Sqrt Tan Tanh ThresholdedRelu Trilu"
  ).split(" "),
);

type Rule = (node: OnnxNode, known: Known, x: Dims | undefined) => Dims | undefined;

const broadcastAll: Rule = (_node, { all }) => {
  let out: Dims | undefined = [];
  for (const { dims } of all) out = out && dims && broadcast(out, dims);
  return out;
};

const reduce: Rule = (node, known, x) => {
  const axes = ints(node, "axes") ?? known.values(1);
  const keep = int(node, "keepdims", 1) === 1;
  if (!x) return undefined;
  const gone = new Set((axes ?? x.map((_, i) => i)).map((axis) => (axis < 0 ? axis + x.length : axis)));
  return x.flatMap((dim, axis) => (gone.has(axis) ? (keep ? [1] : []) : [dim]));
};

const pool: Rule = (node, _known, x) => {
  const kernel = ints(node, "kernel_shape");
  return x && kernel && [...x.slice(0, 2), ...windows(node, x.slice(2), kernel)];
};

const shapeAttribute: Rule = (node) => ints(node, "shape");
const shapeInput: Rule = (_node, known) => known.values(0);

const RULES: Readonly<Record<string, Rule>> = Object.assign(Object.create(null) as Record<string, Rule>, {
  ...Object.fromEntries(
    (
      "Add Sub Mul Div Pow Max Min Mean Sum And Or Xor Equal Greater Less GreaterOrEqual LessOrEqual Where Mod BitShift " +
      "BitwiseAnd BitwiseOr BitwiseXor"
    )
      .split(" ")
      .map((op) => [op, broadcastAll]),
  ),
  ...Object.fromEntries(
    (
      "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum " +
      "ReduceSumSquare"
    )
      .split(" ")
      .map((op) => [op, reduce]),
  ),
  AveragePool: pool,
  MaxPool: pool,
  LpPool: pool,
  RandomNormal: shapeAttribute,
  RandomUniform: shapeAttribute,
  ConstantOfShape: shapeInput,
  Conv: (node, known, x) => {
    const weight = known.dims(1);
    return x && weight && [x[0]!, weight[0]!, ...windows(node, x.slice(2), weight.slice(2))];
  },
  ConvTranspose: (node, known, x) => {
    const weight = known.dims(1);
    if (!x || !weight) return undefined;
    const asked = ints(node, "output_shape");
    const strides = ints(node, "strides") ?? [];
    const extra = ints(node, "output_padding") ?? [];
    const maps = x
      .slice(2)
      .map((size, i) => asked?.[i] ?? (size - 1) * (strides[i] ?? 1) + weight[2 + i]! + (extra[i] ?? 0));
    return [x[0]!, weight[1]! * int(node, "group", 1), ...maps];
  },
  GlobalAveragePool: (_node, _known, x) => x?.map((dim, axis) => (axis < 2 ? dim : 1)),
  GlobalMaxPool: (_node, _known, x) => x?.map((dim, axis) => (axis < 2 ? dim : 1)),
  Gemm: (node, known, x) => {
    const y = known.dims(1);
    if (!x || !y) return undefined;
    return [x[int(node, "transA", 0)]!, y[1 - int(node, "transB", 0)]!];
  },
  MatMul: (_node, known, x) => {
    const y = known.dims(1);
    if (!x || !y) return undefined;
    const rows = x.length > 1 ? [x[x.length - 2]!] : [];
    const columns = y.length > 1 ? [y[y.length - 1]!] : [];
    return [...(broadcast(x.slice(0, -2), y.slice(0, -2)) ?? []), ...rows, ...columns];
  },
  Einsum: (node, { all }) => {
    const equation = node.attributes["equation"];
    if (equation?.kind !== "string" || equation.value.includes("...")) return undefined;
    const [left = "", right] = equation.value.replaceAll(" ", "").split("->");
    const sizes = new Map<string, number>();
    for (const [i, term] of left.split(",").entries())
      for (const [axis, letter] of [...term].entries()) {
        const size = all[i]?.dims?.[axis];
        if (size === undefined) return undefined;
        sizes.set(letter, Math.max(size, sizes.get(letter) ?? 0));
      }
    // Without a right side the result has at most every letter.
    return (right === undefined ? [...sizes.keys()] : [...right]).map((letter) => sizes.get(letter) ?? 1);
  },
  Flatten: (node, _known, x) => {
    const axis = int(node, "axis", 1);
    return x && [elementCount(x.slice(0, axis)), elementCount(x.slice(axis))];
  },
  Reshape: (_node, known, x) => {
    const wanted = known.values(1);
    if (!wanted || !x) return x && [elementCount(x)];
    const sizes = wanted.map((size, axis) => (size === 0 ? (x[axis] ?? 1) : size));
    const rest = elementCount(sizes.filter((size) => size > 0));
    return sizes.map((size) => (size < 0 ? Math.floor(elementCount(x) / Math.max(1, rest)) : size));
  },
  Transpose: (node, _known, x) => {
    const order = ints(node, "perm");
    return x && (order ? order.map((axis) => x[axis] ?? 1) : [...x].reverse());
  },
  Squeeze: (node, known, x) => {
    const axes = ints(node, "axes") ?? known.values(1);
    return x?.filter((dim, axis) =>
      axes ? !axes.includes(axis) && !axes.includes(axis - x.length) : dim !== 1,
    );
  },
  Unsqueeze: (node, known, x) => {
    const axes = ints(node, "axes") ?? known.values(1);
    if (!x || !axes) return undefined;
    const rank = x.length + axes.length;
    const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
    const left = [...x];
    return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (left.shift() ?? 1)));
  },
  Concat: (node, { all }) => {
    const [first] = all;
    if (!first?.dims || all.some(({ dims }) => !dims)) return undefined;
    const axis = int(node, "axis", 0);
    const at = axis < 0 ? axis + first.dims.length : axis;
    const total = all.reduce((sum, { dims }) => sum + (dims![at] ?? 0), 0);
    return first.dims.map((dim, i) => (i === at ? total : dim));
  },
  // Parts are no larger than the whole, and what is looked for here is what is too large.
  Split: (_node, _known, x) => x,
  Slice: (node, known, x) => {
    const starts = known.values(1) ?? ints(node, "starts");
    const ends = known.values(2) ?? ints(node, "ends");
    if (!x || !starts || !ends) return x;
    const axes = known.values(3) ?? ints(node, "axes") ?? starts.map((_, i) => i);
    const steps = known.values(4) ?? starts.map(() => 1);
    const out = [...x];
    for (const [i, axis] of axes.entries()) {
      const at = axis < 0 ? axis + x.length : axis;
      const size = x[at] ?? 1;
      const clamp = (place: number): number => Math.min(size, Math.max(0, place < 0 ? place + size : place));
      const step = Math.abs(steps[i] ?? 1) || 1;
      out[at] = Math.ceil(Math.abs(clamp(ends[i]!) - clamp(starts[i]!)) / step);
    }
    return out;
  },
  Gather: (node, known, x) => {
    const indices = known.dims(1);
    if (!x || !indices) return undefined;
    const axis = int(node, "axis", 0);
    const at = axis < 0 ? axis + x.length : axis;
    return [...x.slice(0, at), ...indices, ...x.slice(at + 1)];
  },
  GatherElements: (_node, known) => known.dims(1),
  Expand: (_node, known, x) => {
    const wanted = known.values(1);
    return x && wanted && broadcast(x, wanted);
  },
  Tile: (_node, known, x) => {
    const repeats = known.values(1);
    return x && repeats && x.map((dim, axis) => dim * (repeats[axis] ?? 1));
  },
  Range: (_node, known) => {
    const [start, limit, step] = [known.values(0)?.[0], known.values(1)?.[0], known.values(2)?.[0]];
    if (start === undefined || limit === undefined || !step) return undefined;
    return [Math.max(0, Math.ceil((limit - start) / step))];
  },
  Resize: (node, known, x) => {
    // Operator set 10 has the scales second, later ones the region of interest.
    const scales = known.values(known.all.length === 2 ? 1 : 2);
    return known.values(3) ?? scaled(x, scales?.length ? scales : undefined) ?? ints(node, "sizes");
  },
  Upsample: (node, known, x) => scaled(x, known.values(1) ?? floats(node, "scales")),
  Pad: (node, known, x) => {
    const pads = known.values(1) ?? ints(node, "pads");
    if (!x || !pads) return undefined;
    const axes = known.values(3) ?? x.map((_, i) => i);
    const out = [...x];
    for (const [i, axis] of axes.entries()) {
      const at = axis < 0 ? axis + x.length : axis;
      out[at] = Math.max(0, (out[at] ?? 1) + (pads[i] ?? 0) + (pads[i + axes.length] ?? 0));
    }
    return out;
  },
  OneHot: (_node, known, x) => {
    const depth = known.values(1)?.[0];
    return x && depth !== undefined ? [...x, depth] : undefined;
  },
  TopK: (node, known, x) => {
    const count = known.values(1)?.[0];
    const axis = int(node, "axis", -1);
    return x?.map((dim, i) =>
      i === (axis < 0 ? axis + x.length : axis) ? Math.min(dim, count ?? dim) : dim,
    );
  },
  Shape: (_node, _known, x) => x && [x.length],
  Size: () => [],
  NonZero: (_node, _known, x) => x && [x.length, elementCount(x)],
  ArgMax: (node, known, x) => reduceOne(node, known, x),
  ArgMin: (node, known, x) => reduceOne(node, known, x),
  DepthToSpace: (_node, _known, x) => x,
  SpaceToDepth: (_node, _known, x) => x,
} satisfies Record<string, Rule>);

const reduceOne: Rule = (node, _known, x) => {
  const axis = int(node, "axis", 0);
  return x?.map((dim, i) => (i === (axis < 0 ? axis + x.length : axis) ? 1 : dim));
};

/** Sizes of the maps that a window slides over. */
function windows(node: OnnxNode, maps: Dims, kernel: Dims): number[] {
  const strides = ints(node, "strides") ?? [];
  const pads = ints(node, "pads") ?? [];
  const dilations = ints(node, "dilations") ?? [];
  const auto = node.attributes["auto_pad"];
  const same = auto?.kind === "string" && auto.value.startsWith("SAME");
  return maps.map((size, i) => {
    const stride = Math.max(1, strides[i] ?? 1);
    if (same) return Math.ceil(size / stride);
    const reach = (kernel[i]! - 1) * (dilations[i] ?? 1) + 1;
    const padded = size + (pads[i] ?? 0) + (pads[i + maps.length] ?? 0);
    const steps = (padded - reach) / stride;
    return Math.max(0, (int(node, "ceil_mode", 0) === 1 ? Math.ceil(steps) : Math.floor(steps)) + 1);
  });
}

function scaled(x: Dims | undefined, scales: readonly number[] | undefined): Dims | undefined {
  return x && scales && x.map((dim, axis) => Math.floor(dim * (scales[axis] ?? 1)));
}

/** Numpy's rule; undefined for shapes that do not fit. */
function broadcast(a: Dims, b: Dims): Dims | undefined {
  const rank = Math.max(a.length, b.length);
  const at = (dims: Dims, axis: number): number => dims[dims.length - rank + axis] ?? 1;
  const out = Array.from({ length: rank }, (_, axis) => [at(a, axis), at(b, axis)] as const);
  if (out.some(([p, q]) => p !== q && p !== 1 && q !== 1)) return undefined;
  return out.map(([p, q]) => (p === 1 ? q : p));
}

function int(node: OnnxNode, name: string, otherwise: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === "int" ? attribute.value : otherwise;
}

function ints(node: OnnxNode, name: string): readonly number[] | undefined {
  const attribute = node.attributes[name];
  return attribute?.kind === "ints" ? attribute.value : undefined;
}

function floats(node: OnnxNode, name: string): readonly number[] | undefined {
  const attribute = node.attributes[name];
  return attribute?.kind === "floats" ? attribute.value : undefined;
}
