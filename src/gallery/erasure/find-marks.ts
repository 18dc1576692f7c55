import { open, stat } from "node:fs/promises";
import { systemCode } from "../../core/index.ts";
import type { Marks } from "./marks.ts";

/** A file is read in parts of this size. */
export const PART_BYTES = 4 << 20;

/** A file that was searched: in how many places the piece of each mark is, for those that are there at all. */
export interface MarkedFile {
  readonly path: string;
  readonly bytes: number;
  readonly found: ReadonlyMap<number, number>;
}

/**
 * Looks for pieces in every byte of files, in one pass whatever their number.
 *
 * Opens and closes the files: never to be called in a process that holds one of them with SQLite, because whoever
 * closes a file takes all of the process's locks on it away (POSIX). {@link searchFiles} asks another process.
 *
 * Returns   one entry for every file that is there
 */
export async function findMarks(paths: readonly string[], marks: Marks): Promise<MarkedFile[]> {
  const searched: MarkedFile[] = [];
  for (const path of paths) {
    const bytes = await stat(path).then(
      (found) => (found.isFile() ? found.size : undefined),
      (cause: unknown) => {
        if (systemCode(cause) === "ENOENT") return undefined;
        throw cause;
      },
    );
    if (bytes !== undefined) searched.push({ path, bytes, found: await countMarks(partsOf(path), marks) });
  }
  return searched;
}

async function* partsOf(path: string): AsyncGenerator<Uint8Array> {
  await using file = await open(path, "r");
  for (;;) {
    const buffer = Buffer.alloc(PART_BYTES);
    const { bytesRead } = await file.read(buffer, 0, PART_BYTES, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Counts the places of a stream where pieces begin, pieces across two parts of it too. */
export async function countMarks(
  parts: AsyncIterable<Uint8Array>,
  marks: Marks,
): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  let rest: Uint8Array = new Uint8Array(0);
  for await (const part of parts) {
    const bytes = Buffer.concat([rest, part]);
    // Places whose piece might go on behind this part are left to the next.
    const until = Math.max(0, bytes.length - (marks.longest - 1));
    marks.count(bytes, until, found);
    rest = bytes.subarray(until);
  }
  marks.count(rest, rest.length, found);
  return found;
}
