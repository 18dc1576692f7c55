import { fetchPackage } from "../registry/index.ts";
import { ENGINE_PACKAGE } from "./engine-package.ts";

/**
 * Makes sure that the engine is on this machine, without loading it: fetches it from the npm registry where neither the
 * project nor the cache folder has it.
 *
 * Throws    FaceError USAGE where it has no files for this platform; NETWORK, MODEL_DAMAGED, STORAGE
 */
export async function fetchEngine(): Promise<void> {
  await fetchPackage(ENGINE_PACKAGE);
}
