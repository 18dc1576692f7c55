import type { Camera, View } from "./camera.ts";

/** The part of a map that is seen, on how many pixels. */
export interface Sight {
  readonly camera: Camera;
  readonly view: View;
  /** Pixels of the screen for each of the view. */
  readonly ratio: number;
}

/** Something that draws points of a map as discs, and lines between them. */
export interface Points {
  /** Sets the colour that everything is drawn on. */
  setGround(colour: Rgb): void;
  /** Sets the points: x and y in the unit square, one point after the other. */
  setPlaces(places: Float32Array): void;
  /** Sets red, green, blue and opacity of each point. Those below one half lie under the others. */
  setColours(colours: Uint8Array): void;
  /** Sets lines over the points: x and y of both ends in the unit square, one line after the other. */
  setLines(ends: Float32Array): void;
  /**
   * Draws everything anew.
   *
   * @param sizePx diameter of a point in pixels of the view
   * @param lines red, green, blue and opacity of the lines from 0 to 1; none are drawn without
   */
  draw(sight: Sight, sizePx: number, lines: LineColour | undefined): void;
  /** Gives the memory back. */
  close(): void;
}

/** Red, green, blue and opacity from 0 to 1. */
export type LineColour = readonly [number, number, number, number];

/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [number, number, number];
