import { writeSync } from "node:fs";
import { systemCode } from "../core/index.ts";

/** The time that a full pipe is waited for before the next try, in milliseconds. */
const PIPE_FULL_MS = 5;

const nobody = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of a text to one of the process's own descriptors before it returns, so that a slow reader slows the
 * writer and nothing is queued in memory.
 *
 * Returns   false when the reader went away (`| head`)
 * Throws    what the operating system says otherwise
 */
export function writeNow(descriptor: 1 | 2, text: string): boolean {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (thrown) {
      const code = systemCode(thrown);
      if (code === "EPIPE" || code === "EOF") return false;
      if (code !== "EAGAIN") throw thrown;
      Atomics.wait(nobody, 0, 0, PIPE_FULL_MS);
    }
  }
  return true;
}
