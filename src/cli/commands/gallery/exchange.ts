import type { Command } from "commander";
import { exportGallery } from "../../../recognise/index.ts";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import { expectWritableFile } from "../../outputs.ts";
import { progressBar } from "../../progress-bar.ts";
import { importCommand } from "./import.ts";
import { count, type GalleryFlags, galleryFlags, openGallery, say } from "./open.ts";

/** `arcface gallery export --out FILE`, `arcface gallery import FILE` or `--from compreface URL KEY` */
export function exchangeCommands(gallery: Command, act: Act): void {
  galleryFlags(gallery.command("export"))
    .description("write all faces with their vectors to a file, without crops and log")
    .requiredOption(
      "--out <file>",
      "people.jsonl, people.npy (with people.names.jsonl beside it) or people.parquet",
    )
    .addHelpText(
      "after",
      "\nExample:\n  arcface gallery export --out people.parquet --gallery sqlite:people.db",
    )
    .action(act(write));
  importCommand(gallery, act);
}

async function write(io: CliIo, flags: GalleryFlags & { out: string }): Promise<number> {
  await expectWritableFile(flags.out, [".jsonl", ".npy", ".parquet"]);
  await using gallery = await openGallery(io, flags);
  const bar = progressBar(io);
  const faces = await exportGallery(gallery, flags.out, { signal: io.signal, onProgress: bar.update });
  bar.stop();
  say(io, flags, { out: flags.out, faces }, `${flags.out}: ${count(faces, "face")}`);
  return EXIT.ok;
}
