import type { Command } from "commander";
import { momentOf } from "../../../core/index.ts";
import type { Erasure } from "../../../gallery/index.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import type { Act } from "../../main.ts";
import { clock, count, type GalleryFlags, galleryFlags, openGallery, say } from "./open.ts";

/** `arcface gallery forget NAME…`, `arcface gallery prune` */
export function forgetCommands(gallery: Command, act: Act): void {
  galleryFlags(gallery.command("forget <names...>"))
    .description(
      "remove people with everything kept of them, for good, and prove it by searching for the bytes",
    )
    .addHelpText("after", '\nExample:\n  arcface gallery forget "Ann Example" --gallery sqlite:people.db')
    .action(act(forget));
  galleryFlags(gallery.command("prune"))
    .description("forget everyone whose date has passed")
    .option("--deleted [before]", "and what was deleted before a date (default now)")
    .addHelpText("after", "\nExample:\n  arcface gallery prune --gallery sqlite:people.db")
    .action(act(prune));
}

async function forget(io: CliIo, names: string[], flags: GalleryFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const erasure = await gallery.forget(names);
  return receipt(io, flags, names, erasure);
}

async function prune(io: CliIo, flags: GalleryFlags & { deleted?: string | true }): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const { deleted } = flags;
  const deletedBefore =
    deleted === true ? clock() : deleted === undefined ? undefined : momentOf("--deleted", deleted);
  const pruned = await gallery.prune(deletedBefore ? { deletedBefore } : {});
  if (pruned) return receipt(io, flags, pruned.people, pruned.erasure);
  say(io, flags, { forgotten: [], faces: 0 }, "nobody's date has passed");
  return EXIT.ok;
}

/** What was removed and what was searched. Exit code 3 when something of it was found again. */
function receipt(io: CliIo, flags: GalleryFlags, names: readonly string[], erasure: Erasure): number {
  const { faces, crops, logEffects, searched, notProven } = erasure;
  const hits = searched.reduce((sum, file) => sum + file.hits, 0);
  const at = clock().toISOString();
  if (flags.json)
    io.out(
      `${JSON.stringify({ forgotten: names, at, ...erasure, proven: hits === 0 && notProven.length === 0 })}\n`,
    );
  else {
    io.out(`forgotten at ${at}: ${names.join(", ") || "what was deleted"}\n`);
    io.out(
      `removed: ${count(faces, "face")} with their vectors, ${count(crops, "crop")}, ${count(logEffects, "line")} of the log\n`,
    );
    for (const file of searched)
      io.out(
        `searched: ${file.path}, ${file.bytes} bytes: ${file.hits === 0 ? "nothing found" : `FOUND in ${count(file.hits, "place")}`}\n`,
      );
    for (const sentence of notProven) io.out(`not proven: ${sentence}\n`);
  }
  return hits === 0 ? EXIT.ok : EXIT.badInput;
}
