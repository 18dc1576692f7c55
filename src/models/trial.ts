import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { aborted, type ErrorParts, FaceError, type Fault, throwIfAborted } from "../core/index.ts";
import { fetchEngine } from "../onnx/index.ts";
import type { PreparedNetwork, PrepareOptions } from "./prepare.ts";

/** Limits of a network of unknown origin that is opened and run for the first time. */
export interface TrialLimits {
  readonly seconds: number;
  /** Of memory, of the whole process. */
  readonly bytes: number;
}

/** The question to the process of a trial. */
export interface TrialRequest {
  readonly file: Uint8Array;
  readonly options: Pick<PrepareOptions, "input" | "example" | "anySize">;
  readonly limits: TrialLimits;
}

/** Its answer. Errors travel as their parts, because a thrown one loses them on the way. */
export type TrialAnswer =
  | ({ readonly kind: "prepared" } & PreparedNetwork)
  | { readonly kind: "failed"; readonly error: ErrorParts };

/** The answer of a trial that a network did not pass. */
export function refusal(fault: Fault): TrialAnswer {
  return { kind: "failed", error: new FaceError("BAD_MODEL", { where: "", ...fault }).parts };
}

/** The program, built: a checkout that runs its sources has it in `dist/`. */
const PROGRAM = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../../dist/models/trial-process.js" : "./trial-process.js",
    import.meta.url,
  ),
);

/** Limits that networks for faces keep many times over: iResNet-100 takes two seconds and 1.5 GB. */
export function trialLimits(file: Uint8Array): TrialLimits {
  return { seconds: 60, bytes: 2 ** 31 + 8 * file.length };
}

/**
 * Prepares a network of unknown origin in a process of its own, which ends when it takes too long, takes too much memory,
 * or loses this one: what has come through that may be run here.
 *
 * Throws    FaceError BAD_MODEL, ABORTED; as {@link fetchEngine}
 */
export async function prepareInTrial(
  file: Uint8Array,
  { input, example, anySize, signal }: PrepareOptions,
  limits: TrialLimits = trialLimits(file),
): Promise<PreparedNetwork> {
  throwIfAborted(signal);
  // Its time is for the network, not for a download.
  await fetchEngine();
  const child = fork(PROGRAM, {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: [],
  });
  const stop = (): void => void child.kill("SIGKILL");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const answer = await new Promise<TrialAnswer>((resolve) => {
      const failed = (fault: Fault): void => resolve(refusal(fault));
      child.on("message", (message) => resolve(message as TrialAnswer));
      child.on("error", ({ message }) =>
        failed({ expected: "a process to try the network in", reason: message }),
      );
      child.on("exit", (code, ended) => {
        if (ended === "SIGINT" || ended === "SIGTERM") resolve({ kind: "failed", error: aborted().parts });
        else
          failed({
            expected: "a network that can be opened and run",
            got: `one that ended its process (${ended ?? code})`,
          });
      });
      const request: TrialRequest = {
        file,
        options: { input, example, ...(anySize === undefined ? {} : { anySize }) },
        limits,
      };
      // One that ends early takes no more; why it ended is said above.
      child.send(request, () => undefined);
    });
    throwIfAborted(signal);
    if (answer.kind === "failed") throw new FaceError(answer.error.code, answer.error);
    return { onnx: answer.onnx, report: answer.report };
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}
