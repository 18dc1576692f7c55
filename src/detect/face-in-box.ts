import { type Box, FaceError, intersectionOverSmaller, intersectionOverUnion } from "../core/index.ts";
import type { Picture, RgbImage } from "../image/index.ts";
import type { Detection, Detector } from "./detector.ts";
import { type FoundFaces, findFaces, inPhotograph, type LookOptions } from "./find-faces.ts";

/** Boxes that share less of their union are of two faces. */
const LEAST_OVERLAP = 0.15;
/** A box that lies inside a drawn one by more than this is of the face that was meant. */
const INSIDE = 0.7;
/** The height of a face in the pixels that are looked at, at least twice what any network takes. */
const SEEN_PX = 192;
/** The surroundings that are looked at beside the box, in its sides. */
const AROUND = 1;

/**
 * The face in a box that somebody drew: the one that the detector finds there; else one that it finds when it looks there
 * alone, for smaller faces; else the landmarks that its networks see in the box as it is, whatever it shows.
 *
 * Throws    FaceError USAGE for a box outside the photograph, and for a detector that finds nothing and cannot be told where
 *           to look; as {@link findFaces}
 */
export async function faceInBox(
  detector: Detector,
  picture: Picture,
  box: Box<"image">,
  options: LookOptions = {},
): Promise<FoundFaces> {
  const within = clipped(box, picture);
  const found = await findFaces(detector, picture, options);
  const known = meant(found.faces, within);
  if (known) return { faces: [known], image: found.image };
  const { part, halvings } = surroundings(within, picture);
  const image = await picture.region(part, halvings);
  const step = 2 ** halvings;
  const drawn: Box<"raster"> = {
    x: (within.x - part.x) / step,
    y: (within.y - part.y) / step,
    width: within.width / step,
    height: within.height / step,
  };
  const face = await faceIn(detector, image, drawn);
  return { faces: inPhotograph([face], step, step, part.x, part.y), image: found.image };
}

async function faceIn(
  detector: Detector,
  image: RgbImage,
  drawn: Box<"raster">,
): Promise<Detection<"raster">> {
  const minFacePx = Math.max(12, 0.4 * Math.min(drawn.width, drawn.height)) * image.scale;
  const seen = meant(await detector.detect(image, { minFacePx }), drawn);
  if (seen) return seen;
  if (detector.locate) return await detector.locate(image, drawn);
  throw new FaceError("USAGE", {
    where: detector.id,
    expected: "a detector that finds landmarks in a given box",
    got: "one that only finds faces by itself, and finds none there",
    note: "mtcnn-rfb and mtcnn can",
  });
}

/** The face that a box is drawn around: of several the one that it fits best. */
function meant<F extends { readonly box: Box<S> }, S extends "image" | "raster">(
  faces: readonly F[],
  box: Box<S>,
): F | undefined {
  const overlapWith = (face: F): number => intersectionOverUnion(face.box, box);
  return faces
    .filter(
      (face) =>
        overlapWith(face) > LEAST_OVERLAP &&
        (overlapWith(face) > 0.3 || intersectionOverSmaller(face.box, box) > INSIDE),
    )
    .sort((a, b) => overlapWith(b) - overlapWith(a))[0];
}

/** Throws FaceError USAGE. */
function clipped(box: Box<"image">, { width, height }: Picture): Box<"image"> {
  const [x, y] = [Math.max(0, box.x), Math.max(0, box.y)];
  const [right, bottom] = [Math.min(width, box.x + box.width), Math.min(height, box.y + box.height)];
  if (right - x >= 8 && bottom - y >= 8) return { x, y, width: right - x, height: bottom - y };
  throw new FaceError("USAGE", {
    where: "box",
    expected: `at least 8 × 8 pixels of the photograph's ${width} × ${height}`,
    got: "fewer, or none",
  });
}

function surroundings(
  { x, y, width, height }: Box<"image">,
  picture: Picture,
): { readonly part: Box<"image">; readonly halvings: number } {
  const halvings = Math.max(0, Math.floor(Math.log2(Math.max(width, height) / SEEN_PX)));
  const step = 2 ** halvings;
  const from = (at: number): number => Math.max(0, Math.floor(at / step) * step);
  const [left, top] = [from(x - AROUND * width), from(y - AROUND * height)];
  const to = (end: number, most: number): number => Math.min(most, Math.ceil(end / step) * step);
  return {
    part: {
      x: left,
      y: top,
      width: to(x + (1 + AROUND) * width, picture.width) - left,
      height: to(y + (1 + AROUND) * height, picture.height) - top,
    },
    halvings,
  };
}
