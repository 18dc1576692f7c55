import type { CliIo } from "./io.ts";

/** Turns a function that returns an exit code into a command's action. */
export type Act = <A extends unknown[]>(
  run: (io: CliIo, ...args: A) => Promise<number>,
) => (...args: A) => Promise<void>;
