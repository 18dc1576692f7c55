import { fork } from "node:child_process";
import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FaceError, type Progress } from "../core/index.ts";
import type { Studies } from "../serve/index.ts";
import { EXIT } from "./exit-codes.ts";
import type { ModelFlags } from "./options.ts";
import { expectWritableFolder } from "./outputs.ts";

/** The program, built: a checkout that runs its sources has it in `dist/`. */
const PROGRAM = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../../dist/cli/study-process.js" : "./study-process.js",
    import.meta.url,
  ),
);

/** Milliseconds after which a process that was asked to end is ended. */
const GRACE_MS = 4000;

/** Flags of {@link ModelFlags} that a study takes over. Licences were accepted once for all. */
const TAKEN_OVER = [
  "model",
  "detector",
  "minFace",
  "turned",
  "flip",
  "preset",
  "under",
  "inputSize",
  "channels",
  "mean",
  "scale",
  "dimension",
  "layout",
  "inputName",
  "outputName",
] as const satisfies readonly (keyof ModelFlags)[];

/** Words and progress of a command in a process of its own. */
export type StudyMessage = { readonly words: readonly string[] } | { readonly progress: Progress };

/**
 * Studies and evaluations for a service, each by the command in a process of its own: it needs much memory and a core for a
 * while, and a service that answers must neither wait for it nor end with it.
 *
 * @param folder the place for pages
 * @param flags as the service was given them
 * Throws    FaceError STORAGE where nothing can be written there
 */
export async function servedStudies(folder: string, flags: ModelFlags): Promise<Studies> {
  await expectWritableFolder(folder);
  return {
    folder: resolve(folder),
    run: async (kind, people, to, { pipeline, signal, onProgress }) => {
      const [args, page] =
        kind === "study"
          ? [["study", people, "--out", to], "report.html"]
          : [["evaluate", "folder", people, "--report", to], "index.html"];
      const { model, detector, flip } = pipeline;
      const own = modelArgs({ model: model.id, ...(detector && { detector: detector.id }), flip, ...flags });
      const { code, words } = await command([...args, "--jobs", "1", ...own], signal, onProgress);
      if (code === EXIT.ok || code === EXIT.partial) {
        const written = await access(join(to, page)).then(
          () => true,
          () => false,
        );
        if (written) return page;
      }
      throw new FaceError("BAD_FILE", {
        where: kind,
        expected: "a folder with a folder of photographs for each of several people",
        reason:
          code === EXIT.noMatch
            ? "no face was found in it"
            : (words.at(-1) ?? `its process ended by ${code}`),
      });
    },
  };
}

/** Flags that say which model is meant, as a command line has them. */
function modelArgs(flags: ModelFlags): string[] {
  return TAKEN_OVER.flatMap((name) => {
    const value = flags[name];
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined || value === false) return [];
    return value === true ? [flag] : [`${flag}=${String(value)}`];
  });
}

/** Runs a command of this program. Returns how it ended, and what it said. Throws FaceError ABORTED. */
async function command(
  args: readonly string[],
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<{ readonly code: number | NodeJS.Signals; readonly words: readonly string[] }> {
  const child = fork(PROGRAM, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  let grace: NodeJS.Timeout | undefined;
  // Losing this process is what tells it to end, as when this one is killed.
  const stop = (): void => {
    if (child.connected) child.disconnect();
    grace ??= setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const words: string[] = [];
  child.on("message", (message) => {
    const told = message as StudyMessage;
    if ("words" in told) words.push(...told.words.map((line) => line.trim()).filter((line) => line !== ""));
    else onProgress(told.progress.done, told.progress.total ?? 0);
  });
  try {
    const code = await new Promise<number | NodeJS.Signals>((settle, fail) => {
      child.once("exit", (status, ended) => settle(ended ?? status ?? 0));
      child.once("error", fail);
    });
    if (signal.aborted)
      throw new FaceError("ABORTED", { where: "study", expected: "to be let finish", got: "a stop" });
    return { code, words };
  } finally {
    clearTimeout(grace);
    signal.removeEventListener("abort", stop);
  }
}
