import type { Command } from "commander";
import { FaceError, momentOf } from "../../../core/index.ts";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import { clock, count, faceIds, type GalleryFlags, galleryFlags, openGallery, say } from "./open.ts";

/** `arcface gallery rename | move | merge | split | delete | retain | undo` */
export function changeCommands(gallery: Command, act: Act): void {
  const command = (usage: string, description: string, example: string): Command =>
    galleryFlags(gallery.command(usage))
      .description(description)
      .addHelpText("after", `\nExample:\n  arcface gallery ${example} --gallery sqlite:people.db`);
  command("rename <name> <to>", "give a person another name", 'rename Ann "Ann Example"').action(act(rename));
  command(
    "move <to> <faces...>",
    "give faces to another person, new or known; list NAME shows their numbers",
    "move Ben 12 13",
  ).action(act(move));
  command(
    "merge <into> <names...>",
    "make several people one; the first name stays",
    "merge Ann Anna Anne",
  ).action(act(merge));
  command(
    "split <name> <to> <faces...>",
    "make a new person from some of a person's faces",
    "split Ann Twin 14",
  ).action(act(split));
  command(
    "delete [name]",
    "take out a person or single faces; undo brings them back, forget removes them for good",
    "delete Ann",
  )
    .option("--faces <numbers...>", "these faces instead of a person")
    .action(act(remove));
  command(
    "retain <name> [until]",
    "set the date after which gallery prune forgets a person; without a date, keep them",
    "retain Ann 2027-01-31",
  ).action(act(retain));
  command("undo [number]", "take back the last change, or one from the log", "undo").action(act(undo));
}

async function rename(io: CliIo, name: string, to: string, flags: GalleryFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const { sequence, result } = await gallery.rename(name, to);
  say(io, flags, { sequence, person: result.name }, `${sequence}: ${name} is ${result.name} now`);
  return EXIT.ok;
}

async function move(io: CliIo, to: string, faces: string[], flags: GalleryFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const ids = faceIds(faces);
  const { sequence, result } = await gallery.move(ids, to);
  const { name: person } = result;
  const sentence =
    sequence === 0
      ? `${person} has ${ids.length === 1 ? "this face" : "these faces"} already: nothing changed`
      : `${sequence}: ${count(ids.length, "face")} to ${person}`;
  say(io, flags, { sequence, person, faces: ids }, sentence);
  return EXIT.ok;
}

async function merge(io: CliIo, into: string, names: string[], flags: GalleryFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const { sequence } = await gallery.merge(names, into);
  say(
    io,
    flags,
    { sequence, person: into, merged: names },
    `${sequence}: ${names.join(", ")} became ${into}`,
  );
  return EXIT.ok;
}

async function split(
  io: CliIo,
  name: string,
  to: string,
  faces: string[],
  flags: GalleryFlags,
): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const ids = faceIds(faces);
  const { sequence, result } = await gallery.split(name, ids, to);
  say(
    io,
    flags,
    { sequence, person: result.name, faces: ids },
    `${sequence}: ${count(ids.length, "face")} of ${name} to ${result.name}`,
  );
  return EXIT.ok;
}

async function remove(
  io: CliIo,
  name: string | undefined,
  flags: GalleryFlags & { faces?: string[] },
): Promise<number> {
  if ((name === undefined) === (flags.faces === undefined))
    throw new FaceError("USAGE", {
      where: "delete",
      expected: "either a name or --faces",
      got: name === undefined ? "neither" : "both",
    });
  await using gallery = await openGallery(io, flags);
  if (flags.faces) {
    const ids = faceIds(flags.faces);
    const { sequence } = await gallery.deleteFaces(ids);
    say(
      io,
      flags,
      { sequence, faces: ids },
      `${sequence}: ${count(ids.length, "face")} deleted; undo brings them back`,
    );
  } else {
    const { sequence } = await gallery.deletePerson(name!);
    say(io, flags, { sequence, person: name }, `${sequence}: ${name} deleted; undo brings them back`);
  }
  return EXIT.ok;
}

async function retain(
  io: CliIo,
  name: string,
  until: string | undefined,
  flags: GalleryFlags,
): Promise<number> {
  const date = until === undefined ? null : momentOf("retain", until);
  await using gallery = await openGallery(io, flags);
  const { sequence } = await gallery.retain(name, date);
  const expires = date?.toISOString() ?? null;
  const passed = date && date < clock() ? ", which has passed: the next prune forgets them" : "";
  say(
    io,
    flags,
    { sequence, person: name, expires },
    `${sequence}: ${name} is kept ${expires ? `until ${expires}` : "until told otherwise"}${passed}`,
  );
  return EXIT.ok;
}

async function undo(io: CliIo, number: string | undefined, flags: GalleryFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const wanted = number === undefined ? undefined : Number(number);
  if (wanted !== undefined && !(Number.isSafeInteger(wanted) && wanted > 0))
    throw new FaceError("USAGE", {
      where: "undo",
      expected: 'a number as "gallery log" shows it',
      got: `"${number}"`,
    });
  const { sequence, result } = await gallery.undo(wanted);
  say(
    io,
    flags,
    { sequence, undone: result.sequence, kind: result.kind },
    `${sequence}: took back ${result.sequence} (${result.kind})`,
  );
  return EXIT.ok;
}
