/**
 * The address of a set of examples: a path, or pixels in memory that threads share. Can be posted to a worker.
 */
export type ExampleSource =
  | { readonly kind: "pack"; readonly path: string }
  | { readonly kind: "records"; readonly path: string; readonly sizePx: number }
  | { readonly kind: "pixels"; readonly shape: PictureShape; readonly data: SharedArrayBuffer };

/** [channels, height, width] of one picture; channels is 1 for grey, 3 for RGB. */
export type PictureShape = readonly [channels: number, height: number, width: number];

/** Pictures by number. Whoever opens them closes them. */
export interface Pictures {
  /** [channels, height, width] of every one of them. */
  readonly shape: PictureShape;
  /**
   * One picture's bytes: rows from the top, the channels of a pixel side by side. They may be read, not written.
   *
   * Shapes    result [height · width · channels]
   * Throws    FaceError BAD_FILE, BAD_IMAGE when the file is damaged there
   */
  pixels(index: number): Promise<Uint8Array>;
  /** A second call does nothing. */
  close(): void;
}

/** Labelled pictures: what training draws its batches from. */
export interface ExampleSet extends Pictures {
  readonly source: ExampleSource;
  /** Class of each picture, 0…classes−1. Shapes [examples] */
  readonly labels: Int32Array;
  /** A name for every class; the class's number where the file has none. */
  readonly classes: readonly string[];
  /** Changes with the content: a run is not resumed on other data than it was begun with. */
  readonly fingerprint: string;
  /** `ALIGNMENT_VERSION` by which pictures were cut that were no crops; absent where none was, or nobody knows. */
  readonly alignment?: number | undefined;
}

/** Pictures per class. Shapes labels [examples] · result [classes] */
export function picturesPerClass(labels: Int32Array, classes: number): Uint32Array {
  const counts = new Uint32Array(classes);
  for (const label of labels) counts[label]!++;
  return counts;
}
