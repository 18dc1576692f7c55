import type { Command } from "commander";
import { galleryShape, type LinkEffect, type LogEntry, type PersonEffect } from "../../../gallery/index.ts";
import type { IndexShape } from "../../../search/index.ts";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import { whole } from "../../options.ts";
import { count, described, type GalleryFlags, galleryFlags, openGallery, say } from "./open.ts";

interface ListFlags extends GalleryFlags {
  readonly after?: string;
  readonly limit: number;
  readonly faces?: boolean;
  readonly ever?: boolean;
}

/** `arcface gallery list [NAME]`, `log`, `stats` */
export function listCommands(gallery: Command, act: Act): void {
  galleryFlags(gallery.command("list [name]"))
    .description("list people by name, or one person's faces with their numbers")
    .option("--after <name|face>", "start behind this one: the last of the page before")
    .option("--limit <n>", "how many at most", whole, 1000)
    .option("--faces", "with a name: list the person's faces (a name alone does the same)")
    .option("--ever", "with a name: list everybody who ever bore it; forget --person takes their numbers")
    .addHelpText("after", '\nExample:\n  arcface gallery list "Ann Example" --gallery sqlite:people.db')
    .action(act(list));
  galleryFlags(gallery.command("log"))
    .description("list changes, newest first; undo takes their numbers")
    .option("--after <number>", "start below this number", whole)
    .option("--limit <n>", "how many at most", whole, 50)
    .addHelpText("after", "\nExample:\n  arcface gallery log --gallery sqlite:people.db")
    .action(act(log));
  galleryFlags(gallery.command("stats"))
    .description(
      "count people, faces and changes, and tell how large the gallery is and how many dimensions its vectors fill",
    )
    .addHelpText("after", "\nExample:\n  arcface gallery stats --gallery sqlite:people.db")
    .action(act(stats));
}

async function list(io: CliIo, name: string | undefined, flags: ListFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const { after, limit } = flags;
  if (name === undefined) {
    const people = await gallery.records.people({ after, limit });
    for (const person of people) {
      const expires = person.expires ? `, until ${person.expires.slice(0, 10)}` : "";
      say(io, flags, person, `${person.name}: ${count(person.faces, "face")}${expires}`);
    }
    return people.length > 0 ? EXIT.ok : EXIT.noMatch;
  }
  if (flags.ever) {
    const people = await gallery.everNamed(name);
    for (const person of people) {
      const { id, name: last, present, faces } = person;
      say(io, flags, person, `${id}  ${last}  ${present ? "there" : "gone"}, ${count(faces, "face")} kept`);
    }
    return people.length > 0 ? EXIT.ok : EXIT.noMatch;
  }
  const { id } = await gallery.person(name);
  const page = { after: after === undefined ? undefined : Number(after), limit };
  const faces = await gallery.records.faces(page, id);
  for (const face of faces) {
    const { source, box } = face.provenance;
    const at = `${Math.round(box.width)}×${Math.round(box.height)} px at ${Math.round(box.x)}, ${Math.round(box.y)}`;
    say(io, flags, { ...face, person: name }, `${face.id}  ${source}  ${at}`);
  }
  return faces.length > 0 ? EXIT.ok : EXIT.noMatch;
}

async function log(io: CliIo, flags: { after?: number; limit: number } & GalleryFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const entries = await gallery.records.log({ after: flags.after, limit: flags.limit });
  for (const entry of entries) say(io, flags, entry, describe(entry));
  return entries.length > 0 ? EXIT.ok : EXIT.noMatch;
}

function describe({ sequence, kind, at, undoes, undoneBy, effects, forgotten }: LogEntry): string {
  const people = effects.flatMap((effect) => (effect.subject === "person" ? [nameChange(effect)] : []));
  const faces = effects.filter((effect) => effect.subject === "face").length;
  const answers = effects.flatMap((effect) => (effect.subject === "link" ? [answerGiven(effect)] : []));
  const notes = [
    ...people,
    ...(faces > 0 ? [count(faces, "face")] : []),
    ...answers,
    ...(undoes === null ? [] : [`takes back ${undoes}`]),
    ...(undoneBy === null ? [] : [`taken back by ${undoneBy}`]),
    ...(forgotten > 0 ? ["partly forgotten"] : []),
  ];
  return `${sequence}  ${at.slice(0, 19).replace("T", " ")}  ${kind}  ${notes.join(", ")}`;
}

/** "faces 3 and 17 are one person", with a minus when that was withdrawn. */
function answerGiven({ before, after }: LinkEffect): string {
  const { kind, faces } = (after ?? before)!;
  const [a, b] = faces;
  const said = {
    same: `faces ${a} and ${b} are one person`,
    different: `faces ${a} and ${b} are two people`,
    "no-face": `${a} is no face`,
  }[kind];
  return after ? said : `− ${said}`;
}

function nameChange(effect: PersonEffect): string {
  const [before, after] = [effect.before?.name, effect.after?.name];
  if (before === after) return `${after}`;
  if (before === undefined) return `+ ${after}`;
  return after === undefined ? `− ${before}` : `${before} → ${after}`;
}

async function stats(io: CliIo, flags: GalleryFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const found = await gallery.records.stats();
  const { people, faces, deletedFaces, changes, bytes } = found;
  const { pipeline } = gallery;
  const { settings, address } = gallery.records;
  const shape = await galleryShape(gallery.records, { signal: io.signal });
  const size = bytes === null ? "" : `, ${(bytes / 1e6).toFixed(1)} MB`;
  say(
    io,
    flags,
    { gallery: address, ...described(pipeline), ...settings, ...found, shape: shape ?? null },
    `${address}: ${count(people, "person", "people")}, ${count(faces, "face")} (${deletedFaces} deleted ones kept), ${count(changes, "change")}${size}; vectors of ${pipeline.model.id} (${pipeline.model.dimension})`,
    ...(shape ? [shapeText(shape)] : []),
  );
  return EXIT.ok;
}

/** The dimensions that vectors fill, and what that buys a search in memory. */
function shapeText({ dimension, axes, effectiveDimension, cost }: IndexShape): string {
  const spread = `  spread as ${effectiveDimension.toFixed(0)} evenly filled dimensions of ${dimension}: searched along`;
  return axes < dimension
    ? `${spread} ${axes} axes, in ${(100 * cost).toFixed(0)} % of the time by prediction`
    : `${spread} all`;
}
