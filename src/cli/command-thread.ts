import { isatty } from "node:tty";
import { parentPort } from "node:worker_threads";
import { FaceError } from "../core/index.ts";
import { EXIT } from "./exit-codes.ts";
import { reportError } from "./failures.ts";
import type { CliIo } from "./io.ts";
import { main } from "./main.ts";
import { stopProgressBars } from "./progress-bar.ts";
import { visibleLines } from "./visible-lines.ts";
import { writeNow } from "./write-now.ts";

/** A command, in a thread of its own: see `run-command.ts`. */
const controller = new AbortController();
parentPort!.on("message", () => controller.abort());
// Only the command keeps the thread alive.
parentPort!.unref();

/** The exit code of a command whose output nobody takes any more. */
let unread: number | undefined;
/** Ends the command as a signal does: a thread that left amid native work would take the process down with it. */
const stopUnread = (code: number): void => {
  unread = code;
  controller.abort();
  parentPort!.postMessage("unread");
};

const write = (descriptor: 1 | 2, lines: readonly string[]): void => {
  if (unread !== undefined) return;
  try {
    // A reader that went away is no reason for a stack trace.
    if (!writeNow(descriptor, visibleLines(lines))) stopUnread(EXIT.ok);
  } catch (thrown) {
    // Output that cannot be written is no reason to go on; that standard error cannot be written, nobody can be told.
    if (descriptor === 1) {
      stopProgressBars();
      const error = new FaceError("STORAGE", {
        where: "standard output",
        expected: "it to be written",
        cause: thrown,
      });
      reportError(io, error, process.argv.includes("--json"));
    }
    stopUnread(EXIT.badInput);
  }
};
const io: CliIo = {
  out: (...lines) => write(1, lines),
  err: (...lines) => write(2, lines),
  interactive: isatty(2),
  env: process.env,
  signal: controller.signal,
  mayTake: (ms) => parentPort!.postMessage(ms),
};

const code = await main(process.argv.slice(2), io);
process.exitCode = unread ?? code;
