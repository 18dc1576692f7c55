import { relative, sep } from "node:path";
import { counted, FaceError, legibleName, personName } from "../core/index.ts";
import { listPhotographs, type PhotographList } from "./list-photographs.ts";
import { type PassedOver, passedOverSentences } from "./passed-over.ts";

/** A person and the photographs in the folders that are named after them. */
export interface PersonPhotographs {
  readonly name: string;
  /** In the order of folders and names. */
  readonly paths: readonly string[];
}

/** Photographs of known people: a folder with a folder for each. */
export interface PeopleFolder {
  readonly folder: string;
  /** In order of their names, each with a photograph at least. */
  readonly people: readonly PersonPhotographs[];
  /** Names of folders without a photograph in them. */
  readonly empty: readonly string[];
  /** Photographs beside the folders: they show nobody in particular. */
  readonly stray: readonly string[];
  /** Folders whose names were read as a person's in another spelling, or together with other folders. */
  readonly renamed: readonly { readonly folders: readonly string[]; readonly person: string }[];
  readonly passedOver: PassedOver;
}

/**
 * The people of a folder with a folder of photographs for each, by the rule of {@link listPhotographs}.
 *
 * A folder's name is read as a person's name is everywhere: composed, without spaces at its ends and without what is
 * not seen. Folders of one name in that spelling are one person.
 *
 * Throws    FaceError BAD_FILE when there is no such folder or no photograph in a folder of it
 */
export async function readPeopleFolder(folder: string): Promise<PeopleFolder> {
  const list = await listPhotographs([folder]).catch((cause: unknown) => {
    if (!(cause instanceof FaceError)) throw cause;
    throw new FaceError("BAD_FILE", {
      ...cause.parts,
      where: folder,
      expected: "a folder with a folder for every person",
      cause,
    });
  });
  const found = groupByPerson(folder, list);
  if (found.people.length > 0) return found;
  throw new FaceError("BAD_FILE", {
    where: folder,
    expected: "a folder of pictures for every person",
    ...withoutPeople(found, list.folders.length === 0),
  });
}

/** A folder's content when it shows no people, and the way to make it one that does. */
function withoutPeople(
  { empty, stray, passedOver }: PeopleFolder,
  isFile: boolean,
): { got: string; note: string } {
  const passed = passedOverSentences(passedOver);
  if (isFile) return { got: "a file", note: passed.join("; ") };
  const pictures = counted(stray.length, "picture");
  if (empty.length > 0) {
    const beside = stray.length > 0 ? [`${pictures} beside its folders`] : [];
    return {
      got: `${counted(empty.length, "folder")} without pictures`,
      note: [...beside, ...passed].join("; "),
    };
  }
  const sorted = "put each person's pictures into a folder with the person's name";
  return {
    got: stray.length > 0 ? `${pictures} and no folders` : "an empty folder",
    note: [sorted, ...passed].join("; "),
  };
}

/** The photographs of a folder by person: the first folder on the way to each says whom it shows. */
export function groupByPerson(folder: string, list: PhotographList): PeopleFolder {
  const byFolder = new Map<string, string[]>();
  for (const walked of list.folders) {
    const first = firstFolder(folder, walked);
    if (first !== "" && !byFolder.has(first)) byFolder.set(first, []);
  }
  const stray: string[] = [];
  for (const path of list.paths) {
    const parts = relative(folder, path).split(sep);
    if (parts.length > 1) byFolder.get(parts[0]!)!.push(path);
    else stray.push(path);
  }
  const people = new Map<string, { folders: string[]; paths: string[] }>();
  const empty: string[] = [];
  for (const [name, paths] of byFolder) {
    if (paths.length === 0) {
      empty.push(name);
      continue;
    }
    const person = nameOfFolder(name);
    const known = people.get(person) ?? { folders: [], paths: [] };
    people.set(person, known);
    known.folders.push(name);
    known.paths.push(...paths);
  }
  const named = [...people].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    folder,
    people: named.map(([name, { paths }]) => ({ name, paths })),
    empty,
    stray,
    renamed: named
      .filter(([name, { folders }]) => folders.length > 1 || folders[0] !== name)
      .map(([person, { folders }]) => ({ folders, person })),
    passedOver: list.passedOver,
  };
}

/** A folder's name as a person's; one that is nothing but what is not seen stands as its code. */
function nameOfFolder(folder: string): string {
  try {
    return personName("folder", folder);
  } catch {
    const name = legibleName(folder);
    return name === "" ? `folder ${Buffer.from(folder).toString("hex").slice(0, 40)}` : name;
  }
}

function firstFolder(folder: string, path: string): string {
  return relative(folder, path).split(sep)[0]!;
}

/** Renamed and empty folders that are told one by one. */
const LISTED = 5;

/** Notes for a person on how a folder was read, as sentences; none when it was as it looks. */
export function peopleFolderSentences({ renamed, empty, stray, passedOver }: PeopleFolder): string[] {
  const lines = renamed.slice(0, LISTED).map(({ folders, person }) => {
    const names = folders.map((name) => JSON.stringify(name)).join(" and ");
    return folders.length > 1
      ? `the folders ${names} are read as one person, "${person}"`
      : `the folder ${names} is read as the person "${person}"`;
  });
  if (renamed.length > LISTED)
    lines.push(`${renamed.length - LISTED} more folders are read under another name`);
  if (empty.length > 0) {
    const more = empty.length > LISTED ? ", …" : "";
    lines.push(
      `${empty.length} ${empty.length === 1 ? "folder" : "folders"} without a picture passed over: ${empty.slice(0, LISTED).join(", ")}${more}`,
    );
  }
  if (stray.length > 0) {
    lines.push(
      `${stray.length} ${stray.length === 1 ? "picture" : "pictures"} beside the folders passed over: nobody is named for ${stray.length === 1 ? "it" : "them"} (${stray[0]}${stray.length > 1 ? ", …" : ""})`,
    );
  }
  return [...lines, ...passedOverSentences(passedOver)];
}
