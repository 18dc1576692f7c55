import type { AlignedFace } from "../align/index.ts";
import { FaceError, type UnitVector } from "../core/index.ts";
import type { Detection } from "../detect/index.ts";

/** A face of a photograph with its embedding. Box and landmarks are in pixels of the upright photograph. */
export interface Face extends Detection<"image"> {
  readonly embedding: UnitVector;
  /** Length of the network's output before it was normalised: larger for clearer pictures, in units of the model. */
  readonly norm?: number;
}

/** A face found and cut out, but not embedded. */
export interface FaceCrop extends Detection<"image"> {
  readonly crop: AlignedFace;
}

/** Which face of a photograph is meant when one is expected. */
export type FaceChoice = "largest" | "central" | "only";

/** The choices there are, the default first. */
export const FACE_CHOICES: readonly FaceChoice[] = ["largest", "central", "only"];

/**
 * Picks one face, or none from an empty list.
 *
 * @param choice `largest` by area; `central` by distance of the box's centre from the picture's, weighed against
 * area as InsightFace does (area − 2 · distance²); `only` demands that there are not several
 * Throws    FaceError SEVERAL_FACES for `only`
 */
export function chooseFace<F extends Detection<"image">>(
  faces: readonly F[],
  choice: FaceChoice,
  picture: { readonly width: number; readonly height: number },
): F | undefined {
  if (choice === "only" && faces.length > 1) {
    throw new FaceError(
      "SEVERAL_FACES",
      `face: expected one face, got ${faces.length}; choose with "largest" or "central"`,
    );
  }
  const area = ({ box }: F): number => box.width * box.height;
  const centrality = (face: F): number => {
    const dx = face.box.x + face.box.width / 2 - picture.width / 2;
    const dy = face.box.y + face.box.height / 2 - picture.height / 2;
    return area(face) - 2 * (dx * dx + dy * dy);
  };
  const rank = choice === "central" ? centrality : area;
  return faces.reduce<F | undefined>(
    (best, face) => (best && rank(best) >= rank(face) ? best : face),
    undefined,
  );
}
