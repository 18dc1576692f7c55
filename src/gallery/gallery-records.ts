import type { GalleryStore } from "./store.ts";

const READ = [
  "crop",
  "entry",
  "faces",
  "facesWith",
  "knownPhotographs",
  "latest",
  "links",
  "log",
  "nearest",
  "people",
  "peopleWith",
  "personNamed",
  "stats",
  "vectors",
] as const satisfies readonly (keyof GalleryStore)[];

/** The readable half of a gallery's store: people, faces and changes, page by page. */
export type GalleryRecords = Pick<GalleryStore, (typeof READ)[number] | "address" | "respelled" | "settings">;

/** A store's readable half, through which nothing can be written. */
export function recordsOf(store: GalleryStore): GalleryRecords {
  const methods = READ.map((name) => [
    name,
    (...args: unknown[]) => (store[name] as (...args: unknown[]) => unknown).apply(store, args),
  ]);
  const { address, respelled, settings } = store;
  return Object.freeze({ ...Object.fromEntries(methods), address, respelled, settings }) as GalleryRecords;
}
