/**
 * Loaded before anything else into every process and thread that runs mutated code: says which mutants are reached, and
 * which one is on. Mutated code asks `__mutant(7) ? changed : as it was`.
 *
 * In the process of the tests mutant-runner.ts turns mutants on and off; processes and threads that tests start inherit
 * theirs by the environment, and write the numbers of those that they reach into a file.
 */
import { appendFileSync } from "node:fs";

const state = {
  /** The mutant that is on; 0 for none. */
  on: Number(process.env["ARCFACE_MUTANT"] ?? 0),
  /** For each mutant, whether it was reached. */
  reached: new Uint8Array(1 << 16),
  /** Tells of one that is reached first. */
  note(/** @type {number} */ id) {
    const file = process.env["ARCFACE_MUTANTS_REACHED"];
    if (file) appendFileSync(file, `${id}\n`);
  },
};
globalThis.__mutants = state;
globalThis.__mutant = (/** @type {number} */ id) => {
  if (state.reached[id] === 0) {
    state.reached[id] = 1;
    state.note(id);
  }
  return state.on === id;
};
