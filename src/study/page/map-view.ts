import type { Faces } from "./faces.ts";
import {
  type Camera,
  LEGIBLE_PX,
  markLasso,
  markLinks,
  markRing,
  type Place,
  thumbnailSide,
  toScreen,
  type View,
  wholeMap,
} from "./plane/index.ts";
import type { Thumbnails } from "./thumbnails.ts";

/** The contents of the map. */
export interface MapState {
  camera: Camera;
  /** Index of the layout. */
  layout: number;
  /** The person whose faces alone stand out; −1 for everybody. */
  person: number;
  pictures: boolean;
  links: boolean;
  /** The face under the pointer or reached by keyboard; −1 for none. */
  focus: number;
  readonly selection: Set<number>;
  /** The outline being drawn, on the screen. */
  lasso: readonly Place[];
}

const TURN_MS = 450;
const FAINT = 0.13;
/** Side below which a thumbnail is underlined in its colour instead of framed, in pixels. */
const SMALL = 18;
/** The least distance at which a face answers a finger or the pointer, in pixels. */
const REACH = 7;

/** The map on its canvas. Draws at most once a frame, and only when asked to. */
export class MapView {
  readonly canvas: HTMLCanvasElement;
  readonly state: MapState;
  readonly #faces: Faces;
  readonly #thumbnails: Thumbnails;
  readonly #context: CanvasRenderingContext2D;
  /** Places of all faces as they are shown, between two layouts while one turns into the other. */
  #places: { x: Float32Array; y: Float32Array };
  #asked = false;
  #view: View = { width: 1, height: 1 };

  constructor(canvas: HTMLCanvasElement, faces: Faces, thumbnails: Thumbnails) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("internal: report: expected a canvas to draw on");
    this.canvas = canvas;
    this.#faces = faces;
    this.#thumbnails = thumbnails;
    this.#context = context;
    this.#places = placesOf(faces, 0, true);
    this.state = {
      camera: wholeMap(this.#view),
      layout: 0,
      person: -1,
      pictures: true,
      links: true,
      focus: -1,
      selection: new Set(),
      lasso: [],
    };
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
  }

  get view(): View {
    return this.#view;
  }

  /** Position of a face in the view. */
  screenPlace(face: number): Place {
    return toScreen(this.state.camera, this.#view, { x: this.#places.x[face]!, y: this.#places.y[face]! });
  }

  /** Side of a face as it is drawn, in pixels. */
  get side(): number {
    const { pictures, camera } = this.state;
    const side = thumbnailSide(this.#faces.count, this.#view, camera, this.#thumbnails.layout.sidePx);
    return pictures ? side : Math.max(Math.min(9, side), side * 0.45);
  }

  /** The face that is seen at a place of the screen, of several the one whose middle is nearest; −1 for none. */
  faceAt({ x, y }: Place): number {
    const reach = Math.max(REACH, this.side / 2 + 1);
    let nearest = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let face = this.#faces.count - 1; face >= 0; face--) {
      if (!this.isShown(face)) continue;
      const place = this.screenPlace(face);
      const away = Math.max(Math.abs(place.x - x), Math.abs(place.y - y));
      if (away > reach || away >= least) continue;
      nearest = face;
      least = away;
    }
    return nearest;
  }

  /** Tells whether a face stands out: the filter leaves the others as shades that do not answer. */
  isShown(face: number): boolean {
    return this.state.person < 0 || this.#faces.data.person[face] === this.state.person;
  }

  /** Turns the map into another layout, or shows the same with and without pictures. */
  turnTo(layout: number): void {
    this.state.layout = layout;
    const from = this.#places;
    const to = placesOf(this.#faces, layout, this.state.pictures);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.#places = to;
      this.draw();
      return;
    }
    const started = performance.now();
    const step = (now: number): void => {
      const done = Math.min(1, Math.max(0, (now - started) / TURN_MS));
      const eased = done * done * (3 - 2 * done);
      const between = (a: Float32Array, b: Float32Array): Float32Array =>
        a.map((value, i) => value + (b[i]! - value) * eased);
      this.#places = done === 1 ? to : { x: between(from.x, to.x), y: between(from.y, to.y) };
      this.draw();
      if (done < 1 && this.state.layout === layout) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  /** Draws with the next frame. */
  draw(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#paint();
    });
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0) return;
    const before = wholeMap(this.#view).zoom;
    this.#view = { width, height };
    const ratio = Math.min(2, devicePixelRatio);
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { camera } = this.state;
    this.state.camera = { ...camera, zoom: (camera.zoom / before) * wholeMap(this.#view).zoom };
    this.#paint();
  }

  #paint(): void {
    const context = this.#context;
    const { width, height } = this.#view;
    const { focus, lasso, selection } = this.state;
    context.clearRect(0, 0, width, height);
    const side = this.side;
    if (this.state.links) this.#paintLinks(context);
    for (let face = 0; face < this.#faces.count; face++) {
      if (!this.isShown(face)) this.#paintFace(context, face, side);
    }
    for (let face = 0; face < this.#faces.count; face++) {
      if (this.isShown(face)) this.#paintFace(context, face, side);
    }
    const ink = getComputedStyle(this.canvas).color;
    for (const face of selection) markRing(context, this.screenPlace(face), side, ink, 2);
    if (focus >= 0) {
      this.#paintFace(context, focus, Math.max(side, 40));
      markRing(context, this.screenPlace(focus), Math.max(side, 40), ink, 3);
    }
    markLasso(context, lasso, ink);
  }

  #paintFace(context: CanvasRenderingContext2D, face: number, side: number): void {
    const { x, y } = this.screenPlace(face);
    if (x < -side || y < -side || x > this.#view.width + side || y > this.#view.height + side) return;
    context.globalAlpha = this.isShown(face) ? 1 : FAINT;
    const legible = this.state.pictures && side >= LEGIBLE_PX;
    const tile = legible ? this.#thumbnails.tile(face, side) : undefined;
    if (tile) {
      context.drawImage(
        tile.picture,
        tile.x,
        tile.y,
        tile.side,
        tile.side,
        x - side / 2,
        y - side / 2,
        side,
        side,
      );
      if (side > SMALL) {
        context.strokeStyle = this.#faces.hueOf(face);
        context.lineWidth = 2;
        context.strokeRect(x - side / 2, y - side / 2, side, side);
      } else {
        // Thousands of small frames one by one take longer than the pictures: a bar of colour does as well.
        context.fillStyle = this.#faces.hueOf(face);
        context.fillRect(x - side / 2, y + side / 2 - 2, side, 2);
      }
    } else {
      context.fillStyle = this.#faces.hueOf(face);
      context.beginPath();
      outline(context, this.#faces.shapeOf(face), x, y, legible ? side * 0.35 : side / 2);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  #paintLinks(context: CanvasRenderingContext2D): void {
    const { links } = this.#faces.data;
    const pairs: [Place, Place][] = [];
    for (let i = 0; i < links.length; i += 3)
      if (this.isShown(links[i]!)) pairs.push([this.screenPlace(links[i]!), this.screenPlace(links[i + 1]!)]);
    markLinks(context, pairs, links.length / 3, "#e0322b");
  }
}

/** The places of faces: pictures pushed apart until each can be seen, shapes where the map has them. */
function placesOf(faces: Faces, layout: number, pictures: boolean): { x: Float32Array; y: Float32Array } {
  const exact = faces.layout(layout);
  const { x, y } = (pictures ? exact.apart : undefined) ?? exact;
  return { x: Float32Array.from(x), y: Float32Array.from(y) };
}

/** The outline of a person's shape, as in the figures beside the page. */
function outline(context: CanvasRenderingContext2D, shape: string, x: number, y: number, r: number): void {
  const around = (count: number, radius: (i: number) => number): void => {
    for (let i = 0; i < count; i++) {
      const angle = (2 * Math.PI * i) / count - Math.PI / 2;
      context.lineTo(x + radius(i) * Math.cos(angle), y + radius(i) * Math.sin(angle));
    }
    context.closePath();
  };
  if (shape === "square") context.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  else if (shape === "triangle") around(3, () => r * 1.2);
  else if (shape === "diamond") around(4, (i) => (i % 2 === 0 ? r * 1.25 : r * 0.8));
  else if (shape === "star") around(10, (i) => (i % 2 === 0 ? r * 1.35 : r * 0.55));
  else if (shape === "wye") around(6, (i) => (i % 2 === 0 ? r * 0.45 : r * 1.25));
  else if (shape === "cross") {
    context.rect(x - r / 3, y - r, (2 * r) / 3, 2 * r);
    context.rect(x - r, y - r / 3, 2 * r, (2 * r) / 3);
  } else context.arc(x, y, r, 0, 2 * Math.PI);
}
