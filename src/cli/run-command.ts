import { isatty } from "node:tty";
import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { type Complaint, internal, sentenceOf } from "../core/index.ts";
import { EXIT } from "./exit-codes.ts";
import { reportError } from "./failures.ts";
import { visibleLines } from "./visible-lines.ts";
import { writeNow } from "./write-now.ts";

/** The time that a command that was asked to stop may take to do so unless it says otherwise, in milliseconds. */
const GRACE_MS = 1000;

/** Cursor shown, lines wrapped, and whatever stood in the last line gone. */
const TERMINAL_AS_IT_WAS = "\u001b[?25h\u001b[?7h\r\u001b[K";

/** The exit code that Node.js gives a thread whose work waits for something that will not happen. */
const UNSETTLED = 13;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs a command line in a thread, so that this one can always be interrupted, whatever loop or native code the command
 * is in.
 *
 * The first signal asks the command to stop; where it has not after {@link GRACE_MS}, or the time it has asked for, and at a second signal, the
 * process ends by that signal as if nobody had caught it (130 to a shell for Ctrl-C). A terminal is left as it was. A
 * command whose output nobody reads any more stops as well, or ends by SIGTERM.
 *
 * Returns   the exit code; see `exit-codes.ts`
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  // `command-thread.ts`, bundled by tools/bundle-command.js.
  const thread = new Worker(new URL("./bundle/command-thread.js", import.meta.url), {
    argv: [...argv],
    // Node 22 warns that its SQLite is experimental; whoever runs a command can do nothing about it.
    execArgv: [...process.execArgv, "--disable-warning=ExperimentalWarning"],
    // A thread has less memory than the process unless it is told otherwise.
    resourceLimits: { maxOldGenerationSizeMb: Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20) },
  });
  let asked = false;
  let graceMs = GRACE_MS;
  let grace: NodeJS.Timeout | undefined;
  thread.on("message", (told: number | "unread") => {
    if (told !== "unread") {
      graceMs = told;
      return;
    }
    asked = true;
    grace ??= setTimeout(() => endBy("SIGTERM"), graceMs);
  });
  for (const signal of SIGNALS)
    process.on(signal, () => {
      if (asked) endBy(signal);
      asked = true;
      thread.postMessage("stop");
      grace = setTimeout(() => endBy(signal), graceMs);
    });
  const defect = (told: string | Complaint): number => {
    const err = (...lines: readonly string[]): void => void writeNow(2, visibleLines(lines));
    reportError({ err }, internal(told), argv.includes("--json"));
    return EXIT.internal;
  };
  return await new Promise((resolve) => {
    thread.on("error", (thrown) => resolve(defect(sentenceOf(thrown))));
    thread.on("exit", (code) => {
      clearTimeout(grace);
      if (asked) restoreTerminal();
      resolve(
        code === UNSETTLED && !asked
          ? defect({
              where: "command",
              expected: "an end with an answer",
              got: "one that waits for nothing",
            })
          : code,
      );
    });
  });
}

/** Ends the process as the signal does by itself: at once, native code included. */
function endBy(signal: NodeJS.Signals): void {
  restoreTerminal();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function restoreTerminal(): void {
  if (isatty(2)) writeNow(2, TERMINAL_AS_IT_WAS);
}
