import {
  type Camera,
  isInside,
  keyedCamera,
  type LineColour,
  listenForGestures,
  moved,
  type Place,
  PointLayer,
  type Points,
  type Rgb,
  SoftPointLayer,
  type View,
  wholeMap,
  zoomed,
} from "../../../../src/study/page/plane/index.ts";
import { personColour, rgbOf } from "./colours.ts";
import { FaceMarks, placeOf, type Scene } from "./face-marks.ts";
import { isDark } from "./is-dark.ts";
import type { MapData } from "./map-data.ts";
import { Thumbnails } from "./thumbnails.ts";

/** Everything that the map tells the screen around it. */
export interface MapEvents {
  /** Another part of it is seen. */
  readonly looked: () => void;
  /** A face is under the pointer, or was gone to by keyboard; −1 for none. */
  readonly focused: (face: number, place: Place, byKey: boolean) => void;
  /** Faces were chosen, or let go. */
  readonly chosen: (faces: ReadonlySet<number>) => void;
  readonly escaped: () => void;
}

/** More links than this are drawn fainter. */
const MANY_LINKS = 300;
/** Opacity of faces that were not asked for. */
const FAINT = 40;

/** A gallery's map on two canvases: points below by WebGL, marks and pictures above; on one where WebGL would be imitated. Draws at most once a frame. */
export class FaceMap {
  readonly #points: HTMLCanvasElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #layer: Points;
  readonly #context: CanvasRenderingContext2D;
  readonly #events: MapEvents;
  readonly #gone = new AbortController();
  readonly #thumbnails: Thumbnails;
  readonly #marks: FaceMarks;
  #data: MapData | undefined;
  #camera: Camera = wholeMap({ width: 1, height: 1 });
  #view: View = { width: 1, height: 1 };
  #ratio = 1;
  #colours: ReadonlyMap<number, Rgb> = new Map();
  #asked = false;
  #isStale = true;
  #ink = "";
  #alarm: LineColour = [0, 0, 0, 1];
  #outline: readonly Place[] = [];
  #focus = -1;
  /** The map is moved by dragging, or drawn an outline on. */
  lasso = false;
  links = true;
  #chosen: ReadonlySet<number> = new Set();

  private constructor(
    points: HTMLCanvasElement,
    marks: HTMLCanvasElement,
    layer: Points,
    context: CanvasRenderingContext2D,
    collection: string,
    events: MapEvents,
  ) {
    this.#points = points;
    this.#canvas = marks;
    this.#layer = layer;
    this.#context = context;
    this.#events = events;
    this.#thumbnails = new Thumbnails(collection, () => this.draw());
    this.#marks = new FaceMarks(context, this.#thumbnails);
    const { signal } = this.#gone;
    const watch = new ResizeObserver(() => this.#resize());
    watch.observe(marks);
    signal.addEventListener("abort", () => watch.disconnect());
    listenForGestures(
      marks,
      {
        camera: () => this.#camera,
        view: () => this.#view,
        look: (camera) => this.look(camera),
        draws: () => this.lasso,
        outline: (places) => {
          this.#outline = places;
          this.draw();
        },
        outlined: (places) => this.#close(places),
        over: (place) => this.#over(place),
        clicked: (place) => this.#toggle(this.#faceAt(place)),
        dragging: (now) => marks.classList.toggle("dragging", now),
      },
      signal,
    );
    marks.addEventListener("keydown", (event) => this.#keyed(event), { signal });
    this.#resize();
  }

  /** A map on two canvases of one place. The one for points is hidden where they are drawn on the other. */
  static on(
    points: HTMLCanvasElement,
    marks: HTMLCanvasElement,
    collection: string,
    events: MapEvents,
  ): FaceMap {
    const graphics = PointLayer.on(points);
    points.hidden = graphics === undefined;
    const context = marks.getContext("2d", { alpha: graphics !== undefined })!;
    return new FaceMap(points, marks, graphics ?? new SoftPointLayer(context), context, collection, events);
  }

  close(): void {
    this.#gone.abort();
    this.#layer.close();
  }

  get camera(): Camera {
    return this.#camera;
  }

  get view(): View {
    return this.#view;
  }

  /** Shows another map, or the same after a change. */
  show(data: MapData): void {
    this.#data = data;
    this.#focus = -1;
    this.#layer.setPlaces(data.places);
    this.colour();
  }

  /** Chosen faces; all others are faint while there are any. */
  choose(faces: ReadonlySet<number>): void {
    this.#chosen = faces;
    this.colour();
  }

  /** Colours the faces anew, after a change of the page's scheme, too. */
  colour(): void {
    const data = this.#data;
    this.#isStale = true;
    if (!data) return;
    this.#colours = new Map(
      [...data.people.values()].map(({ id, rank }) => [id, personColour(rank, isDark.value)]),
    );
    const colours = new Uint8Array(4 * data.faces.length);
    for (const [i, person] of data.persons.entries()) {
      colours.set(this.#colours.get(person)!, 4 * i);
      colours[4 * i + 3] = this.#chosen.size === 0 || this.#chosen.has(i) ? 255 : FAINT;
    }
    this.#layer.setColours(colours);
    const shown = data.links.filter(({ a }) => this.#chosen.size === 0 || this.#chosen.has(a));
    this.#layer.setLines(
      new Float32Array(
        shown.flatMap(({ a, b }) =>
          [a, b].flatMap((face) => [...data.places.subarray(2 * face, 2 * face + 2)]),
        ),
      ),
    );
    this.draw();
  }

  /** Looks at another part of the map. */
  look(camera: Camera): void {
    this.#camera = camera;
    this.#setFocus(-1);
    this.draw();
    this.#events.looked();
  }

  closer(factor: number): void {
    const { width, height } = this.#view;
    this.look(zoomed(this.#camera, this.#view, factor, { x: width / 2, y: height / 2 }));
  }

  whole(): void {
    this.look(wholeMap(this.#view));
  }

  /** Looks at these faces from as near as shows them all. */
  lookAt(faces: Iterable<number>): void {
    const { places } = this.#data!;
    let [left, right, top, bottom] = [1, 0, 1, 0];
    for (const face of faces) {
      left = Math.min(left, places[2 * face]!);
      right = Math.max(right, places[2 * face]!);
      top = Math.min(top, places[2 * face + 1]!);
      bottom = Math.max(bottom, places[2 * face + 1]!);
    }
    if (left > right) return;
    const whole = wholeMap(this.#view);
    const room = Math.min(12, 0.7 / Math.max(right - left, bottom - top, 0.01));
    const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
    this.look({ middle, zoom: whole.zoom * Math.max(1, room) });
  }

  draw(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      if (!this.#gone.signal.aborted) this.#paint();
    });
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width === 0 || height === 0) return;
    const before = wholeMap(this.#view).zoom;
    this.#view = { width, height };
    this.#ratio = Math.min(2, devicePixelRatio);
    for (const canvas of [this.#points, this.#canvas]) {
      canvas.width = Math.round(width * this.#ratio);
      canvas.height = Math.round(height * this.#ratio);
    }
    this.#context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    this.#camera = { ...this.#camera, zoom: (this.#camera.zoom / before) * wholeMap(this.#view).zoom };
    this.#paint();
  }

  get #scene(): Scene {
    return {
      data: this.#data!,
      camera: this.#camera,
      view: this.#view,
      dot: this.#dot,
      chosen: this.#chosen,
      focus: this.#focus,
      outline: this.#outline,
      colours: this.#colours,
      ink: this.#ink,
    };
  }

  #place(face: number): Place {
    return placeOf({ data: this.#data!, camera: this.#camera, view: this.#view }, face);
  }

  /** Diameter of a point: fewer and nearer ones are larger. */
  get #dot(): number {
    const whole = wholeMap(this.#view).zoom;
    const base = Math.max(
      3,
      Math.min(9, (0.6 * whole) / Math.sqrt(Math.max(1, this.#data?.faces.length ?? 0))),
    );
    return Math.min(14, base * (this.#camera.zoom / whole) ** 0.35);
  }

  #paint(): void {
    const data = this.#data;
    const { width, height } = this.#view;
    const links = data?.links.length ?? 0;
    const sight = { camera: this.#camera, view: this.#view, ratio: this.#ratio };
    if (this.#isStale) this.#readColours(links);
    this.#context.clearRect(0, 0, width, height);
    this.#layer.draw(sight, this.#dot, this.links && links > 0 ? this.#alarm : undefined);
    if (!data) return;
    this.#pictured = this.#marks.paint(this.#scene);
  }

  /** Reads the colours of the page's scheme; of many links each is fainter. */
  #readColours(links: number): void {
    const style = getComputedStyle(this.#canvas);
    const [red, green, blue] = rgbOf(style.stroke);
    this.#ink = style.color;
    this.#alarm = [red / 255, green / 255, blue / 255, links > MANY_LINKS ? 0.35 : 0.75];
    this.#layer.setGround(rgbOf(style.fill));
    this.#isStale = false;
  }

  /** Side of the pictures while faces are shown as such. */
  #pictured: number | undefined;

  /** The face that is seen at a place: the nearest one in reach; −1 for none. */
  #faceAt({ x, y }: Place): number {
    const data = this.#data;
    if (!data) return -1;
    const reach = this.#pictured !== undefined ? this.#pictured / 2 : Math.max(8, this.#dot / 2 + 3);
    let found = -1;
    let least = reach;
    for (let face = 0; face < data.faces.length; face++) {
      const place = this.#place(face);
      const away = Math.max(Math.abs(place.x - x), Math.abs(place.y - y));
      if (away > least) continue;
      least = away;
      found = face;
    }
    return found;
  }

  #over(place: Place | undefined): void {
    const face = place ? this.#faceAt(place) : -1;
    if (face !== this.#focus) this.#setFocus(face);
  }

  #setFocus(face: number, byKey = false): void {
    if (face === this.#focus && !byKey) return;
    this.#focus = face;
    this.#canvas.classList.toggle("over", face >= 0);
    if (face >= 0) this.#thumbnails.want([this.#data!.faces[face]!]);
    this.#events.focused(face, face >= 0 ? this.#place(face) : { x: 0, y: 0 }, byKey);
    this.draw();
  }

  #toggle(face: number): void {
    if (face < 0) return;
    const chosen = new Set(this.#chosen);
    if (!chosen.delete(face)) chosen.add(face);
    this.#events.chosen(chosen);
  }

  #close(outline: readonly Place[]): void {
    this.#outline = [];
    if (outline.length > 2) {
      const chosen = new Set(this.#chosen);
      for (let face = 0; face < this.#data!.faces.length; face++)
        if (isInside(this.#place(face), outline)) chosen.add(face);
      this.#events.chosen(chosen);
    }
    this.draw();
  }

  #keyed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#data) return;
    const camera = keyedCamera(event.key, this.#camera, this.#view);
    const key = event.key.toLowerCase();
    if (camera) this.look(camera);
    else if (key === "0") this.whole();
    else if (key === "n") this.#goTo(1);
    else if (key === "p") this.#goTo(-1);
    else if (key === "s" || key === "enter") this.#toggle(this.#focus);
    else if (key === "escape") this.#events.escaped();
    else return;
    event.preventDefault();
  }

  /** Goes to the next face or the one before, of those that are chosen where there are any. */
  #goTo(step: 1 | -1): void {
    const count = this.#data!.faces.length;
    if (count === 0) return;
    const face = (this.#focus < 0 ? (step > 0 ? 0 : count - 1) : this.#focus + step + count) % count;
    const { x, y } = this.#place(face);
    const { width, height } = this.#view;
    if (x < 20 || y < 20 || x > width - 20 || y > height - 20) {
      this.#camera = moved(this.#camera, width / 2 - x, height / 2 - y);
      this.#events.looked();
    }
    this.#setFocus(face, true);
  }
}
