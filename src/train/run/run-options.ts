import type { WorkOptions } from "../../core/index.ts";
import type { ModelStore } from "../../models/index.ts";
import type { TrainConfig } from "./config.ts";
import type { RunEvent } from "./events.ts";

/** Options with which a run is begun or resumed. */
export interface RunOptions extends WorkOptions {
  /** Folder of the run. */
  readonly out: string;
  /** The configuration to train; undefined goes on with the run that is in the folder. */
  readonly config?: TrainConfig | undefined;
  readonly store?: ModelStore | undefined;
  /** Threads that prepare batches. @default half the cores */
  readonly workers?: number | undefined;
  /** Threads inside an operation. @default one per core */
  readonly threads?: number | undefined;
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
}
