import { Worker } from "node:worker_threads";
// For what it does when it is loaded in the main thread: the engine's telemetry is off in this process, and the thread
// need not ask for that.
import type { Fault } from "../core/index.ts";
import "../core/index.ts";
import { refusal, type TrialAnswer, type TrialRequest } from "./trial.ts";

/*
 * The process of a trial. The network runs in a thread; this one keeps time and looks at the memory, so that it can end
 * both whatever native code is doing.
 */

/** Between two looks at the memory, in milliseconds. */
const LOOK_MS = 25;

const end = (): void => void process.kill(process.pid, "SIGKILL");
const answer = (message: TrialAnswer): void => void process.send!(message, end);
const refuse = (fault: Fault): void => answer(refusal(fault));

process.on("disconnect", end);
process.once("message", ({ limits, ...task }: TrialRequest) => {
  const { seconds, bytes } = limits;
  setTimeout(
    () =>
      refuse({
        expected: `a network that is opened and run within ${seconds} s`,
        got: "one that takes longer",
      }),
    seconds * 1000,
  );
  const before = process.memoryUsage.rss();
  const look = setInterval(() => {
    if (process.memoryUsage.rss() - before <= bytes) return;
    clearInterval(look);
    refuse({
      expected: `a network that is opened and run within ${(bytes / 2 ** 30).toFixed(1)} GiB of memory`,
      got: "one that takes more",
    });
  }, LOOK_MS);
  const thread = new Worker(new URL("./trial-thread.js", import.meta.url), { workerData: task });
  thread.on("message", answer);
  thread.on("error", ({ message }) =>
    refuse({ expected: "a network that can be opened and run", reason: message }),
  );
  // An answer is there before the thread's end; the first one counts.
  thread.on("exit", () =>
    refuse({ expected: "a network that can be opened and run", got: "one that never answered" }),
  );
});
