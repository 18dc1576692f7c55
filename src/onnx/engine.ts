import { Session as Inspector } from "node:inspector";
import { getEnvironmentData, isMainThread } from "node:worker_threads";
import type * as onnxruntime from "onnxruntime-common";
import { FaceError, reasonOf, TELEMETRY_SETTLED, TELEMETRY_SWITCH } from "../core/index.ts";
import { loadPackage } from "../registry/index.ts";
import { ENGINE_PACKAGE } from "./engine-package.ts";

/** onnxruntime's own interface. */
export type Engine = typeof onnxruntime & {
  /** Execution providers, and whether they lie in the installed package. */
  listSupportedBackends(): readonly { readonly name: string; readonly bundled: boolean }[];
};

let engine: Promise<Engine> | undefined;

/**
 * The engine, fetched and loaded when it is first needed, with its telemetry off unless the environment has
 * ORT_DISABLE_TELEMETRY.
 *
 * Throws    FaceError USAGE in a worker whose main thread cannot be reached to switch the telemetry off; as
 *           {@link loadPackage}
 */
export async function loadEngine(): Promise<Engine> {
  engine ??= load().catch((thrown: unknown) => {
    // A step that failed, such as a download, may be tried again.
    engine = undefined;
    throw thrown;
  });
  return await engine;
}

async function load(): Promise<Engine> {
  if (!isMainThread && getEnvironmentData(TELEMETRY_SETTLED) !== true) await setInProcess();
  return (await loadPackage(ENGINE_PACKAGE)) as Engine;
}

/** The time that the main thread may take to answer, in milliseconds: one that is busy answers when it is done. */
const ANSWER_MS = 60_000;

/** Between two looks for the answer, in milliseconds. */
const LOOK_MS = 20;

/** Sets the switch in the process from a worker whose main thread has not loaded this library. */
async function setInProcess(): Promise<void> {
  const value = JSON.stringify(process.env[TELEMETRY_SWITCH] ?? "1");
  const expression = `void (process.env.${TELEMETRY_SWITCH} ??= ${value})`;
  let look: NodeJS.Timeout | undefined;
  try {
    const inspector = new Inspector();
    inspector.connectToMainThread();
    await new Promise<void>((resolve, reject) => {
      // The answer keeps no thread alive, and on Node 20 does not always wake one that waits: it is then found at the
      // next look.
      const until = performance.now() + ANSWER_MS;
      look = setInterval(() => {
        if (performance.now() > until)
          reject(new Error(`the main thread did not answer within ${ANSWER_MS / 1000} s`));
      }, LOOK_MS);
      inspector.post("Runtime.evaluate", { expression }, (error, answer) => {
        if (error) reject(error);
        else if (answer.exceptionDetails) reject(new Error(answer.exceptionDetails.text));
        else resolve();
      });
    });
    inspector.disconnect();
  } catch (cause) {
    throw new FaceError("USAGE", {
      where: "onnxruntime",
      expected: `${TELEMETRY_SWITCH} in the environment, or arcface-ts imported on the main thread first`,
      got: `neither: a worker cannot switch telemetry off here (${reasonOf(cause)})`,
      cause,
    });
  } finally {
    clearInterval(look);
  }
}
