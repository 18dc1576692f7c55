import type { Box, UnitVector } from "../../core/index.ts";

/** The outcome for one picture: the face that counts, or why there is none. Nothing is dropped. */
export type PictureFace =
  | {
      readonly kind: "face";
      readonly embedding: UnitVector;
      /** Length of the network's output before it was normalised. */
      readonly norm: number;
      /** The detector's; 1 for a picture that came aligned. */
      readonly score: number;
      /** In pixels of the picture; undefined for a picture that came aligned. */
      readonly box?: Box<"image"> | undefined;
    }
  | { readonly kind: "no-face" }
  | { readonly kind: "unreadable"; readonly reason: string };

/** A picture's face and the sha256 of its bytes. */
export interface MeasuredPicture {
  readonly sha256: string;
  readonly face: PictureFace;
}
