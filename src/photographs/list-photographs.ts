import { closeSync, type Dirent, openSync, readSync } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { FaceError, isDatabaseInUse, noteOnMissingPath, reasonOf, systemCode } from "../core/index.ts";
import {
  canReadHeic,
  IMAGE_EXTENSIONS,
  PICTURE_HEAD_BYTES,
  PICTURE_KINDS,
  pictureKindOf,
} from "../image/index.ts";
import { type PassedOver, PassedOverTally } from "./passed-over.ts";

/** The photographs behind some paths. */
export interface PhotographList {
  /** In the order of the paths given, and within a folder in the order of names. */
  readonly paths: readonly string[];
  /** Folders that were walked, those given among them. */
  readonly folders: readonly string[];
  readonly passedOver: PassedOver;
}

/** Names that systems give to folders and files of their own; people's pictures are not in them. */
const SYSTEM_NAMES: ReadonlySet<string> = new Set([
  "@eaDir",
  "#recycle",
  "@Recycle",
  "__MACOSX",
  "$RECYCLE.BIN",
  "System Volume Information",
  "lost+found",
  "Thumbs.db",
  "desktop.ini",
]);

/** Endings that pictures of any kind have: a file that cannot be looked into is a picture by its ending. */
const PICTURE_ENDINGS: ReadonlySet<string> = new Set([
  ...IMAGE_EXTENSIONS,
  ...[".jpe", ".jfif", ".jif", ".mpo", ".heic", ".heif", ".bmp"],
]);

/** Endings of cameras' own files. */
const RAW_ENDINGS: ReadonlySet<string> = new Set(
  [".3fr", ".arw", ".cr2", ".dcr", ".dng", ".erf", ".iiq", ".k25", ".kdc", ".mef", ".mos"].concat([
    ".nef",
    ".nrw",
    ".orf",
    ".pef",
    ".raw",
    ".rw2",
    ".rwl",
    ".sr2",
    ".srf",
    ".srw",
  ]),
);

/**
 * The photographs behind paths, by one rule for every command.
 *
 * - A file that is named stands for itself, whatever it is called and whatever it is.
 * - A folder stands for the pictures in it and in its folders, in order of their names. What a file is, its first bytes
 *   say, whatever its ending; a file whose bytes say nothing counts by its ending, so that a damaged picture is told.
 * - Names that begin with a dot, and systems' own such as `@eaDir`, `__MACOSX` and `Thumbs.db`, are passed over.
 * - Links to files and folders are followed. A folder is read once, however many links lead to it.
 * - A path with nothing there, and a folder that cannot be read, is told, and the rest goes on.
 *
 * Throws    FaceError BAD_FILE when each path that is given has nothing there or is a folder that cannot be read
 *
 * ```ts
 * import { listPhotographs } from "arcface-ts";
 *
 * const { paths, passedOver } = await listPhotographs(["holiday/", "passport.jpg"]);
 * console.log(paths.length, passedOver);
 * ```
 */
export async function listPhotographs(paths: readonly string[]): Promise<PhotographList> {
  const walk = new Walk();
  const failed: FaceError[] = [];
  for (const path of paths) {
    try {
      await addGiven(walk, path);
    } catch (error) {
      if (!(error instanceof FaceError)) throw error;
      failed.push(error);
      walk.tally.unreadable(path, reasonOf(error.cause));
    }
  }
  const [first, ...others] = failed;
  if (first && failed.length === paths.length)
    throw others.reduce((error, { message }) => error.withNote(message), first);
  return { paths: walk.paths, folders: walk.folders, passedOver: walk.tally.total() };
}

/** Takes a path that was given. Throws FaceError BAD_FILE with its cause. */
async function addGiven(walk: Walk, path: string): Promise<void> {
  const entry = await stat(path).catch((cause: unknown) => {
    // A link that leads back to itself is told when it is read.
    if (systemCode(cause) === "ELOOP") return undefined;
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: "a file or a folder",
      got: "nothing there",
      note: noteOnMissingPath(path),
      cause,
    });
  });
  if (entry?.isDirectory()) await walk.given(path);
  else walk.add(path);
}

/** Tells whether a name is hidden or a system's own, and with it whatever is behind it. */
function isHiddenName(name: string): boolean {
  return name.startsWith(".") || SYSTEM_NAMES.has(name);
}

/** The nature of a name in a folder; `pictures` are those behind a hidden name. */
type Entry = { readonly path: string } & (
  | { readonly is: "folder" | "photograph" | "other" }
  | { readonly is: "unread"; readonly kind: string }
  | { readonly is: "unreadable"; readonly reason: string }
  | { readonly is: "hidden"; readonly pictures: readonly string[] }
);

class Walk {
  /** As they were named or found, by their full paths: one file is listed once, however it is spelt. */
  readonly #found = new Map<string, string>();
  readonly folders: string[] = [];
  readonly tally = new PassedOverTally();
  /** Path by which each folder was reached, by its real path. */
  readonly #read = new Map<string, string>();

  get paths(): string[] {
    return [...this.#found.values()];
  }

  add(path: string): void {
    const full = resolve(path);
    if (!this.#found.has(full)) this.#found.set(full, path);
  }

  /** A folder that was named: that it cannot be read is an error. */
  async given(folder: string): Promise<void> {
    const entries = await entriesOf(folder).catch((cause: unknown) => {
      throw new FaceError("BAD_FILE", { where: folder, expected: "a folder that can be read", cause });
    });
    this.#read.set(await realpath(folder), resolve(folder));
    await this.#inside(folder, entries);
  }

  async #folder(folder: string): Promise<void> {
    try {
      const real = await realpath(folder);
      const before = this.#read.get(real);
      if (before !== undefined) {
        // A folder that was given and lies in another one that was given was reached by no link.
        if (before !== resolve(folder)) this.tally.link(folder);
        return;
      }
      this.#read.set(real, resolve(folder));
      await this.#inside(folder, await entriesOf(folder));
    } catch (cause) {
      if (cause instanceof FaceError || systemCode(cause) === undefined) throw cause;
      this.tally.unreadable(folder, reasonOf(cause));
    }
  }

  async #inside(folder: string, entries: readonly Dirent[]): Promise<void> {
    this.folders.push(folder);
    for (const each of entries) {
      const entry = await lookAt(folder, each);
      if (entry.is === "folder") await this.#folder(entry.path);
      else this.#file(entry);
    }
  }

  #file(entry: Entry): void {
    const { path } = entry;
    if (entry.is === "photograph") this.add(path);
    else if (entry.is === "unread") this.tally.kind(entry.kind, path);
    else if (entry.is === "unreadable") this.tally.unreadable(path, entry.reason);
    else if (entry.is === "hidden") for (const picture of entry.pictures) this.tally.hidden(picture);
    else this.tally.other(extname(path).toLowerCase(), path);
  }
}

async function lookAt(folder: string, entry: Dirent): Promise<Entry> {
  const path = join(folder, entry.name);
  if (isHiddenName(entry.name)) return { path, is: "hidden", pictures: await hiddenPictures(path, entry) };
  if (entry.isDirectory()) return { path, is: "folder" };
  if (entry.isFile()) return byContent(path);
  const behind = await stat(path).catch(() => undefined);
  // A broken link with a picture's name is taken too: reading it will say what is wrong.
  if (!behind) return byName(path, "a link to nothing");
  if (behind.isDirectory()) return { path, is: "folder" };
  // Nothing but a file is opened: a pipe would be waited for.
  return behind.isFile() ? byContent(path) : { path, is: "other" };
}

function byContent(path: string): Entry {
  // A gallery beside the photographs is not opened to see whether it is a picture.
  if (isDatabaseInUse(path)) return { path, is: "other" };
  let head: Uint8Array;
  try {
    head = readHead(path);
  } catch (cause) {
    return byName(path, reasonOf(cause));
  }
  const kind = pictureKindOf(head);
  if (kind === undefined) return { path, is: hasPictureName(path) ? "photograph" : "other" };
  // Cameras' own files begin as TIFF does, with a thumbnail where the picture would be.
  if (kind === "tiff" && RAW_ENDINGS.has(extname(path).toLowerCase())) {
    return { path, is: "unread", kind: PICTURE_KINDS.raw.name };
  }
  const { name, read } = PICTURE_KINDS[kind];
  return read || (kind === "heic" && canReadHeic())
    ? { path, is: "photograph" }
    : { path, is: "unread", kind: name };
}

/** A file that cannot be looked into: a picture by its name, or told as unreadable. */
function byName(path: string, reason: string): Entry {
  return hasPictureName(path) ? { path, is: "photograph" } : { path, is: "unreadable", reason };
}

function hasPictureName(path: string): boolean {
  return PICTURE_ENDINGS.has(extname(path).toLowerCase());
}

/** Pictures behind a hidden name, by their names: nothing there is opened, no link there is followed. */
async function hiddenPictures(path: string, entry: Dirent): Promise<string[]> {
  if (!entry.isDirectory()) {
    // `._photo.jpg` is what macOS keeps beside a photograph on foreign disks, and no picture.
    return hasPictureName(path) && !entry.name.startsWith("._") ? [path] : [];
  }
  const pictures: string[] = [];
  for (const inside of await entriesOf(path).catch(() => []))
    pictures.push(...(await hiddenPictures(join(path, inside.name), inside)));
  return pictures;
}

/** In order of names, by their code units: the same on every system. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/**
 * A file's first bytes, as many as say what kind of picture it is. Not asynchronous: a file takes some 15 µs so, and
 * several times that through promises, which is minutes for a million photographs.
 */
function readHead(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(PICTURE_HEAD_BYTES);
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}
