import type { ErrorCode } from "../core/index.ts";

/** Meanings of the process's exit code. `partial`: some inputs of several failed, and the rest was done. */
export const EXIT = {
  ok: 0,
  noMatch: 1,
  usage: 2,
  badInput: 3,
  internal: 4,
  partial: 5,
  interrupted: 130,
} as const;

/** The exit code for a failure that ended a command. */
export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case "USAGE":
    case "MODEL_UNKNOWN":
    case "PERSON_UNKNOWN":
    case "LICENCE":
      return EXIT.usage;
    case "INTERNAL":
    case "CLOSED":
    case "SHAPE":
      return EXIT.internal;
    case "ABORTED":
      return EXIT.interrupted;
    default:
      return EXIT.badInput;
  }
}
