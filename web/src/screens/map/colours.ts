import type { Rgb } from "../../../../src/study/page/plane/index.ts";

/** Turns between the hues of one person and the next: no two of a few lie near each other. */
const GOLDEN = 137.508;

/** The colour that stands for the person of this rank, seen on light or dark ground. */
export function personColour(rank: number, dark: boolean): Rgb {
  // Neighbouring ranks differ in lightness, too.
  const step = (rank % 3) - 1;
  return oklch((dark ? 0.76 : 0.56) + 0.06 * step, dark ? 0.13 : 0.15, (30 + rank * GOLDEN) % 360);
}

/**
 * A colour of OKLCH on the screen.
 *
 * Source    https://bottosson.github.io/posts/oklab
 */
function oklch(lightness: number, chroma: number, hueDeg: number): Rgb {
  const hue = (hueDeg * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const shown = (linear: number): number => {
    const held = Math.min(1, Math.max(0, linear));
    return Math.round(255 * (held <= 0.0031308 ? 12.92 * held : 1.055 * held ** (1 / 2.4) - 0.055));
  };
  return [
    shown(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    shown(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    shown(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** A colour as style sheets write it. */
export function cssColour([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

let pixel: OffscreenCanvasRenderingContext2D | undefined;

/** A colour of style sheets, however it is written. */
export function rgbOf(colour: string): Rgb {
  pixel ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })!;
  pixel.fillStyle = colour;
  pixel.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pixel.getImageData(0, 0, 1, 1).data;
  return [red!, green!, blue!];
}
