import {
  type Camera,
  markLasso,
  markRing,
  type Place,
  type Rgb,
  thumbnailSide,
  toScreen,
  type View,
} from "../../../../src/study/page/plane/index.ts";
import { cssColour } from "./colours.ts";
import type { MapData } from "./map-data.ts";
import type { Thumbnails } from "./thumbnails.ts";

/** A map as it is looked at. */
export interface Scene {
  readonly data: MapData;
  readonly camera: Camera;
  readonly view: View;
  /** Diameter of a point. */
  readonly dot: number;
  readonly chosen: ReadonlySet<number>;
  /** The face that is gone to; −1 for none. */
  readonly focus: number;
  readonly outline: readonly Place[];
  /** Colours of people, by their numbers. */
  readonly colours: ReadonlyMap<number, Rgb>;
  /** The colour of rings. */
  readonly ink: string;
}

/** Side from which on faces are shown as pictures, the most that are shown, and their largest side, in pixels. */
const PICTURED_PX = 26;
const MOST_PICTURES = 160;
const LARGEST_PX = 72;
/** Side of the picture of a face that is gone to, at least. */
const FOCUSED_PX = 44;
/** Rings are drawn around so many chosen faces at most. */
const MOST_RINGS = 3000;

/** Everything that lies above the points: pictures of faces that are near, rings around those that are chosen, the outline. */
export class FaceMarks {
  readonly #context: CanvasRenderingContext2D;
  readonly #thumbnails: Thumbnails;

  constructor(context: CanvasRenderingContext2D, thumbnails: Thumbnails) {
    this.#context = context;
    this.#thumbnails = thumbnails;
  }

  /** Draws over what is there. Returns the side of the pictures; undefined while faces are points. */
  paint(scene: Scene): number | undefined {
    const { data, dot, chosen, focus, colours, ink } = scene;
    const context = this.#context;
    const place = (face: number): Place => placeOf(scene, face);
    const colour = (face: number): string => cssColour(colours.get(data.persons[face]!)!);
    const side = this.#paintPictures(scene, place, colour);
    // Pictures of others are faint, which is enough.
    if (side === undefined && chosen.size <= MOST_RINGS)
      for (const face of chosen) this.#ring(place(face), dot / 2 + 3, ink, 1.5);
    if (focus >= 0) {
      const at = place(focus);
      const picture = this.#thumbnails.picture(data.faces[focus]!);
      const large = Math.max(FOCUSED_PX, side ?? 0);
      if (picture) this.#picture(picture, at, large, colour(focus));
      if (picture) markRing(context, at, large, ink, 2.5);
      else this.#ring(at, dot / 2 + 5, ink, 2.5);
    }
    markLasso(context, scene.outline, ink);
    return side;
  }

  #paintPictures(
    { data, camera, view, chosen }: Scene,
    place: (face: number) => Place,
    colour: (face: number) => string,
  ): number | undefined {
    const { faces, places } = data;
    const side = thumbnailSide(faces.length, view, camera, LARGEST_PX);
    if (side < PICTURED_PX) return undefined;
    const { middle, zoom } = camera;
    const reach = { x: (view.width / 2 + side) / zoom, y: (view.height / 2 + side) / zoom };
    const inSight: number[] = [];
    for (let i = 0; i < faces.length; i++)
      if (
        Math.abs(places[2 * i]! - middle.x) < reach.x &&
        Math.abs(places[2 * i + 1]! - middle.y) < reach.y &&
        inSight.push(i) > MOST_PICTURES
      )
        return undefined;
    this.#thumbnails.want(inSight.map((i) => faces[i]!));
    for (const i of inSight) {
      const picture = this.#thumbnails.picture(faces[i]!);
      if (!picture) continue;
      this.#context.globalAlpha = chosen.size === 0 || chosen.has(i) ? 1 : 0.25;
      this.#picture(picture, place(i), side, colour(i));
    }
    this.#context.globalAlpha = 1;
    return side;
  }

  #picture(picture: CanvasImageSource, { x, y }: Place, side: number, colour: string): void {
    const context = this.#context;
    context.save();
    context.beginPath();
    context.roundRect(x - side / 2, y - side / 2, side, side, side / 6);
    context.clip();
    context.drawImage(picture, x - side / 2, y - side / 2, side, side);
    context.restore();
    context.strokeStyle = colour;
    context.lineWidth = 2.5;
    context.stroke();
  }

  #ring({ x, y }: Place, radius: number, colour: string, width: number): void {
    this.#context.beginPath();
    this.#context.arc(x, y, radius, 0, 2 * Math.PI);
    this.#context.strokeStyle = colour;
    this.#context.lineWidth = width;
    this.#context.stroke();
  }
}

/** A face's place on the screen. */
export function placeOf(
  { data, camera, view }: Pick<Scene, "data" | "camera" | "view">,
  face: number,
): Place {
  return toScreen(camera, view, { x: data.places[2 * face]!, y: data.places[2 * face + 1]! });
}
