import { applyAffine, type Box, type Landmarks, type Point } from "../core/index.ts";
import { MAX_HELD_PIXELS, type Picture, type RgbImage } from "../image/index.ts";
import { type AlignedFace, alignFace, cropToPicture } from "./align-face.ts";

/** A part of a photograph in which a face lies, and the face's landmarks in that part's pixels. */
export interface FacePart {
  readonly image: RgbImage;
  readonly landmarks: Landmarks<"raster">;
}

/** The parts of a photograph that have to be read to cut one face. */
interface Footprint {
  /** In whole pixels, inside the photograph, its corner on the grid. */
  readonly box: Box<"image">;
  /** The number of times that it may be halved before the crop would be enlarged from it. */
  readonly halvings: number;
}

/**
 * Cuts faces out of a photograph that is too large to be held: from its own pixels, as {@link alignFace} would cut
 * them out of the whole. Faces near each other are read at once.
 *
 * Throws    FaceError BAD_IMAGE, SHAPE as {@link alignFace}
 */
export async function cutFaces(
  picture: Picture,
  faces: readonly Landmarks<"image">[],
  sizePx: number,
): Promise<AlignedFace[]> {
  const footprints = faces.map((landmarks) => footprintOf(picture, landmarks, sizePx, 1));
  const crops = new Array<AlignedFace>(faces.length);
  for (const group of groupsOf(footprints, picture.rowsAlong)) {
    const image = await picture.region(group.box, group.halvings);
    for (const i of group.members)
      crops[i] = alignFace(image, within(faces[i]!, group.box, group.halvings), sizePx);
  }
  return crops;
}

/**
 * The part of a photograph around one face, with room to cut it otherwise.
 *
 * @param room how much larger than the crop the part is
 */
export async function facePart(
  picture: Picture,
  landmarks: Landmarks<"image">,
  sizePx: number,
  room = 1.6,
): Promise<FacePart> {
  const { box, halvings } = footprintOf(picture, landmarks, sizePx, room);
  return { image: await picture.region(box, halvings), landmarks: within(landmarks, box, halvings) };
}

function footprintOf(
  picture: Picture,
  landmarks: Landmarks<"image">,
  sizePx: number,
  room: number,
): Footprint {
  const toImage = cropToPicture(landmarks, sizePx);
  const shrink = Math.hypot(toImage.a, toImage.d);
  const halvings = Math.max(0, Math.floor(Math.log2(shrink)));
  const step = 2 ** halvings;
  const over = ((room - 1) / 2) * sizePx;
  const corners = [-over, sizePx + over].flatMap((x) =>
    [-over, sizePx + over].map((y) => applyAffine(toImage, { x, y })),
  );
  // Bilinear sampling looks one pixel of the halved picture beyond its place.
  const xs = corners.flatMap(({ x }) => [x - 2 * step, x + 2 * step]);
  const ys = corners.flatMap(({ y }) => [y - 2 * step, y + 2 * step]);
  const [x, right] = span(xs, picture.width, step);
  const [y, bottom] = span(ys, picture.height, step);
  return { box: { x, y, width: right - x, height: bottom - y }, halvings };
}

/** Parts begin at multiples of this, so that halving a part halves the same pixels as halving the whole. */
const GRID_PX = 64;

/** The whole pixels from the least to the greatest value that lie inside, begun on the grid. */
function span(values: readonly number[], length: number, step: number): readonly [number, number] {
  const grid = Math.max(GRID_PX, step);
  const last = Math.floor((length - 1) / grid) * grid;
  const from = Math.min(Math.max(0, Math.floor(Math.min(...values) / grid) * grid), last);
  const to = Math.min(length, Math.max(from + 1, Math.ceil(Math.max(...values) / step) * step));
  return [from, to];
}

function within(landmarks: Landmarks<"image">, box: Box<"image">, halvings: number): Landmarks<"raster"> {
  const step = 2 ** halvings;
  const moved = landmarks.map(
    ({ x, y }): Point<"raster"> => ({ x: (x - box.x) / step, y: (y - box.y) / step }),
  );
  return moved as unknown as Landmarks<"raster">;
}

interface Group extends Footprint {
  readonly members: readonly number[];
}

/** Footprints that are read at once: neighbours along the file's rows, as long as together they can be held. */
function groupsOf(footprints: readonly Footprint[], rowsAlong: "x" | "y"): Group[] {
  const startOf = ({ box }: Footprint): number => (rowsAlong === "x" ? box.y : box.x);
  const order = footprints.map((_, i) => i).sort((a, b) => startOf(footprints[a]!) - startOf(footprints[b]!));
  const groups: Group[] = [];
  for (const i of order) {
    const footprint = footprints[i]!;
    const last = groups.at(-1);
    const joined = last && union(last.box, footprint.box);
    if (last && joined && joined.width * joined.height <= MAX_HELD_PIXELS) {
      // Read in full, and halved for each face as it needs.
      groups[groups.length - 1] = { box: joined, halvings: 0, members: [...last.members, i] };
    } else groups.push({ ...footprint, members: [i] });
  }
  return groups;
}

function union(a: Box<"image">, b: Box<"image">): Box<"image"> {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const right = Math.max(a.x + a.width, b.x + b.width);
  const bottom = Math.max(a.y + a.height, b.y + b.height);
  return { x, y, width: right - x, height: bottom - y };
}
