import type { AlignedFace } from "../align/index.ts";
import { FaceError, type UnitVector } from "../core/index.ts";
import type { Detection } from "../detect/index.ts";
import type { FaceQuality } from "./face-quality.ts";

/** A face of a photograph with its embedding. Box and landmarks are in pixels of the upright photograph. */
export interface Face extends Detection<"image"> {
  readonly embedding: UnitVector;
  /** Length of the network's output before it was normalised: larger for clearer pictures, in units of the model. */
  readonly norm?: number;
  /** Pose, sharpness, light, size. Every face of `faces()` has it; faces read from a file or a cache do not. */
  readonly quality?: FaceQuality;
}

/** A face found and cut out, but not embedded. */
export interface FaceCrop extends Detection<"image"> {
  readonly crop: AlignedFace;
}

/**
 * The face of a photograph that is meant when one is expected: by a rule, by its number in the list of faces (from 0, as
 * `detect` prints it), or by a point inside its box, in pixels of the photograph.
 */
export type FaceChoice = FaceRule | number | { readonly x: number; readonly y: number };

/** A rule that picks a face. */
export type FaceRule = "largest" | "central" | "only";

/** The rules there are, the default first. */
export const FACE_RULES: readonly FaceRule[] = ["largest", "central", "only"];

/** The distance from the middle at which a face still counts, as a fraction of the picture's shorter side: its weight there is 1/e. */
const CENTRAL_REACH = 0.25;

/**
 * Picks one face, or none from an empty list.
 *
 * `largest` weighs area by the square of the detector's score, so that a doubtful box (a shirt, a hand) does not win over
 * a face; `central` weighs by nearness to the picture's middle besides, so that a bystander does not win either; `only`
 * demands that there are not several.
 *
 * Throws    FaceError SEVERAL_FACES for `only`, USAGE for a number or a point where there is no face
 *
 * ```ts
 * import { chooseFace, Recognizer } from "arcface-ts";
 *
 * await using recognizer = await Recognizer.open();
 * const photograph = await recognizer.faces("family.jpg");
 * const face = chooseFace(photograph.faces, "central", photograph);
 * console.log(face?.box ?? "nobody");
 * ```
 */
export function chooseFace<F extends Detection<"image">>(
  faces: readonly F[],
  choice: FaceChoice,
  picture: { readonly width: number; readonly height: number },
): F | undefined {
  if (faces.length === 0) return undefined;
  if (typeof choice === "number") return numbered(faces, choice);
  if (typeof choice === "object") return at(faces, choice);
  if (choice === "only" && faces.length > 1) {
    throw new FaceError("SEVERAL_FACES", {
      where: "face",
      expected: "one face",
      got: faces.length,
      note: 'choose with "largest", "central", a number or a point',
    });
  }
  const certainty = ({ box, score }: F): number => box.width * box.height * score * score;
  const reach = CENTRAL_REACH * Math.min(picture.width, picture.height);
  const centrality = (face: F): number => {
    const dx = face.box.x + face.box.width / 2 - picture.width / 2;
    const dy = face.box.y + face.box.height / 2 - picture.height / 2;
    return certainty(face) * Math.exp(-(dx * dx + dy * dy) / (reach * reach));
  };
  const rank = choice === "central" ? centrality : certainty;
  return faces.reduce((best, face) => (rank(best) >= rank(face) ? best : face));
}

function numbered<F>(faces: readonly F[], number: number): F {
  const face = faces[number];
  if (face !== undefined) return face;
  throw new FaceError("USAGE", {
    where: "face",
    expected: `a number from 0 to ${faces.length - 1}, as "detect" prints them`,
    got: number,
  });
}

/** The smallest face that holds a point. */
function at<F extends Detection<"image">>(faces: readonly F[], { x, y }: { x: number; y: number }): F {
  const holding = faces.filter(
    ({ box }) => x >= box.x && y >= box.y && x <= box.x + box.width && y <= box.y + box.height,
  );
  if (holding.length > 0)
    return holding.reduce((a, b) => (a.box.width * a.box.height <= b.box.width * b.box.height ? a : b));
  throw new FaceError("USAGE", {
    where: "face",
    expected: "a point inside a face",
    got: `${x}, ${y}`,
    note: '"detect" prints where faces are',
  });
}
