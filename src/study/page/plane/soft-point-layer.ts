import type { Camera } from "./camera.ts";
import type { LineColour, Points, Rgb, Sight } from "./points.ts";

/** A disc's pixels around its middle, with how much of each it covers. */
interface Stamp {
  readonly diameter: number;
  /** Pixels that it has on each side of its middle. */
  readonly reach: number;
  readonly dx: Int16Array;
  readonly dy: Int16Array;
  /** From 1 to 255. */
  readonly cover: Uint8Array;
}

/** Opacity, of 256, above which nothing below is seen. */
const HIDES = 250;

/** Opacity, of 255, below which a point is faint: see {@link Points.setColours}. */
const FAINT = 128;

/**
 * Points as `PointLayer` draws them, written into the pixels of a canvas. Where a browser imitates graphics on its processor,
 * a disc of WebGL costs a triangle's way through that imitation; here it costs its pixels.
 */
export class SoftPointLayer implements Points {
  readonly #context: CanvasRenderingContext2D;
  #image: ImageData | undefined;
  #pixels = new Int32Array(0);
  #places = new Float32Array(0);
  #colours = new Uint8Array(0);
  #ends = new Float32Array(0);
  #stamp: Stamp | undefined;
  #hasFaint = false;
  #ground = 0;

  /** @param context of the canvas, everything of which is drawn over */
  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  setGround([red, green, blue]: Rgb): void {
    this.#ground = packed(red, green, blue);
  }

  setPlaces(places: Float32Array): void {
    this.#places = Float32Array.from(places);
  }

  setColours(colours: Uint8Array): void {
    this.#colours = Uint8Array.from(colours);
    this.#hasFaint = colours.some((part, i) => i % 4 === 3 && part < FAINT);
  }

  setLines(ends: Float32Array): void {
    this.#ends = Float32Array.from(ends);
  }

  draw(sight: Sight, sizePx: number, lines: LineColour | undefined): void {
    const { width, height } = this.#context.canvas;
    if (width === 0 || height === 0) return;
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#image = new ImageData(width, height);
      this.#pixels = new Int32Array(this.#image.data.buffer);
    }
    this.#pixels.fill(this.#ground);
    const diameter = sizePx * sight.ratio;
    if (this.#stamp?.diameter !== diameter) this.#stamp = stampOf(diameter);
    this.#drawPoints(sight, this.#stamp, width, height);
    if (lines) this.#drawLines(sight, lines, width, height);
    this.#context.putImageData(this.#image, 0, 0);
  }

  close(): void {
    this.#image = undefined;
    this.#pixels = new Int32Array(0);
  }

  #drawPoints({ camera, ratio }: Sight, stamp: Stamp, width: number, height: number): void {
    const places = this.#places;
    const colours = this.#colours;
    const { scale, left, top } = mapping(camera, ratio, width, height);
    const { reach } = stamp;
    for (const faint of this.#hasFaint ? [true, false] : [false])
      for (let i = 0; 2 * i < places.length; i++) {
        if (this.#hasFaint && colours[4 * i + 3]! < FAINT !== faint) continue;
        const x = Math.floor(places[2 * i]! * scale + left);
        const y = Math.floor(places[2 * i + 1]! * scale + top);
        if (x < -reach || y < -reach || x >= width + reach || y >= height + reach) continue;
        this.#press(stamp, x, y, 4 * i, width, height);
      }
  }

  /** Draws a point whose middle is at a pixel. */
  #press(
    { reach, dx, dy, cover }: Stamp,
    x: number,
    y: number,
    i: number,
    width: number,
    height: number,
  ): void {
    const pixels = this.#pixels;
    const red = this.#colours[i]!;
    const green = this.#colours[i + 1]!;
    const blue = this.#colours[i + 2]!;
    const opacity = this.#colours[i + 3]!;
    const full = packed(red, green, blue);
    const whole = x >= reach && y >= reach && x + reach < width && y + reach < height;
    for (let n = 0; n < cover.length; n++) {
      const column = x + dx[n]!;
      const row = y + dy[n]!;
      if (!whole && (column < 0 || row < 0 || column >= width || row >= height)) continue;
      const place = row * width + column;
      const alpha = (opacity * cover[n]! + 127) >> 8;
      pixels[place] = alpha > HIDES ? full : over(pixels[place]!, red, green, blue, alpha);
    }
  }

  #drawLines(
    { camera, ratio }: Sight,
    [red, green, blue, opacity]: LineColour,
    width: number,
    height: number,
  ): void {
    const pixels = this.#pixels;
    const ends = this.#ends;
    const { scale, left, top } = mapping(camera, ratio, width, height);
    const alpha = Math.round(255 * opacity);
    const [r, g, b] = [red, green, blue].map((part) => Math.round(255 * part)) as [number, number, number];
    for (let i = 0; i < ends.length; i += 4) {
      const from = { x: ends[i]! * scale + left, y: ends[i + 1]! * scale + top };
      const across = ends[i + 2]! * scale + left - from.x;
      const down = ends[i + 3]! * scale + top - from.y;
      const steps = Math.max(1, Math.ceil(Math.max(Math.abs(across), Math.abs(down))));
      const [first, last] = stepsInSight(from, across, down, width, height);
      for (let step = Math.ceil(first * steps); step <= last * steps; step++) {
        const column = Math.floor(from.x + (across * step) / steps);
        const row = Math.floor(from.y + (down * step) / steps);
        if (column < 0 || row < 0 || column >= width || row >= height) continue;
        const place = row * width + column;
        pixels[place] = over(pixels[place]!, r, g, b, alpha);
      }
    }
  }
}

/** The way from the unit square to pixels of the screen. */
function mapping(
  { middle, zoom }: Camera,
  ratio: number,
  width: number,
  height: number,
): { readonly scale: number; readonly left: number; readonly top: number } {
  const scale = zoom * ratio;
  return { scale, left: width / 2 - middle.x * scale, top: height / 2 - middle.y * scale };
}

/** The part of a line, from 0 to 1, outside of which nothing of it is seen. */
function stepsInSight(
  { x, y }: { readonly x: number; readonly y: number },
  across: number,
  down: number,
  width: number,
  height: number,
): readonly [number, number] {
  let [first, last] = [0, 1];
  for (const [from, by, size] of [
    [x, across, width],
    [y, down, height],
  ] as const) {
    if (by === 0) {
      if (from < 0 || from >= size) return [1, 0];
      continue;
    }
    const enters = Math.min(-from / by, (size - from) / by);
    const leaves = Math.max(-from / by, (size - from) / by);
    first = Math.max(first, enters);
    last = Math.min(last, leaves);
  }
  return [first, last];
}

/** A disc of this diameter around the middle of a pixel. */
function stampOf(diameter: number): Stamp {
  const reach = Math.ceil(diameter / 2);
  const found: [number, number, number][] = [];
  for (let y = -reach; y <= reach; y++)
    for (let x = -reach; x <= reach; x++) {
      const cover = Math.min(1, Math.max(0, diameter / 2 - Math.hypot(x, y) + 0.5));
      if (cover > 0.02) found.push([x, y, Math.round(255 * cover)]);
    }
  return {
    diameter,
    reach,
    dx: Int16Array.from(found, ([x]) => x),
    dy: Int16Array.from(found, ([, y]) => y),
    cover: Uint8Array.from(found, ([, , cover]) => cover),
  };
}

/** A pixel as `ImageData` has it on every machine that runs browsers: the lowest byte is red. */
function packed(red: number, green: number, blue: number): number {
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}

/** A colour over a pixel that is there. @param alpha of 256 */
function over(below: number, red: number, green: number, blue: number, alpha: number): number {
  const r = below & 255;
  const g = (below >>> 8) & 255;
  const b = (below >>> 16) & 255;
  return packed(
    r + (((red - r) * alpha) >> 8),
    g + (((green - g) * alpha) >> 8),
    b + (((blue - b) * alpha) >> 8),
  );
}
