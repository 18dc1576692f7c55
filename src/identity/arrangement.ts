import { alignmentTemplate, fitSimilarity } from "../align/index.ts";
import {
  type Affine,
  applyAffine,
  invertAffine,
  type Landmarks,
  type Point,
  type Space,
} from "../core/index.ts";
import type { IdentityProtocol } from "./protocol.ts";

type Arrangement = IdentityProtocol["frame"]["arrangement"];

/** FFHQ's square: half its side is the longer of these multiples, and its middle lies below the eyes. */
const FFHQ = { eyes: 2, mouth: 1.8, below: 0.1 } as const;

/**
 * Map from a protocol's frame to the picture that a face is in.
 *
 * Throws    FaceError SHAPE for landmarks without extent
 */
export function frameToPicture<S extends Space>(
  landmarks: Landmarks<S>,
  arrangement: Arrangement,
  sidePx: number,
): Affine<"crop", S> {
  if (arrangement.kind === "ffhq") return ffhqFrame(landmarks, sidePx);
  const fits = templatesOf(arrangement, sidePx).map((template) => {
    const toFrame = fitSimilarity<S, "crop">(landmarks, template);
    const off = template.reduce((sum, { x, y }, i) => {
      const moved = applyAffine(toFrame, landmarks[i]!);
      return sum + Math.hypot(moved.x - x, moved.y - y);
    }, 0);
    return { toFrame, off };
  });
  const best = fits.reduce((a, b) => (b.off < a.off ? b : a));
  return invertAffine(best.toFrame);
}

/** The templates in a frame's pixels, whose first has its middle at 0.5. */
function templatesOf(
  { templates, shrink = 1 }: Extract<Arrangement, { kind: "template" }>,
  sidePx: number,
): Point<"crop">[][] {
  if (templates === undefined && shrink === 1) return [[...alignmentTemplate(sidePx)]];
  const points = templates ?? [
    alignmentTemplate(112).map(({ x, y }): [number, number] => [x - 0.5, y - 0.5]),
  ];
  const placed = (value: number): number => ((value - 56) * shrink + 56) * (sidePx / 112) + 0.5;
  return points.map((template) => template.map(([x, y]) => ({ x: placed(x), y: placed(y) })));
}

/**
 * The square in which the pictures of FFHQ show a face.
 *
 * Source    the data set's own alignment, as in omertov/encoder4editing, utils/alignment.py (formula). Of 68 landmarks it uses
 *           the means of the eyes and the corners of the mouth, which are four of our five
 */
function ffhqFrame<S extends Space>(landmarks: Landmarks<S>, sidePx: number): Affine<"crop", S> {
  const [left, right, , mouthLeft, mouthRight] = landmarks;
  const eyes = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 };
  const mouth = { x: (mouthLeft.x + mouthRight.x) / 2, y: (mouthLeft.y + mouthRight.y) / 2 };
  const across = { x: right.x - left.x, y: right.y - left.y };
  const down = { x: mouth.x - eyes.x, y: mouth.y - eyes.y };
  const along = { x: across.x + down.y, y: across.y - down.x };
  const half = Math.max(Math.hypot(across.x, across.y) * FFHQ.eyes, Math.hypot(down.x, down.y) * FFHQ.mouth);
  const length = Math.hypot(along.x, along.y);
  const [x, y] = [(along.x / length) * half, (along.y / length) * half];
  const middle = { x: eyes.x + down.x * FFHQ.below, y: eyes.y + down.y * FFHQ.below };
  const step = 2 / sidePx;
  // The frame's x runs along (x, y), its y along (−y, x), from the corner at middle − both.
  return { a: x * step, b: -y * step, c: middle.x - x + y, d: y * step, e: x * step, f: middle.y - y - x };
}
