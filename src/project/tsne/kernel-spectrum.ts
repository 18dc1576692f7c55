import type { Fft } from "./fft.ts";
import { farKernel } from "./near-field.ts";

/**
 * The far part of the potential 1/(1 + |d|²) as seen by a grid: its transform, ready to be multiplied with that of a density.
 *
 * Between nodes everything is interpolated by splines of degree 5. The division by the splines' own transform, once
 * for spreading and once for gathering, makes the interpolated potential exact at the nodes.
 *
 * Shapes    result [(M/2 + 1) × (M/2 + 1)], the quadrant of non-negative frequencies, even in both; divided by M²
 *
 * @param length M, nodes of the transform a side: at least twice those of the grid, so that nothing wraps around
 * @param spacing distance between nodes
 * @param radius where the near part ends; 0 when there is none
 */
export function kernelSpectrum(fft: Fft, spacing: number, radius: number): Float64Array {
  const length = fft.length;
  const half = length / 2;
  const side = half + 1;
  const rows = new Float64Array(side * side);
  const re = new Float64Array(length);
  const im = new Float64Array(length);
  const square = (n: number): number => (Math.min(n, length - n) * spacing) ** 2;
  // Real even rows have real even transforms, so two of them share one complex transform.
  for (let row = 0; row < side; row += 2) {
    for (let n = 0; n < length; n++) {
      re[n] = farKernel(square(row) + square(n), radius);
      im[n] = row + 1 < side ? farKernel(square(row + 1) + square(n), radius) : 0;
    }
    fft.transform(re, im);
    for (let k = 0; k < side; k++) {
      rows[row * side + k] = re[k]!;
      if (row + 1 < side) rows[(row + 1) * side + k] = im[k]!;
    }
  }
  const spectrum = new Float64Array(side * side);
  const filter = Float64Array.from({ length: side }, (_, k) => {
    const angle = (2 * Math.PI * k) / length;
    return ((66 + 52 * Math.cos(angle) + 2 * Math.cos(2 * angle)) / 120) ** 2;
  });
  for (let column = 0; column < side; column += 2) {
    for (let n = 0; n < length; n++) {
      const row = Math.min(n, length - n);
      re[n] = rows[row * side + column]!;
      im[n] = column + 1 < side ? rows[row * side + column + 1]! : 0;
    }
    fft.transform(re, im);
    for (let k = 0; k < side; k++) {
      const scale = 1 / (length * length * filter[k]!);
      spectrum[k * side + column] = (re[k]! * scale) / filter[column]!;
      if (column + 1 < side) spectrum[k * side + column + 1] = (im[k]! * scale) / filter[column + 1]!;
    }
  }
  return spectrum;
}
