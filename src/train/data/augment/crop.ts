/** A picture in memory while it is changed: rows from the top, the channels of a pixel side by side. */
export interface Crop {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Shapes [height · width · channels] */
  readonly data: Uint8Array;
}

/** A crop of the same size, black. */
export function blankLike({ width, height, channels }: Crop): Crop {
  return { width, height, channels, data: new Uint8Array(width * height * channels) };
}
