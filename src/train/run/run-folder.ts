import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaceError, reasonOf, systemCode } from "../../core/index.ts";
import { FileLock } from "../file-lock.ts";
import { parseTrainConfig, printConfig, readSettings, type TrainConfig } from "./config.ts";
import { EventLog, rewindEvents } from "./event-log.ts";

const CONFIG = "config.yaml";
const EVENTS = "events.jsonl";

/** The folder of one training run: its configuration, events and checkpoints. One process holds it at a time. */
export class RunFolder {
  readonly path: string;
  readonly config: TrainConfig;
  readonly #lock: FileLock;
  #events: EventLog | undefined;

  private constructor(path: string, config: TrainConfig, lock: FileLock) {
    this.path = path;
    this.config = config;
    this.#lock = lock;
  }

  /**
   * A folder for a new run. It stays empty until the run {@link begin}s, so that one that could not may be tried again.
   *
   * Throws    FaceError STORAGE when another process trains into it, USAGE when it holds a run
   */
  static create(path: string, config: TrainConfig): RunFolder {
    return RunFolder.#open(path, () => {
      if (existsSync(join(path, CONFIG)))
        throw new FaceError("USAGE", {
          where: path,
          expected: "a new folder",
          got: "one with a run in it",
          note: `--resume ${path} goes on with it`,
        });
      return config;
    });
  }

  /** The folder of a run that was begun. Throws FaceError BAD_FILE when there is none, STORAGE when it is going on. */
  static resume(path: string): RunFolder {
    const file = join(path, CONFIG);
    if (!existsSync(file))
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: "the folder of a run",
        got: `no ${CONFIG} in it`,
      });
    return RunFolder.#open(path, () => parseTrainConfig(readSettings(file), file));
  }

  static #open(path: string, configure: () => TrainConfig): RunFolder {
    const busy = { where: path, expected: "a folder that nobody trains into", got: "another run" };
    const lock = FileLock.take(join(path, "lock"), busy);
    try {
      return new RunFolder(path, configure(), lock);
    } catch (thrown) {
      lock.release();
      throw thrown;
    }
  }

  /** Writes the configuration of a new run. Throws FaceError STORAGE. */
  begin(): void {
    const file = join(this.path, CONFIG);
    if (existsSync(file)) return;
    try {
      mkdirSync(this.checkpoints, { recursive: true });
      writeFileAtomic.sync(file, printConfig(this.config));
    } catch (cause) {
      const got = systemCode(cause) === "ENOSPC" ? "a full disk" : reasonOf(cause);
      throw new FaceError("STORAGE", {
        where: this.path,
        expected: "a folder that can be written",
        got,
        cause,
      });
    }
  }

  get checkpoints(): string {
    return join(this.path, "checkpoints");
  }

  /** The log, with nothing after this step. */
  eventsUpTo(step: number): EventLog {
    const file = join(this.path, EVENTS);
    if (!this.#events) rewindEvents(file, step);
    this.#events ??= EventLog.open(file);
    return this.#events;
  }

  /** A file's place in this folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Lets go of the folder; a second call does nothing. */
  close(): void {
    this.#events?.close();
    this.#lock.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
