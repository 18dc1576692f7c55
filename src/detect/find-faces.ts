import {
  type Box,
  intersectionOverSmaller,
  intersectionOverUnion,
  type Landmarks,
  type Point,
} from "../core/index.ts";
import { MAX_HELD_PIXELS, type Picture, type RgbImage } from "../image/index.ts";
import { type Detection, type DetectOptions, type Detector, smallestFaceOf } from "./detector.ts";
import { isSure, lookTurned } from "./look-turned.ts";
import { suppressNonMaxima } from "./non-maximum-suppression.ts";
import { isWholeIn, overlapFor, SHARED_RANGE, tilesOf } from "./tiles.ts";

/** A face this wide in a reduced picture is found and its landmarks placed as well as in the full one, in pixels. */
const SEEN_WELL_PX = 40;
/** Boxes that overlap by more show one face. */
const SAME_FACE = 0.4;
/** A box that lies inside a better one by more than this is a part of that face. */
const PART_OF_FACE = 0.7;
/** A box of the next frame that overlaps the last one less is another face, or the same after a cut. */
const STILL_THE_FACE = 0.3;

/** A photograph's faces; with its pixels where all of them are held anyway. */
export interface FoundFaces {
  /** By falling score. */
  readonly faces: readonly Detection<"image">[];
  /** The whole photograph, not reduced; undefined when it is too large to be held. */
  readonly image: RgbImage | undefined;
}

/** The part of a photograph that is looked at at once. */
export interface LookOptions extends DetectOptions {
  /** The longer side of what is looked at at once, and the root of the most pixels. @default 4096 */
  readonly maxSidePx?: number | undefined;
  /**
   * True if faces that lie on a side or upside down are looked for beside upright ones; otherwise only where nothing
   * upright is found for sure. Takes four times as long.
   * @default false
   */
  readonly turned?: boolean | undefined;
}

/**
 * Finds the faces of a photograph of any size, from `minFacePx` in pixels of the photograph on.
 *
 * A photograph that can be held is looked at as it is. A larger one is looked at reduced, and, when faces are wanted
 * that are too small there, in overlapping tiles of its own pixels too; a face that several show is one face. Where
 * nothing is found for sure, it is looked at lying on each side and upside down, and of two faces at one place the surer counts.
 *
 * Throws    FaceError BAD_IMAGE, and what `detector` throws
 */
export async function findFaces(
  detector: Detector,
  picture: Picture,
  options: LookOptions = {},
): Promise<FoundFaces> {
  const side = heldSide(options);
  const { width, height } = picture;
  if (width * height <= side * side) {
    const image = await picture.whole(Math.max(width, height));
    const upright = await detector.detect(image, options);
    const faces = await withTurned(upright, detector, image, options);
    return { faces: inPhotograph(faces, 1, 1, 0, 0), image };
  }
  const smallest = smallestFaceOf({ width, height }, options);
  const scale = Math.max(width, height) / Math.min(side, Math.max(width, height));
  const seenWell = SEEN_WELL_PX * scale;
  const largest = 1.5 * Math.min(width, height);
  const found: Detection<"image">[] = [];
  if (smallest < seenWell) {
    const largestInTiles = Math.min(SHARED_RANGE * seenWell, largest);
    for (const tile of tilesOf<"image">(picture, side * side, overlapFor(largestInTiles))) {
      const seen = await detector.detect(await picture.region(tile), { minFacePx: smallest });
      const own = inPhotograph(seen, 1, 1, tile.x, tile.y);
      found.push(...own.filter(({ box }) => isWholeIn(box, tile, picture, largestInTiles)));
    }
  }
  if (seenWell <= largest) {
    const overview = await picture.whole(side);
    const [scaleX, scaleY] = [width / overview.width, height / overview.height];
    const minFacePx = Math.max(smallest, seenWell);
    const seen = inPhotograph(await detector.detect(overview, { minFacePx }), scaleX, scaleY, 0, 0);
    found.push(...seen);
  }
  const faces = withoutRepeats(found);
  if (faces.some((face) => isSure(face, detector)) && !options.turned) return { faces, image: undefined };
  // Turned faces are looked for in the reduced photograph alone.
  const overview = await picture.whole(side);
  const turned = await lookTurned(detector, overview, { minFacePx: Math.max(smallest, seenWell) });
  const others = inPhotograph(turned, width / overview.width, height / overview.height, 0, 0);
  return {
    faces: suppressNonMaxima([...faces, ...others], SAME_FACE, intersectionOverUnion),
    image: undefined,
  };
}

/**
 * Finds a face of the frame before in the next one of a video: what {@link findFaces} finds of it there, without looking at
 * the rest of the frame. Undefined where it is not surely there, where the frame is too large to be looked at as it is, and
 * with a detector that has no such way.
 */
export async function findFaceAgain(
  detector: Detector,
  image: RgbImage,
  last: Box<"image">,
  options: LookOptions = {},
): Promise<Detection<"image"> | undefined> {
  if (!detector.detectAgain || options.turned || image.width * image.height > heldSide(options) ** 2)
    return undefined;
  const seen = await detector.detectAgain(image, last as unknown as Box<"raster">, options);
  const faces = inPhotograph(
    seen.filter((face) => isSure(face, detector)),
    1,
    1,
    0,
    0,
  );
  const overlaps = faces.map(({ box }) => intersectionOverUnion(box, last));
  const most = Math.max(...overlaps);
  return most >= STILL_THE_FACE ? faces[overlaps.indexOf(most)] : undefined;
}

/** The side of the square with as many pixels as are looked at at once. */
function heldSide({ maxSidePx }: LookOptions): number {
  return Math.min(maxSidePx ?? Number.POSITIVE_INFINITY, Math.sqrt(MAX_HELD_PIXELS));
}

/** Faces with those that are turned, where these are wanted or nothing else is there; of two at one place the surer. */
async function withTurned(
  upright: readonly Detection<"raster">[],
  detector: Detector,
  image: RgbImage,
  options: LookOptions,
): Promise<Detection<"raster">[]> {
  if (upright.some((face) => isSure(face, detector)) && !options.turned) return [...upright];
  const turned = await lookTurned(detector, image, options);
  return suppressNonMaxima([...upright, ...turned], SAME_FACE, intersectionOverUnion);
}

/** One of each face by falling score; of a face seen several times the first, which is the one of most pixels. */
function withoutRepeats(found: readonly Detection<"image">[]): Detection<"image">[] {
  const kept: Detection<"image">[] = [];
  for (const face of found) {
    if (!kept.some((known) => intersectionOverUnion(known.box, face.box) > SAME_FACE)) kept.push(face);
  }
  return suppressNonMaxima(kept, PART_OF_FACE, intersectionOverSmaller);
}

/** Faces of a part of a photograph, which may be reduced, in the photograph's own pixels. */
export function inPhotograph(
  found: readonly Detection<"raster">[],
  scaleX: number,
  scaleY: number,
  x: number,
  y: number,
): Detection<"image">[] {
  return found.map(({ box, score, landmarks }) => ({
    box: {
      x: box.x * scaleX + x,
      y: box.y * scaleY + y,
      width: box.width * scaleX,
      height: box.height * scaleY,
    },
    score,
    landmarks: landmarks.map(
      (point): Point<"image"> => ({ x: point.x * scaleX + x, y: point.y * scaleY + y }),
    ) as unknown as Landmarks<"image">,
  }));
}
