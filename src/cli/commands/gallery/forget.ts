import type { Command } from "commander";
import { FaceError, momentOf } from "../../../core/index.ts";
import type { Erasure } from "../../../gallery/index.ts";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import { clock, count, type GalleryFlags, galleryFlags, openGallery, say } from "./open.ts";

interface ForgetFlags extends GalleryFlags {
  readonly person?: readonly string[];
  readonly finish?: boolean;
}

/** `arcface gallery forget NAME…`, `arcface gallery prune` */
export function forgetCommands(gallery: Command, act: Act): void {
  galleryFlags(gallery.command("forget [names...]"))
    .description(
      "remove everybody who ever bore a name, and all that is kept of them; then search the files for what must be gone",
    )
    .option("--person <numbers...>", 'these people instead, by the numbers that "list NAME --ever" shows')
    .option("--finish", "finish what was interrupted, and print receipts that were not printed")
    .addHelpText(
      "after",
      '\nA person who was renamed, merged, deleted or whose enrolment was taken back bore the name, too.\nExports, backups and copies that were made earlier may still hold the vectors: delete them yourself.\n\nExample:\n  arcface gallery forget "Ann Example" --gallery sqlite:people.db',
    )
    .action(act(forget));
  galleryFlags(gallery.command("prune"))
    .description("forget everyone whose date has passed")
    .option("--deleted [before]", "also forget what was deleted before a date (default now)")
    .addHelpText("after", "\nExample:\n  arcface gallery prune --gallery sqlite:people.db")
    .action(act(prune));
}

async function forget(io: CliIo, names: string[], flags: ForgetFlags): Promise<number> {
  const asked = [names.length > 0, flags.person !== undefined, flags.finish === true];
  if (asked.filter(Boolean).length !== 1)
    throw new FaceError("USAGE", {
      where: "forget",
      expected: "names, or --person with numbers, or --finish",
      got: asked.includes(true) ? "several of them" : "none of them",
    });
  await using gallery = await openGallery(io, flags);
  const show = (erasure: Erasure): void => receipt(io, flags, erasure);
  if (!flags.finish) return exitCodeOf(await gallery.forget(flags.person?.map(numberOf) ?? names, { show }));
  const erasures = await gallery.finishErasures({ show });
  if (erasures.length === 0) say(io, flags, { people: [] }, "nothing to finish");
  return exitCodeOf(...erasures);
}

/** 3 when something of what was removed was found again or is left to do. */
function exitCodeOf(...erasures: readonly Erasure[]): number {
  return erasures.every(({ finished }) => finished) ? EXIT.ok : EXIT.badInput;
}

function numberOf(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new FaceError("USAGE", {
    where: "--person",
    expected: 'a number as "list NAME --ever" shows it',
    got: `"${text}"`,
  });
}

async function prune(io: CliIo, flags: GalleryFlags & { deleted?: string | true }): Promise<number> {
  const { deleted } = flags;
  const deletedBefore =
    deleted === true ? clock() : deleted === undefined ? undefined : momentOf("--deleted", deleted);
  await using gallery = await openGallery(io, flags);
  const show = (erasure: Erasure): void => receipt(io, flags, erasure);
  const erasure = await gallery.prune({ show, ...(deletedBefore && { deletedBefore }) });
  if (erasure) return exitCodeOf(erasure);
  say(io, flags, { forgotten: [], faces: 0 }, "nobody's date has passed");
  return EXIT.ok;
}

/** The receipt of a removal and of the search after it. */
function receipt(io: CliIo, flags: GalleryFlags, erasure: Erasure): void {
  const { at, people, faces, crops, logEffects, searched, notProven, finished } = erasure;
  if (flags.json) {
    const forgotten = people.flatMap(({ names }) => names.slice(0, 1));
    const proven = finished && notProven.length === 0;
    io.out(`${JSON.stringify({ forgotten, ...erasure, proven })}\n`);
  } else {
    const whom = people.map(({ id, names, faces: own }) => {
      const known = names.length > 0 ? `"${names.join('", once "')}", ` : "";
      return `${known}number ${id}, ${count(own, "face")}`;
    });
    io.out(`forgotten at ${at}: ${whom.join("; ") || "nobody"}\n`);
    io.out(
      `removed: ${count(faces, "face")} with their vectors, ${count(crops, "crop")}, ${count(logEffects, "line")} of the log\n`,
    );
    for (const file of searched)
      io.out(
        `searched: ${file.path}, ${file.bytes} bytes: ${file.hits === 0 ? "nothing found" : `FOUND in ${count(file.hits, "place")}`}\n`,
      );
    for (const sentence of notProven) io.out(`not proven: ${sentence}\n`);
    if (people.length > 0)
      io.out(
        "not searched: exports, backups and copies made earlier may still hold these people; delete them yourself\n",
      );
    if (!finished)
      io.out(
        'not finished: the next opening goes on, or "arcface gallery forget --finish", which prints the receipt\n',
      );
  }
}
