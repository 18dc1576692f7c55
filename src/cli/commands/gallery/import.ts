import { open } from "node:fs/promises";
import { type Command, Option } from "commander";
import { FaceError } from "../../../core/index.ts";
import { importCompreFace, importFaces, RecognizerPool, readCompreFace } from "../../../recognise/index.ts";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import { addJobsFlag, addModelFlags, type ModelFlags } from "../../options.ts";
import { progressBar } from "../../progress-bar.ts";
import { tellEnrolment } from "./enrol.ts";
import { count, type GalleryFlags, galleryFlags, modelOf, openGallery, say } from "./open.ts";

interface ImportFlags extends GalleryFlags, ModelFlags {
  readonly from?: "compreface";
  readonly force?: boolean;
  readonly jobs?: number;
}

/** `arcface gallery import FILE`, `arcface gallery import --from compreface URL KEY` */
export function importCommand(gallery: Command, act: Act): void {
  const command = galleryFlags(gallery.command("import"))
    .description("add the faces of a file that gallery export wrote, or everybody of a running CompreFace")
    .argument("<file>", "people.jsonl, people.npy or people.parquet; with --from the address")
    .argument("[key]", "with --from: the key of a face recognition service there, or @FILE that holds it")
    .addOption(new Option("--from <system>", "bring people over from another system").choices(["compreface"]))
    .option("--force", "with --from: take the largest face of every picture, however it looks")
    .addHelpText(
      "after",
      `
What is there already is passed over, so an interrupted run goes on where it was.
With --from, pictures are looked at anew and refused as gallery enrol refuses them, with its exit codes.

Examples:
  arcface gallery import people.parquet --gallery sqlite:people.db
  arcface gallery import --from compreface http://localhost:8000 @key.txt --gallery sqlite:people.db`,
    );
  addJobsFlag(addModelFlags(command, { embeds: true })).action(act(run));
}

async function run(io: CliIo, where: string, key: string | undefined, flags: ImportFlags): Promise<number> {
  if ((flags.from === undefined) !== (key === undefined))
    throw new FaceError("USAGE", {
      where: "import",
      expected: "a file, or --from compreface with an address and a key",
      got: key === undefined ? "--from without a key" : "an address and a key without --from",
    });
  return key === undefined ? await fromFile(io, where, flags) : await fromCompreFace(io, where, key, flags);
}

async function fromFile(io: CliIo, path: string, flags: GalleryFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const bar = progressBar(io);
  const report = await importFaces(gallery, path, { signal: io.signal, onProgress: bar.update });
  bar.stop();
  const { faces, known, nameless } = report;
  say(
    io,
    flags,
    report,
    `${count(faces, "face")} imported, ${known} there already, ${nameless} without a name`,
  );
  return EXIT.ok;
}

async function fromCompreFace(io: CliIo, url: string, key: string, flags: ImportFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const bar = progressBar(io);
  const watched = { signal: io.signal, onProgress: bar.update };
  const there = await readCompreFace({ url, key: await keyOf(key) }, watched);
  const model = await modelOf(io, gallery, flags);
  await using pool = await RecognizerPool.open({ ...model, workers: flags.jobs, ...watched });
  if (!flags.json)
    io.err(`${count(there.subjects.length, "subject")} with ${count(there.faces.length, "face")}\n`);
  const results = importCompreFace(gallery, pool, there, { force: flags.force, ...watched });
  return await tellEnrolment(io, flags, results, bar);
}

/** A key, or the first line of the file that holds it: what stands on a command line other users of a machine can see. */
async function keyOf(text: string): Promise<string> {
  if (!text.startsWith("@")) return text;
  const path = text.slice(1);
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.toString("utf8", 0, bytesRead).split("\n", 1)[0]!.trim();
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where: path, expected: "a file with a key", cause });
  }
}
