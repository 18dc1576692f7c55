import { isMainThread, setEnvironmentData } from "node:worker_threads";

/*
 * onnxruntime 1.30 reports to its maker unless its process has ORT_DISABLE_TELEMETRY when it begins: it writes an
 * identity and a database into the user's cache folder, and connects to its maker's collector. So the variable is set
 * before the engine is loaded, unless the user has set it. Native code sees the main thread's `process.env` only: a
 * worker's is a copy. Here, at the bottom, because every door of the library passes by.
 */

/** The setting that switches the engine's telemetry off. */
export const TELEMETRY_SWITCH = "ORT_DISABLE_TELEMETRY";

/** Under which name workers are told that their process has the switch. */
export const TELEMETRY_SETTLED = "arcface-ts: ORT_DISABLE_TELEMETRY is set in this process";

if (isMainThread) {
  process.env[TELEMETRY_SWITCH] ??= "1";
  setEnvironmentData(TELEMETRY_SETTLED, true);
}
