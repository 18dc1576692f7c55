const BIN_DEG = 2;
const LAST_DEG = 140;
/** Room that the words on the own class take. */
const LABEL_PX = 130;
const OWN = "#0072b2";
const OTHER = "#d55e00";

/**
 * The distance of digits from the centre of their own class, and from the nearest other: two heaps whose distance is the
 * margin left between classes.
 *
 * Ranges    angles in degrees; heights are shares of the digits
 * Returns   SVG markup of the given size
 */
export function angleHistogram(
  { own, nearest }: { readonly own: Float64Array; readonly nearest: Float64Array },
  width: number,
  height: number,
): string {
  const heaps = [own, nearest].map(sharesOf);
  const tallest = Math.max(...heaps.flatMap((heap) => [...heap]));
  const x = (degrees: number): number => (degrees / LAST_DEG) * width;
  const y = (share: number): number => height - (share / tallest) * (height - 64);
  const outline = (heap: Float64Array): string => {
    const steps = [...heap].map((share, bin) => `V${round(y(share))}H${round(x((bin + 1) * BIN_DEG))}`);
    return `M0 ${height}${steps.join("")}V${height}Z`;
  };
  const [meanOwn, meanNearest] = [mean(own), mean(nearest)];
  const text = (at: number, top: number, words: string, anchor: string): string =>
    `<text class="ink" x="${round(at)}" y="${top}" font-size="12" text-anchor="${anchor}">${words}</text>`;
  const ticks = Array.from({ length: LAST_DEG / 20 + 1 }, (_, i) => 20 * i);
  return [
    `<path d="${outline(heaps[0]!)}" fill="${OWN}" fill-opacity="0.55"/>`,
    `<path d="${outline(heaps[1]!)}" fill="${OTHER}" fill-opacity="0.22" stroke="${OTHER}" stroke-width="1.6" stroke-dasharray="5 3"/>`,
    `<path class="rule" d="M0 ${height}H${width}"/>`,
    ...ticks.map(
      (degrees) =>
        `<path class="rule" d="M${round(x(degrees))} ${height}v4"/><text class="quiet" x="${round(x(degrees))}" y="${height + 17}" font-size="11" text-anchor="${degrees === 0 ? "start" : degrees === LAST_DEG ? "end" : "middle"}">${degrees}°</text>`,
    ),
    `<path d="M${round(x(meanOwn))} 24H${round(x(meanNearest))}m-6 -4l6 4l-6 4M${round(x(meanOwn) + 6)} 20l-6 4l6 4" fill="none" stroke="#808894" stroke-width="1.4"/>`,
    text(x((meanOwn + meanNearest) / 2), 14, `margin ${(meanNearest - meanOwn).toFixed(1)}°`, "middle"),
    text(x(meanOwn), 40, `own class, ${meanOwn.toFixed(1)}°`, "start"),
    text(
      x(meanNearest),
      x(meanNearest) - x(meanOwn) < LABEL_PX ? 56 : 40,
      `nearest other, ${meanNearest.toFixed(1)}°`,
      meanNearest > 90 ? "middle" : "start",
    ),
    `<text class="quiet" x="${width / 2}" y="${height + 34}" font-size="11" text-anchor="middle">angle from a digit's feature to a class centre</text>`,
  ].join("\n");
}

function sharesOf(degrees: Float64Array): Float64Array {
  const heap = new Float64Array(LAST_DEG / BIN_DEG);
  for (const angle of degrees)
    heap[Math.min(heap.length - 1, Math.floor(angle / BIN_DEG))]! += 1 / degrees.length;
  return heap;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const round = (value: number): number => Math.round(value * 10) / 10;
