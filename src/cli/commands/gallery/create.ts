import type { Command } from "commander";
import { Gallery } from "../../../gallery/index.ts";
import { Recognizer } from "../../../recognise/index.ts";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import { addModelFlags, type ModelFlags, openStore, recognizerOptions } from "../../options.ts";
import { progressBar } from "../../progress-bar.ts";
import { addressOf, clock, cosineFlag, described, type GalleryFlags, galleryFlags, say } from "./open.ts";

interface CreateFlags extends GalleryFlags, ModelFlags {
  readonly threshold?: number;
  readonly crops: boolean;
}

/** `arcface gallery create` */
export function createCommand(gallery: Command, act: Act): void {
  const command = galleryFlags(gallery.command("create"))
    .description("make a new gallery; its model, detector and --flip stay until reindex")
    .option("--threshold <cosine>", "cosine from which a face is someone's (default the model's)", cosineFlag)
    .option("--no-crops", "keep no pictures of faces; reindex then needs the photographs")
    .addHelpText("after", "\nExample:\n  arcface gallery create --gallery sqlite:people.db");
  addModelFlags(command, { embeds: true }).action(act(create));
}

async function create(io: CliIo, flags: CreateFlags): Promise<number> {
  const address = addressOf(io, flags);
  const bar = progressBar(io);
  const options = await recognizerOptions(flags, openStore(io), io);
  await using recognizer = await Recognizer.open({ ...options, signal: io.signal, onProgress: bar.update });
  bar.stop();
  const { pipeline } = recognizer;
  const settings = { threshold: flags.threshold ?? null, keepCrops: flags.crops };
  await using gallery = await Gallery.create(address, pipeline, { clock, ...settings });
  say(
    io,
    flags,
    { gallery: gallery.records.address, ...described(pipeline), ...settings },
    `${gallery.records.address}: a new gallery for vectors of ${pipeline.model.id} (${pipeline.model.dimension})`,
  );
  return EXIT.ok;
}
