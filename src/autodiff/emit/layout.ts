/** Order of a tensor's elements in memory. */
export type Layout =
  /** Row-major in its own shape. */
  | "rows"
  /** Maps [N, C, H, W] as [N, C / b, H, W, b]: onnxruntime's NCHWc. */
  | "channels"
  /** Dense kernels [O, I, kh, kw] as [O / b, I / b, kh, kw, b of I, b of O]. */
  | "kernels"
  /** Kernels over fewer channels than a block, or one alone: [O / b, I, kh, kw, b of O]. */
  | "thin-kernels";

/** A value in a graph: the name of its tensor, and how that lies in memory. */
export interface Placed {
  readonly name: string;
  readonly layout: Layout;
}

/** The sizes and the order of axes that bring a row-major tensor into a layout; the result is read row-major. */
export function blocking(
  layout: Layout,
  shape: readonly number[],
  block: number,
): { readonly split: readonly number[]; readonly order: readonly number[] } {
  const [a = 1, b = 1, h = 1, w = 1] = shape;
  switch (layout) {
    case "rows":
      return { split: shape, order: [...shape.keys()] };
    case "channels":
      return { split: [a, b / block, block, h, w], order: [0, 1, 3, 4, 2] };
    case "kernels":
      return { split: [a / block, block, b / block, block, h, w], order: [0, 2, 4, 5, 3, 1] };
    case "thin-kernels":
      return { split: [a / block, block, b, h, w], order: [0, 2, 3, 4, 1] };
  }
}

/** A row-major tensor brought into a layout, or back from it. */
export function relayout(
  values: Float32Array,
  shape: readonly number[],
  layout: Layout,
  block: number,
  direction: "into" | "back",
): Float32Array {
  if (layout === "rows") return values;
  const { split, order } = blocking(layout, shape, block);
  const steps = new Array<number>(split.length).fill(1);
  for (let axis = split.length - 2; axis >= 0; axis--) steps[axis] = steps[axis + 1]! * split[axis + 1]!;
  const sizes = order.map((axis) => split[axis]!);
  const strides = order.map((axis) => steps[axis]!);
  const out = new Float32Array(values.length);
  const index = new Array<number>(sizes.length).fill(0);
  let place = 0;
  for (let at = 0; at < values.length; at++) {
    if (direction === "into") out[at] = values[place]!;
    else out[place] = values[at]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      place += strides[axis]!;
      if (index[axis]! < sizes[axis]!) break;
      place -= strides[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
