import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { FaceError } from "../core/index.ts";

/** Bytes of a command's last words that are kept. */
const LAST_WORDS = 4000;

interface Run {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Studies and evaluations for a service, each by the command in a process of its own: it needs much memory and every core for a
 * while, and a service that answers must neither wait for it nor end with it.
 *
 * @param own flags that name the model, as the service was given them
 */
export function servedStudies(folder: string, own: readonly string[]) {
  return {
    folder,
    run: async (kind: "study" | "evaluate", people: string, to: string, run: Run): Promise<string> => {
      const [args, page] =
        kind === "study"
          ? [["study", people, "--out", to], "report.html"]
          : [["evaluate", "folder", people, "--report", to], "index.html"];
      const words = await command([...args, "--jobs", "1", ...own], run);
      const written = await access(join(to, page)).then(
        () => true,
        () => false,
      );
      if (written) return page;
      throw new FaceError("BAD_FILE", {
        where: kind,
        expected: "a folder with a folder of photographs for each of several people",
        reason: words.trim().split("\n").at(-1) || "nothing was written",
      });
    },
  };
}

/** Runs a command of this program. Returns its last words on standard error. Throws FaceError ABORTED. */
async function command(args: readonly string[], { signal, onProgress }: Run): Promise<string> {
  const child = spawn(process.execPath, [process.argv[1]!, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const stop = (): void => {
    child.kill("SIGINT");
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  let words = "";
  child.stderr.on("data", (part: Buffer) => {
    const text = part.toString();
    words = `${words}${text}`.slice(-LAST_WORDS);
    const [, done, total] = /: (\d+) of (\d+)/.exec(text) ?? [];
    if (total !== undefined) onProgress(Number(done), Number(total));
  });
  await new Promise<void>((settle, fail) => {
    child.once("close", () => settle());
    child.once("error", fail);
  });
  signal.removeEventListener("abort", stop);
  if (signal.aborted) throw new FaceError("ABORTED", { where: "study", expected: "to be let finish", got: "a stop" });
  return words;
}
