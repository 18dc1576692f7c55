import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { ALIGNMENT_VERSION, CROP_VERSION } from "../../align/index.ts";
import { FaceError, internal, reasonOf, throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { encodeJpeg, openPicture, type RgbImage, readImage } from "../../image/index.ts";
import { ModelStore } from "../../models/index.ts";
import { type PeopleFolder, type PersonPhotographs, readPeopleFolder } from "../../photographs/index.ts";
import { type CropOptions, CropPool, type FaceFinderOptions, finderOf } from "../../recognise/index.ts";
import { FileLock } from "../file-lock.ts";
import type { PackEncoding } from "./pack-format.ts";
import { type PackPlace, PackWriter } from "./pack-writer.ts";
import { openPack, type PackedSet } from "./packed-set.ts";

/** Options for packing faces. */
export interface PackOptions extends WorkOptions, CropOptions {
  /** Told of every photograph that was read though something is wrong with it. */
  readonly onWarning?: FaceFinderOptions["onWarning"];
  /**
   * True if the pictures are aligned crops already. `auto` takes those for crops whose sides are both the pack's, and
   * looks for a face in the others. @default "auto"
   */
  readonly aligned?: boolean | "auto" | undefined;
  /**
   * `file` keeps a crop's own file, and others as JPEG of quality 95: a fifth of the space. `raw` keeps pixels, which
   * cost nothing to read. @default "file"
   */
  readonly encoding?: PackEncoding | undefined;
  readonly store?: ModelStore | undefined;
  readonly workers?: number | undefined;
}

/** The pictures that went into a pack, and those that did not. */
export interface PackReport {
  readonly path: string;
  readonly examples: number;
  readonly classes: number;
  /** Pictures taken over from an earlier pack at the same place, or from a run that was interrupted. */
  readonly reused: number;
  readonly noFace: readonly string[];
  readonly failed: readonly FaceError[];
  /** Classes that ended up with one picture, and people of whose pictures none was left. */
  readonly single: readonly string[];
  readonly empty: readonly string[];
  /** The folder of people as it was read, with what was passed over; absent for `train.rec`. */
  readonly folder?: PeopleFolder;
}

const JPEG_QUALITY = 95;
/** Goes into every key: a crop made in another way is another crop. */
const RECIPE = 2;

/** The options that decide which crop a picture gives that is not a crop yet. */
function cropsOf({ store = new ModelStore(), ...options }: PackOptions) {
  const { id: _, ...finder } = finderOf(store, options);
  return { alignment: ALIGNMENT_VERSION, crop: CROP_VERSION, ...finder };
}

/**
 * Packs a folder with a folder for every person into one file of aligned crops.
 *
 * A picture is known by its content and by how it is cut: packing again after pictures were added aligns the new ones
 * only, and a run that was interrupted goes on where it stopped.
 *
 * Throws    FaceError BAD_FILE when there is nothing to pack, STORAGE, ABORTED, and as {@link CropPool.open}
 */
export async function packFolder(
  folder: string,
  out: string,
  options: PackOptions = {},
): Promise<PackReport> {
  const { sizePx = 112, encoding = "file", aligned = "auto" } = options;
  const source = await readPeopleFolder(folder);
  const { people } = source;
  using _lock = FileLock.take(`${out}.lock`, {
    where: out,
    expected: "a pack that nobody writes",
    got: "another process",
  });
  using earlier = openEarlier(out, sizePx, encoding);
  using writer = PackWriter.open(out, [3, sizePx, sizePx], encoding, `folder ${realpathSync(folder)}`);
  const total = people.reduce((sum, { paths }) => sum + paths.length, 0);
  const found = new Map<string, Found>();
  const failed: FaceError[] = [];
  const toAlign = new Map<string, string>();
  const cut = aligned === true ? null : cropsOf(options);
  const style = [RECIPE, sizePx, encoding, aligned, options.face, cut];
  let reused = 0;
  let done = 0;
  const report = (): void => options.onProgress?.({ stage: "align", done: ++done, total });
  for (const path of people.flatMap(({ paths }) => paths)) {
    throwIfAborted(options.signal);
    try {
      const bytes = await readPicture(path);
      const key = createHash("sha256").update(JSON.stringify(style)).update("\0").update(bytes).digest("hex");
      const known = knownCrop(earlier, writer, key);
      if (known !== undefined) {
        reused++;
        found.set(path, { key, known });
      } else {
        const crop = await asCrop(bytes, path, sizePx, aligned);
        if (crop) found.set(path, { key, known: writer.add(key, await encoded(crop, encoding, bytes)) });
        else toAlign.set(path, key);
      }
      if (!toAlign.has(path)) report();
    } catch (thrown) {
      failed.push(asFailure(thrown, path));
      report();
    }
  }
  const noFace: string[] = [];
  if (toAlign.size > 0) {
    await using pool = await CropPool.open(options);
    for await (const result of pool.crops(toAlign.keys(), options)) {
      if (result.kind === "crop") {
        const key = toAlign.get(result.path)!;
        found.set(result.path, { key, known: writer.add(key, await encoded(result.crop, encoding)) });
      } else if (result.kind === "no-face") noFace.push(result.path);
      else failed.push(result.error);
      report();
    }
  }
  const filled = people.filter(({ paths }) => paths.some((path) => found.has(path)));
  if (filled.length === 0) {
    throw new FaceError("BAD_FILE", {
      where: folder,
      expected: "pictures with a face",
      got: `${total} without`,
      note: failed[0]?.message,
      cause: failed[0],
    });
  }
  const examples = filled.flatMap(({ paths }, label) =>
    paths.flatMap((path) => {
      const crop = found.get(path);
      return crop ? [{ ...crop, label }] : [];
    }),
  );
  const classes = filled.map(({ name }) => name);
  if (isSame(earlier, examples, classes)) writer.discard();
  else {
    const placed = examples.map(({ key, known, label }) => {
      const place = typeof known === "number" ? writer.add(key, earlier.pack!.payload(known)) : known;
      return { place, label };
    });
    writer.finish(placed, classes, cut?.alignment);
  }
  const count = ({ paths }: PersonPhotographs): number => paths.filter((path) => found.has(path)).length;
  return {
    path: out,
    examples: examples.length,
    classes: filled.length,
    reused,
    noFace,
    failed,
    single: filled.filter((person) => count(person) === 1).map(({ name }) => name),
    empty: [...source.empty, ...people.filter((person) => count(person) === 0).map(({ name }) => name)],
    folder: source,
  };
}

/** The pack that is at the place already, to take crops from; undefined when there is none that fits. */
function openEarlier(out: string, sizePx: number, encoding: PackEncoding): Earlier {
  let pack: PackedSet | undefined;
  try {
    pack = openPack(out);
  } catch {
    // No pack or a damaged one: everything is made anew.
  }
  const fits = pack?.shape[1] === sizePx && pack.header.encoding === encoding;
  const byKey = new Map<string, number>();
  if (pack && fits) for (let i = 0; i < pack.labels.length; i++) byKey.set(pack.record(i).key, i);
  return { pack, byKey, [Symbol.dispose]: () => pack?.close() };
}

interface Earlier extends Disposable {
  readonly pack: PackedSet | undefined;
  readonly byKey: ReadonlyMap<string, number>;
}

/** A crop that is there already: its place in the file being written, or its number in the earlier pack. */
function knownCrop(
  { pack, byKey }: Earlier,
  writer: PackWriter,
  key: string,
): PackPlace | number | undefined {
  const place = writer.find(key);
  const index = byKey.get(key);
  if (place || !pack || index === undefined) return place;
  try {
    pack.payload(index);
    return index;
  } catch {
    // A damaged picture of the earlier pack is made anew.
    return undefined;
  }
}

/** Tells whether the earlier pack is just what would be written: it stays then, also for whoever reads it at the moment. */
function isSame(
  { pack }: Earlier,
  examples: readonly (Found & { readonly label: number })[],
  classes: readonly string[],
): boolean {
  return (
    pack !== undefined &&
    pack.labels.length === examples.length &&
    JSON.stringify(pack.classes) === JSON.stringify(classes) &&
    examples.every(({ known, label }, i) => known === i && pack.labels[i] === label)
  );
}

/** A picture's crop, and where it is. */
interface Found {
  readonly key: string;
  readonly known: PackPlace | number;
}

/** The picture if it is a crop; undefined when a face has to be looked for in it. */
async function asCrop(
  bytes: Uint8Array,
  path: string,
  sizePx: number,
  aligned: boolean | "auto",
): Promise<RgbImage | undefined> {
  if (aligned === false) return undefined;
  const { width, height } = await openPicture(bytes);
  if (width === sizePx && height === sizePx) return await readImage(bytes, { strict: true });
  if (aligned === "auto") return undefined;
  throw new FaceError("BAD_IMAGE", {
    where: path,
    expected: `an aligned crop of ${sizePx}×${sizePx}`,
    got: `${width}×${height}`,
  });
}

/** The stored form of a crop: its own JPEG file where it has one, else a new one; or its pixels. */
async function encoded(crop: RgbImage, encoding: PackEncoding, file?: Uint8Array): Promise<Uint8Array> {
  if (encoding === "raw") return crop.data;
  const isJpeg = file?.[0] === 0xff && file[1] === 0xd8;
  return isJpeg ? file : await encodeJpeg(crop, JPEG_QUALITY);
}

async function readPicture(path: string): Promise<Uint8Array> {
  return await readFile(path).catch((cause: unknown) => {
    throw new FaceError("BAD_FILE", { where: path, expected: "a readable file", cause });
  });
}

function asFailure(thrown: unknown, path: string): FaceError {
  if (!(thrown instanceof FaceError)) throw internal(`${path}: ${reasonOf(thrown)}`, thrown);
  if (thrown.code === "STORAGE" || thrown.code === "ABORTED") throw thrown;
  return thrown.where === "image" ? thrown.withName(path) : thrown;
}
