import { setPriority } from "node:os";
import type { CliIo } from "./io.ts";
import { main } from "./main.ts";
import type { StudyMessage } from "./served-studies.ts";

/*
 * The process of a study that a service was asked for: a command whose words and progress go to the service. It ends when
 * it loses the service, whatever became of that, so that no two ever write one page.
 */

/** Milliseconds after which native code that does not stop is ended. */
const GRACE_MS = 3000;

/** A fourth of what others get of a processor for which there are many. */
const NICENESS = 5;

const lost = new AbortController();
process.on("disconnect", () => {
  lost.abort();
  setTimeout(() => process.exit(1), GRACE_MS).unref();
});
// Only the command keeps the process alive. The service may be gone by now.
if (process.channel) process.channel.unref();
else process.exit(1);
try {
  // Whoever asks the service comes first, and a busy machine still gets on with it.
  setPriority(NICENESS);
} catch {
  // Not every system lets one.
}

const tell = (message: StudyMessage): void => {
  if (process.connected) process.send!(message, () => undefined);
};
const io: CliIo = {
  out: () => undefined,
  err: (...words) => tell({ words }),
  interactive: false,
  env: process.env,
  signal: lost.signal,
  onProgress: (progress) => tell({ progress }),
};
process.exitCode = await main(process.argv.slice(2), io);
