import { copyFile, link, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { draftOf, FaceError, systemCode } from "../core/index.ts";

/** A folder to be written: its name and the photographs that go into it. */
export interface GroupFolder {
  readonly name: string;
  readonly photographs: readonly string[];
}

/**
 * Writes a folder per group with its photographs, and `clusters.json` beside them; whole or not at all.
 *
 * Photographs keep their names; of several with one name, the later ones get a number. A hard link is made only where
 * it can be (one file system), and a copy elsewhere.
 *
 * Throws    FaceError USAGE when there is something at `out` already, BAD_FILE for a photograph that cannot be read,
 *           STORAGE when the folders cannot be written
 */
export async function writeGroups(
  out: string,
  groups: readonly GroupFolder[],
  summary: unknown,
  how: "copy" | "link",
): Promise<void> {
  await expectNewFolder(out);
  const temporary = draftOf(out);
  try {
    await mkdir(temporary, { recursive: true });
    for (const { name, photographs } of groups) {
      await mkdir(join(temporary, name));
      const taken = new Set<string>();
      for (const photograph of new Set(photographs)) {
        await place(photograph, join(temporary, name, freeName(basename(photograph), taken)), how);
      }
    }
    await writeFile(join(temporary, "clusters.json"), `${JSON.stringify(summary, undefined, 2)}\n`);
    await rm(out, { recursive: true, force: true });
    await rename(temporary, out);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    if (cause instanceof FaceError) throw cause;
    throw new FaceError("STORAGE", { where: out, expected: "a folder that can be written", cause });
  }
}

/** Throws    FaceError USAGE unless there is nothing at a path, or an empty folder */
export async function expectNewFolder(out: string): Promise<void> {
  const inside = await readdir(out).catch((cause: unknown) => {
    if (systemCode(cause) === "ENOENT") return [];
    throw new FaceError("USAGE", { where: out, expected: "a folder to write to", cause });
  });
  if (inside.length > 0) {
    throw new FaceError("USAGE", {
      where: out,
      expected: "a new or empty folder",
      got: `one with ${inside.length} entries`,
    });
  }
}

/** Case is ignored: some file systems do. */
function freeName(name: string, taken: Set<string>): string {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  let free = name;
  for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${stem} (${n})${extension}`;
  taken.add(free.toLowerCase());
  return free;
}

async function place(photograph: string, to: string, how: "copy" | "link"): Promise<void> {
  if (how === "link") {
    try {
      await link(photograph, to);
      return;
    } catch {
      // Another file system, or one without links: a copy does as well.
    }
  }
  try {
    await copyFile(photograph, to);
  } catch (cause) {
    if (systemCode(cause) === "ENOSPC") throw cause;
    throw new FaceError("BAD_FILE", { where: photograph, expected: "a photograph to copy", cause });
  }
}
