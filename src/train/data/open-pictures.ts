import type { ExampleSource, Pictures } from "./example-set.ts";
import { openPack } from "./packed-set.ts";
import { sharedPictures } from "./pixel-set.ts";
import { openRecordPictures } from "./record-set.ts";

/** Opens the pictures of a set again, in another thread. Throws as the set's own opening does. */
export function openPictures(source: ExampleSource): Pictures {
  switch (source.kind) {
    case "pack":
      return openPack(source.path);
    case "records":
      return openRecordPictures(source.path, source.sizePx);
    case "pixels":
      return sharedPictures(source.shape, source.data);
    default:
      return source satisfies never;
  }
}
