import { aborted } from "../../core/index.ts";

/** Places of the shared control words. */
const ARRIVED = 0;
const GENERATION = 1;
const STOP = 2;
const CLAIMS = 8;
const CLAIM_SLOTS = 64;

/** The number of times that a barrier looks before it sleeps: waking costs more than most waits last. */
const SPINS = 2000;

/**
 * The threads that work on one layout, seen from one of them.
 *
 * All members run the same steps in the same order. Work is cut into pieces that depend on the data alone, and
 * whoever is free takes the next, so results do not depend on how many members there are.
 */
export class Team {
  readonly part: number;
  readonly parts: number;
  readonly #control: Int32Array;
  #phase = 0;

  /** @param control shared words made by {@link Team.control} */
  constructor(part: number, parts: number, control: Int32Array) {
    this.part = part;
    this.parts = parts;
    this.#control = control;
  }

  /** Control words for a new team. */
  static control(): Int32Array {
    return new Int32Array(new SharedArrayBuffer((CLAIMS + CLAIM_SLOTS) * 4));
  }

  /** Asks every member to leave at its next barrier; may be called from any thread. */
  static stop(control: Int32Array): void {
    Atomics.store(control, STOP, 1);
    Atomics.notify(control, GENERATION);
  }

  /** Throws FaceError ABORTED once the team was asked to stop. */
  checkStopped(): void {
    if (Atomics.load(this.#control, STOP) !== 0) {
      throw aborted();
    }
  }

  /**
   * Goes on when every member has come here. What any of them wrote before is seen by all after.
   *
   * Throws    FaceError ABORTED once the team was asked to stop
   */
  barrier(): void {
    this.checkStopped();
    if (this.parts === 1) return;
    const control = this.#control;
    const generation = Atomics.load(control, GENERATION);
    if (Atomics.add(control, ARRIVED, 1) === this.parts - 1) {
      Atomics.store(control, ARRIVED, 0);
      Atomics.add(control, GENERATION, 1);
      Atomics.notify(control, GENERATION);
      return;
    }
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.load(control, GENERATION) !== generation) return;
    }
    while (Atomics.load(control, GENERATION) === generation) {
      this.checkStopped();
      Atomics.wait(control, GENERATION, generation, 200);
    }
  }

  /** Pieces [from, to) of 0…count−1 for this member, as long as there are any; every member must go through it. */
  *pieces(count: number, size: number): Generator<readonly [number, number]> {
    const slot = CLAIMS + (this.#phase % CLAIM_SLOTS);
    const later = CLAIMS + ((this.#phase + CLAIM_SLOTS / 2) % CLAIM_SLOTS);
    this.#phase++;
    if (this.part === 0) Atomics.store(this.#control, later, 0);
    for (;;) {
      const from = Atomics.add(this.#control, slot, 1) * size;
      if (from >= count) return;
      yield [from, Math.min(count, from + size)];
    }
  }

  /** Does all pieces together with the other members; returns when all are done. */
  share(count: number, size: number, work: (from: number, to: number) => void): void {
    for (const [from, to] of this.pieces(count, size)) work(from, to);
    this.barrier();
  }
}
