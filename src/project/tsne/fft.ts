import { internal } from "../../core/index.ts";

/** The radices of a length, larger first; only 2, 3 and 5 occur. */
function radicesOf(length: number): number[] {
  const radices: number[] = [];
  let rest = length;
  for (const radix of [5, 4, 3, 2]) {
    while (rest % radix === 0) {
      radices.push(radix);
      rest /= radix;
    }
  }
  if (rest !== 1) throw internal({ where: "fft", expected: "a length of factors 2, 3 and 5", got: length });
  return radices;
}

/** The smallest multiple of 4 at or above `atLeast` that {@link Fft} can transform. */
export function fastLength(atLeast: number): number {
  for (let length = 4 * Math.max(1, Math.ceil(atLeast / 4)); ; length += 4) {
    let rest = length;
    for (const factor of [2, 3, 5]) while (rest % factor === 0) rest /= factor;
    if (rest === 1) return length;
  }
}

/**
 * Discrete Fourier transforms of one length, X[k] = Σ x[n]·e^(−2πi·kn/N), complex, in place.
 *
 * Real and imaginary parts are separate arrays; the inverse transform, without the division by N, is
 * `transform(im, re)`.
 *
 * Source    Stockham's self-sorting form of the fast Fourier transform, radices 5, 4, 3 and 2
 */
export class Fft {
  readonly length: number;
  readonly #radices: readonly number[];
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  /** @param length of factors 2, 3 and 5; see {@link fastLength} */
  constructor(length: number) {
    this.length = length;
    this.#radices = radicesOf(length);
    this.#cos = Float64Array.from({ length }, (_, k) => Math.cos((-2 * Math.PI * k) / length));
    this.#sin = Float64Array.from({ length }, (_, k) => Math.sin((-2 * Math.PI * k) / length));
    this.#re = new Float64Array(length);
    this.#im = new Float64Array(length);
  }

  /** Shapes    re [N], im [N], overwritten with the transform */
  transform(re: Float64Array, im: Float64Array): void {
    let [xr, xi, yr, yi] = [re, im, this.#re, this.#im];
    let stride = 1;
    for (const radix of this.#radices) {
      const span = this.length / (radix * stride);
      if (radix === 4) pass4(xr, xi, yr, yi, span, stride, this.#cos, this.#sin);
      else if (radix === 2) pass2(xr, xi, yr, yi, span, stride, this.#cos, this.#sin);
      else if (radix === 3) pass3(xr, xi, yr, yi, span, stride, this.#cos, this.#sin);
      else pass5(xr, xi, yr, yi, span, stride, this.#cos, this.#sin);
      [xr, xi, yr, yi] = [yr, yi, xr, xi];
      stride *= radix;
    }
    if (xr !== re) {
      re.set(xr);
      im.set(xi);
    }
  }
}

type Pass = (
  xr: Float64Array,
  xi: Float64Array,
  yr: Float64Array,
  yi: Float64Array,
  span: number,
  stride: number,
  cos: Float64Array,
  sin: Float64Array,
) => void;

const pass2: Pass = (xr, xi, yr, yi, span, stride, cos, sin) => {
  const half = span * stride;
  for (let p = 0; p < span; p++) {
    const wr = cos[p * stride]!;
    const wi = sin[p * stride]!;
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * 2 * p;
      const ar = xr[from]!;
      const ai = xi[from]!;
      const br = xr[from + half]!;
      const bi = xi[from + half]!;
      yr[to] = ar + br;
      yi[to] = ai + bi;
      const dr = ar - br;
      const di = ai - bi;
      yr[to + stride] = dr * wr - di * wi;
      yi[to + stride] = dr * wi + di * wr;
    }
  }
};

const pass3: Pass = (xr, xi, yr, yi, span, stride, cos, sin) => {
  const third = span * stride;
  const S = -Math.sqrt(3) / 2;
  for (let p = 0; p < span; p++) {
    const w1r = cos[p * stride]!;
    const w1i = sin[p * stride]!;
    const w2r = cos[2 * p * stride]!;
    const w2i = sin[2 * p * stride]!;
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * 3 * p;
      const ar = xr[from]!;
      const ai = xi[from]!;
      const br = xr[from + third]!;
      const bi = xi[from + third]!;
      const cr = xr[from + 2 * third]!;
      const ci = xi[from + 2 * third]!;
      const sr = br + cr;
      const si = bi + ci;
      const mr = ar - 0.5 * sr;
      const mi = ai - 0.5 * si;
      // i·S·(b − c)
      const er = -S * (bi - ci);
      const ei = S * (br - cr);
      yr[to] = ar + sr;
      yi[to] = ai + si;
      const ur = mr + er;
      const ui = mi + ei;
      const vr = mr - er;
      const vi = mi - ei;
      yr[to + stride] = ur * w1r - ui * w1i;
      yi[to + stride] = ur * w1i + ui * w1r;
      yr[to + 2 * stride] = vr * w2r - vi * w2i;
      yi[to + 2 * stride] = vr * w2i + vi * w2r;
    }
  }
};

const pass4: Pass = (xr, xi, yr, yi, span, stride, cos, sin) => {
  const quarter = span * stride;
  for (let p = 0; p < span; p++) {
    const w1r = cos[p * stride]!;
    const w1i = sin[p * stride]!;
    const w2r = cos[2 * p * stride]!;
    const w2i = sin[2 * p * stride]!;
    const w3r = cos[3 * p * stride]!;
    const w3i = sin[3 * p * stride]!;
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * 4 * p;
      const ar = xr[from]!;
      const ai = xi[from]!;
      const br = xr[from + quarter]!;
      const bi = xi[from + quarter]!;
      const cr = xr[from + 2 * quarter]!;
      const ci = xi[from + 2 * quarter]!;
      const dr = xr[from + 3 * quarter]!;
      const di = xi[from + 3 * quarter]!;
      const acr = ar + cr;
      const aci = ai + ci;
      const amr = ar - cr;
      const ami = ai - ci;
      const bdr = br + dr;
      const bdi = bi + di;
      // −i·(b − d)
      const bmr = bi - di;
      const bmi = dr - br;
      yr[to] = acr + bdr;
      yi[to] = aci + bdi;
      const ur = amr + bmr;
      const ui = ami + bmi;
      const vr = acr - bdr;
      const vi = aci - bdi;
      const zr = amr - bmr;
      const zi = ami - bmi;
      yr[to + stride] = ur * w1r - ui * w1i;
      yi[to + stride] = ur * w1i + ui * w1r;
      yr[to + 2 * stride] = vr * w2r - vi * w2i;
      yi[to + 2 * stride] = vr * w2i + vi * w2r;
      yr[to + 3 * stride] = zr * w3r - zi * w3i;
      yi[to + 3 * stride] = zr * w3i + zi * w3r;
    }
  }
};

const C1 = Math.cos((2 * Math.PI) / 5);
const C2 = Math.cos((4 * Math.PI) / 5);
const S1 = Math.sin((2 * Math.PI) / 5);
const S2 = Math.sin((4 * Math.PI) / 5);

const pass5: Pass = (xr, xi, yr, yi, span, stride, cos, sin) => {
  const fifth = span * stride;
  for (let p = 0; p < span; p++) {
    const w1r = cos[p * stride]!;
    const w1i = sin[p * stride]!;
    const w2r = cos[2 * p * stride]!;
    const w2i = sin[2 * p * stride]!;
    const w3r = cos[3 * p * stride]!;
    const w3i = sin[3 * p * stride]!;
    const w4r = cos[4 * p * stride]!;
    const w4i = sin[4 * p * stride]!;
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * 5 * p;
      const ar = xr[from]!;
      const ai = xi[from]!;
      const br = xr[from + fifth]!;
      const bi = xi[from + fifth]!;
      const cr = xr[from + 2 * fifth]!;
      const ci = xi[from + 2 * fifth]!;
      const dr = xr[from + 3 * fifth]!;
      const di = xi[from + 3 * fifth]!;
      const er = xr[from + 4 * fifth]!;
      const ei = xi[from + 4 * fifth]!;
      const ber = br + er;
      const bei = bi + ei;
      const bmr = br - er;
      const bmi = bi - ei;
      const cdr = cr + dr;
      const cdi = ci + di;
      const cmr = cr - dr;
      const cmi = ci - di;
      const m1r = ar + C1 * ber + C2 * cdr;
      const m1i = ai + C1 * bei + C2 * cdi;
      const m2r = ar + C2 * ber + C1 * cdr;
      const m2i = ai + C2 * bei + C1 * cdi;
      // −i·(S1·(b − e) + S2·(c − d)) and −i·(S2·(b − e) − S1·(c − d))
      const n1r = S1 * bmi + S2 * cmi;
      const n1i = -(S1 * bmr + S2 * cmr);
      const n2r = S2 * bmi - S1 * cmi;
      const n2i = -(S2 * bmr - S1 * cmr);
      yr[to] = ar + ber + cdr;
      yi[to] = ai + bei + cdi;
      const ur = m1r + n1r;
      const ui = m1i + n1i;
      const vr = m2r + n2r;
      const vi = m2i + n2i;
      const sr = m2r - n2r;
      const si = m2i - n2i;
      const tr = m1r - n1r;
      const ti = m1i - n1i;
      yr[to + stride] = ur * w1r - ui * w1i;
      yi[to + stride] = ur * w1i + ui * w1r;
      yr[to + 2 * stride] = vr * w2r - vi * w2i;
      yi[to + 2 * stride] = vr * w2i + vi * w2r;
      yr[to + 3 * stride] = sr * w3r - si * w3i;
      yi[to + 3 * stride] = sr * w3i + si * w3r;
      yr[to + 4 * stride] = tr * w4r - ti * w4i;
      yi[to + 4 * stride] = tr * w4i + ti * w4r;
    }
  }
};
