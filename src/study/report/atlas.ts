import { throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { encodeJpeg, openPicture, RgbImage } from "../../image/index.ts";
import { squareAround } from "../../recognise/index.ts";
import type { StudyFace } from "../collect-faces.ts";
import type { AtlasLayout } from "./page-data.ts";

/** Thumbnails of faces, in few large pictures: a browser decodes two of them faster than two thousand small ones. */
export interface Atlas {
  readonly layout: AtlasLayout;
  /** JPEG files. */
  readonly pictures: readonly Uint8Array[];
  /** The packed pictures. */
  readonly tiles: readonly RgbImage[];
}

/** Longest side of an atlas, in pixels: what every browser can hold as one picture. */
const ATLAS_PX = 2048;
/** Pictures decoded at a time; decoding runs beside this thread. */
const AT_A_TIME = 4;

/** Side of the thumbnails for so many faces: fewer can be larger in a page of one size. */
export function thumbnailSide(faces: number): number {
  return faces <= 200 ? 128 : faces <= 600 ? 96 : 64;
}

/** Thumbnails of the faces of a study, in order. */
export async function faceAtlas(faces: readonly StudyFace[], options: WorkOptions = {}): Promise<Atlas> {
  const side = thumbnailSide(faces.length);
  const tiles: RgbImage[] = new Array<RgbImage>(faces.length);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < faces.length) {
      const i = next++;
      throwIfAborted(options.signal);
      tiles[i] = await thumbnailOf(faces[i]!, side);
      options.onProgress?.({ stage: "thumbnails", done: ++done, total: faces.length });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return await packAtlas(tiles, side);
}

/** Tiles of one size as an atlas. */
export async function packAtlas(tiles: readonly RgbImage[], sidePx: number): Promise<Atlas> {
  const columns = Math.floor(ATLAS_PX / sidePx);
  const perAtlas = columns * columns;
  const pictures: Uint8Array[] = [];
  for (let start = 0; start < tiles.length; start += perAtlas) {
    const part = tiles.slice(start, start + perAtlas);
    const height = Math.ceil(part.length / columns) * sidePx;
    const data = new Uint8Array(columns * sidePx * height * 3);
    part.forEach((tile, i) => {
      const left = (i % columns) * sidePx;
      const top = Math.floor(i / columns) * sidePx;
      for (let y = 0; y < sidePx; y++) {
        const row = tile.data.subarray(y * sidePx * 3, (y + 1) * sidePx * 3);
        data.set(row, ((top + y) * columns * sidePx + left) * 3);
      }
    });
    pictures.push(await encodeJpeg(new RgbImage(columns * sidePx, height, data), 82));
  }
  return { layout: { sidePx, columns, perAtlas, atlases: pictures.length }, pictures, tiles };
}

async function thumbnailOf(face: StudyFace, side: number): Promise<RgbImage> {
  return await squareAround(await openPicture(face.path), face.box, side);
}
