import type { Command } from "commander";
import { Recognizer, reindexGallery } from "../../../recognise/index.ts";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import { addModelFlags, type ModelFlags, openStore, recognizerOptions } from "../../options.ts";
import { progressBar } from "../../progress-bar.ts";
import { count, type GalleryFlags, galleryFlags, openGallery, say } from "./open.ts";

interface ReindexFlags extends GalleryFlags, ModelFlags {
  readonly dropMissing?: boolean;
}

/** `arcface gallery reindex --model ID` */
export function reindexCommand(gallery: Command, act: Act): void {
  const command = galleryFlags(gallery.command("reindex"))
    .description(
      "embed every face anew, for another model, detector or --flip, or a newer arcface; then change over in one step",
    )
    .option("--drop-missing", "delete the faces that have neither photograph nor a crop that fits any more")
    .addHelpText(
      "after",
      "\nAn interrupted run goes on where it was. Until the end the gallery answers with its old vectors.\nA kept crop is used where the photograph is gone, unless detector or alignment are others.\n\nExample:\n  arcface gallery reindex --model fr-feature-512 --gallery sqlite:people.db",
    );
  addModelFlags(command, { embeds: true }).action(act(reindex));
}

async function reindex(io: CliIo, flags: ReindexFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const bar = progressBar(io);
  const options = await recognizerOptions(flags, openStore(io), io);
  await using recognizer = await Recognizer.open({ ...options, signal: io.signal, onProgress: bar.update });
  const report = await reindexGallery(gallery, recognizer, {
    dropMissing: flags.dropMissing,
    signal: io.signal,
    onProgress: bar.update,
  });
  bar.stop();
  const { embedded, fromPhotographs, fromCrops, missing, finished } = report;
  const what = `${count(embedded, "face")} embedded with ${recognizer.model}, ${fromPhotographs} from photographs, ${fromCrops} from crops`;
  const lost = `${count(missing.length, "face")} with neither photograph nor a crop that fits (${missing.slice(0, 10).join(", ")}${missing.length > 10 ? ", …" : ""})`;
  const end = finished
    ? missing.length > 0
      ? `; ${lost} deleted`
      : ""
    : `; the gallery stays as it is: ${lost}; --drop-missing deletes them`;
  say(io, flags, { model: recognizer.model, ...report }, what + end);
  return finished ? EXIT.ok : EXIT.noMatch;
}
