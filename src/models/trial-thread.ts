import { parentPort, workerData } from "node:worker_threads";
import { FaceError, internal, sentenceOf } from "../core/index.ts";
import { prepareNetwork } from "./prepare.ts";
import type { TrialAnswer, TrialRequest } from "./trial.ts";

/** The thread of a trial: opens the network, runs it, and brings it into the form in which it runs fastest. */
const { file, options } = workerData as Pick<TrialRequest, "file" | "options">;
const say = (answer: TrialAnswer): void => parentPort!.postMessage(answer);
try {
  say({ kind: "prepared", ...(await prepareNetwork(file, options)) });
} catch (thrown) {
  const { parts: error } = thrown instanceof FaceError ? thrown : internal(sentenceOf(thrown));
  say({ kind: "failed", error });
}
