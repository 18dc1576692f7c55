/** Steps and borders of a convolution's window. */
export interface Window {
  readonly stride: number;
  readonly padding: number;
  readonly groups: number;
}

/** Every size of a convolution: x [n, i, height, width], weight [o, i / groups, kernelHeight, kernelWidth]. */
export interface ConvGeometry extends Window {
  readonly n: number;
  readonly i: number;
  readonly height: number;
  readonly width: number;
  readonly o: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** The sizes that follow from the picture's shape, the weight's and the window. */
export function geometryOf(
  x: readonly number[],
  weight: readonly number[],
  { stride, padding, groups }: Window,
): ConvGeometry {
  const [n = 0, i = 0, height = 0, width = 0] = x;
  const [o = 0, , kernelHeight = 0, kernelWidth = 0] = weight;
  const out = (size: number, kernel: number): number =>
    Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return {
    stride,
    padding,
    groups,
    n,
    i,
    height,
    width,
    o,
    kernelHeight,
    kernelWidth,
    outHeight: out(height, kernelHeight),
    outWidth: out(width, kernelWidth),
  };
}

/** Each channel filtered alone. */
export function isDepthwise({ groups, i, o }: ConvGeometry): boolean {
  return groups === i && i === o && groups > 1;
}

/** Rows and columns that a picture would need behind its last for the window to come out even; negative: too many. */
export function paddingBehind(g: ConvGeometry): readonly [rows: number, columns: number] {
  const behind = (size: number, kernel: number, out: number): number =>
    kernel + g.stride * (out - 1) - size - g.padding;
  return [behind(g.height, g.kernelHeight, g.outHeight), behind(g.width, g.kernelWidth, g.outWidth)];
}

/** Visits every product of a convolution: places in the picture, in the weight and in the result. */
export function eachProduct(g: ConvGeometry, visit: (x: number, weight: number, y: number) => void): void {
  const [inGroup, outGroup] = [g.i / g.groups, g.o / g.groups];
  const taps = g.kernelHeight * g.kernelWidth;
  for (let n = 0; n < g.n; n++)
    for (let o = 0; o < g.o; o++)
      for (let h = 0; h < g.outHeight; h++)
        for (let w = 0; w < g.outWidth; w++) {
          const y = ((n * g.o + o) * g.outHeight + h) * g.outWidth + w;
          for (let i = 0; i < inGroup; i++)
            for (let tap = 0; tap < taps; tap++) {
              const row = h * g.stride + Math.floor(tap / g.kernelWidth) - g.padding;
              const column = w * g.stride + (tap % g.kernelWidth) - g.padding;
              if (row < 0 || row >= g.height || column < 0 || column >= g.width) continue;
              const channel = Math.floor(o / outGroup) * inGroup + i;
              const x = ((n * g.i + channel) * g.height + row) * g.width + column;
              visit(x, (o * inGroup + i) * taps + tap, y);
            }
        }
}
