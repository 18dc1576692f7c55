import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { FaceError } from "../../../core/index.ts";
import { Gallery, type GalleryPipeline, isKnown } from "../../../gallery/index.ts";
import { isModelFile } from "../../../models/index.ts";
import type { RecognizerOptions } from "../../../recognise/index.ts";
import type { CliIo } from "../../io.ts";
import { type ModelFlags, openStore, recognizerOptions } from "../../options.ts";

/** Flags that every command of a gallery takes. */
export interface GalleryFlags {
  readonly gallery?: string;
  readonly json?: boolean;
}

/** A command with `--gallery` and `--json`. */
export function galleryFlags(command: Command): Command {
  return command
    .option(
      "--gallery <address>",
      "sqlite:FILE, postgres://… or milvus://…?records=… (default ARCFACE_GALLERY)",
    )
    .option("--json", "print JSON");
}

/** The address that flags or environment name. Throws FaceError USAGE. */
export function addressOf(io: CliIo, flags: GalleryFlags): string {
  const address = flags.gallery ?? io.env["ARCFACE_GALLERY"];
  if (address) return address;
  throw new FaceError("USAGE", {
    where: "--gallery",
    expected: "an address such as sqlite:people.db",
    got: "none",
  });
}

/** This machine's clock: the only place where galleries get the time from. */
export const clock = (): Date => new Date();

/** Opens the gallery that flags or environment name. */
export async function openGallery(io: CliIo, flags: GalleryFlags): Promise<Gallery> {
  const gallery = await Gallery.open(addressOf(io, flags), { clock });
  for (const { to, numbered } of gallery.records.respelled)
    io.err(
      numbered
        ? `gallery: a name that looks like another's is "${to}" now; merge the two if they are one person\n`
        : `gallery: "${to}" is spelled as names are spelled now\n`,
    );
  return gallery;
}

/** Tells whether a gallery holds nobody, which is told: then there is nobody to look for. */
export async function toldEmpty(io: CliIo, flags: GalleryFlags, gallery: Gallery): Promise<boolean> {
  if (flags.json || (await gallery.records.faces({ limit: 1 })).length > 0) return false;
  io.err(
    `${gallery.records.address}: nobody is enrolled yet; "arcface gallery enrol NAME PHOTO" adds somebody\n`,
  );
  return true;
}

/** Options for a recognizer that makes a gallery's vectors: as its pipeline says, unless flags say otherwise. */
export async function modelOf(io: CliIo, gallery: Gallery, flags: ModelFlags): Promise<RecognizerOptions> {
  const store = openStore(io);
  const { pipeline } = gallery;
  const { id } = pipeline.model;
  const known = store.cards().some((card) => card.id === id);
  if (flags.model === undefined && !known && !(await isModelFile(id))) {
    throw new FaceError("USAGE", {
      where: "--model",
      expected: `the file of ${id}, whose vectors this gallery holds`,
      got: "none",
    });
  }
  const { detector, flip } = isKnown(pipeline) ? pipeline : { detector: null, flip: false };
  const made = { flip, ...(detector && { detector: detector.id }) };
  return await recognizerOptions({ ...made, ...flags, model: flags.model ?? id }, store, io);
}

/** A gallery's pipeline for JSON. */
export function described(pipeline: GalleryPipeline): object {
  const { id: model, dimension } = pipeline.model;
  return { model, dimension, pipeline: isKnown(pipeline) ? pipeline : null };
}

/** A cosine. */
export function cosineFlag(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= -1 && value <= 1))
    throw new InvalidArgumentError("Expected a cosine from -1 to 1.");
  return value;
}

/** A number of 0 or more. */
export function measure(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0) || !Number.isFinite(value))
    throw new InvalidArgumentError("Expected a number of 0 or more.");
  return value;
}

/** Ids of faces, as `list --faces` shows them. */
export function faceIds(texts: readonly string[]): number[] {
  return texts.map((text) => {
    const id = Number(text);
    if (Number.isSafeInteger(id) && id > 0) return id;
    throw new FaceError("USAGE", {
      where: "face",
      expected: 'a number as "gallery list --faces" shows it',
      got: `"${text}"`,
    });
  });
}

/** Prints a line of JSON, or a sentence or several. */
export function say(io: CliIo, flags: GalleryFlags, data: object, ...sentences: readonly string[]): void {
  io.out(...(flags.json ? [JSON.stringify(data)] : sentences));
}

/** "1 face", "2 faces". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
