import { blankLike, type Crop } from "./crop.ts";

/** Movement of a crop inside its frame. */
export interface Movement {
  /** True if left and right change places. */
  readonly flip: boolean;
  /** In pixels, to the right and down. */
  readonly shiftX: number;
  readonly shiftY: number;
  /** About the middle; above 1 enlarges. */
  readonly scale: number;
}

/** A crop mirrored, shifted and scaled in one pass: bilinear, the border's pixels repeated outside. */
export function moveCrop(crop: Crop, movement: Movement): Crop {
  const { flip, shiftX, shiftY, scale } = movement;
  if (shiftX === 0 && shiftY === 0 && scale === 1) return flip ? mirrored(crop) : crop;
  const { width, height, channels, data } = crop;
  const moved = blankLike(crop);
  const columns = axis(width, shiftX, scale, flip);
  const rows = axis(height, shiftY, scale, false);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const top = rows.before[y]! * width * channels;
    const bottom = rows.after[y]! * width * channels;
    const fy = rows.fraction[y]!;
    for (let x = 0; x < width; x++) {
      const left = columns.before[x]! * channels;
      const right = columns.after[x]! * channels;
      const fx = columns.fraction[x]!;
      for (let c = 0; c < channels; c++) {
        const upper = data[top + left + c]! * (1 - fx) + data[top + right + c]! * fx;
        const lower = data[bottom + left + c]! * (1 - fx) + data[bottom + right + c]! * fx;
        moved.data[at++] = upper * (1 - fy) + lower * fy + 0.5;
      }
    }
  }
  return moved;
}

function mirrored(crop: Crop): Crop {
  const { width, height, channels, data } = crop;
  const out = blankLike(crop);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + (width - 1 - x)) * channels;
      const to = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) out.data[to + c] = data[from + c]!;
    }
  }
  return out;
}

/** For each place along an axis the two pixels it lies between, and how far it is from the first. */
function axis(size: number, shift: number, scale: number, flip: boolean) {
  const before = new Int32Array(size);
  const after = new Int32Array(size);
  const fraction = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const straight = (i + 0.5 - shift - size / 2) / scale + size / 2;
    const place = (flip ? size - straight : straight) - 0.5;
    const floor = Math.floor(place);
    before[i] = Math.min(Math.max(floor, 0), size - 1);
    after[i] = Math.min(Math.max(floor + 1, 0), size - 1);
    fraction[i] = place - floor;
  }
  return { before, after, fraction };
}
