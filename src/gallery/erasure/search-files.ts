import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { FaceError } from "../../core/index.ts";
import type { MarkedFile } from "./find-marks.ts";
import type { Marks } from "./marks.ts";

/** The question to the searching process. */
export interface SearchRequest {
  readonly paths: readonly string[];
  readonly marks: string;
}

/** Its answer. */
export type SearchAnswer = readonly {
  readonly path: string;
  readonly bytes: number;
  readonly found: readonly (readonly [number, number])[];
}[];

/** The program, as it was built or, in a checkout that runs its sources, as it was written. */
const PROGRAM = import.meta.url.endsWith(".ts")
  ? ["--import", "tsx", fileURLToPath(new URL("./search-process.ts", import.meta.url))]
  : [fileURLToPath(new URL("./search-process.js", import.meta.url))];

/**
 * Looks for pieces in every byte of files, from another process: this one may hold them with SQLite, and would lose
 * its locks on them by closing them.
 *
 * Returns   one entry for every file that is there
 * Throws    FaceError STORAGE when the files cannot be read, or no process can be started
 */
export async function searchFiles(paths: readonly string[], marks: Marks): Promise<MarkedFile[]> {
  const request: SearchRequest = { paths, marks: marks.toString() };
  const child = spawn(process.execPath, PROGRAM, {
    stdio: ["pipe", "pipe", "pipe"],
    // Where this program is not Node itself, it has to be told to be.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
  });
  const ended = new Promise<string | undefined>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`));
  });
  // A process that ends early takes no more; why it ended is said below.
  child.stdin.on("error", () => undefined);
  child.stdin.end(JSON.stringify(request));
  const [answer, errors, trouble] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (trouble !== undefined) {
    const why = errors.split("\n").find((line) => /error/i.test(line)) ?? trouble;
    throw new FaceError("STORAGE", {
      where: paths[0]!,
      expected: "files that can be searched",
      reason: why.trim(),
    });
  }
  return (JSON.parse(answer) as SearchAnswer).map(({ found, ...file }) => ({
    ...file,
    found: new Map(found),
  }));
}
