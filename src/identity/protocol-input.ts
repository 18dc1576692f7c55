import { FaceError } from "../core/index.ts";
import { RgbImage } from "../image/index.ts";
import { cropPlanes, type Planes, planesOf, resizePlanes } from "./planes.ts";
import type { IdentityProtocol } from "./protocol.ts";

/** Pictures of another size than a protocol's frame reach it so, as e4e's and pSp's outputs do. */
const TO_FRAME = { method: "adaptive-average-pool", alignCorners: null } as const;

/**
 * A protocol's frame cropped and resized to what its network sees, before channels are ordered and values normalised.
 *
 * @param frame of the protocol's side, or another square, which is pooled to it
 * Shapes    result [3, side, side], values as of bytes
 * Throws    FaceError SHAPE for a picture that is not square
 */
export function protocolPlanes(
  { frame: { sidePx }, crop, resize }: Pick<IdentityProtocol, "frame" | "crop" | "resize">,
  frame: RgbImage | Planes,
  networkPx: number,
): Planes {
  if (frame.width !== frame.height)
    throw new FaceError("SHAPE", {
      where: "image",
      expected: "a square picture that a face was arranged in",
      got: `${frame.width}×${frame.height}`,
    });
  let planes = frame instanceof RgbImage ? planesOf(frame) : frame;
  const side = sidePx ?? networkPx;
  if (planes.width !== side) planes = resizePlanes(planes, side, side, TO_FRAME);
  if (crop) planes = cropPlanes(planes, crop.rows, crop.columns);
  if (resize) planes = resizePlanes(planes, resize.toPx, resize.toPx, resize);
  if (planes.width === networkPx) return planes;
  throw new FaceError("BAD_CONTRACT", {
    where: "protocol",
    expected: `a network for pictures of ${planes.width}×${planes.height}`,
    got: `one for ${networkPx}×${networkPx}`,
  });
}
