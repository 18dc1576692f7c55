import { normalize, seeded, type UnitVector } from "../core/index.ts";
import type { Pipeline } from "../models/index.ts";
import type { NewFace } from "./records.ts";

/** Face-like vectors: about `likeness` to others of the person, about 0 to everyone else. */
export class MadeFaces {
  readonly #random;
  readonly #dimension: number;

  constructor(seed: number, dimension = 64) {
    this.#random = seeded(seed);
    this.#dimension = dimension;
  }

  direction(): UnitVector {
    return normalize(Float32Array.from({ length: this.#dimension }, () => this.#gaussian()));
  }

  near(centre: UnitVector, likeness = 0.6): UnitVector {
    const [own, other] = [Math.sqrt(likeness), Math.sqrt(1 - likeness)];
    const noise = this.direction();
    return normalize(Float32Array.from(centre, (value, i) => own * value + other * noise[i]!));
  }

  face(centre: UnitVector, source = "made.jpg"): NewFace {
    const crop = Uint8Array.from({ length: 3000 }, () => this.#random.below(256));
    return { vector: this.near(centre), crop, provenance: provenance(source) };
  }

  #gaussian(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random.next())) * Math.cos(2 * Math.PI * this.#random.next());
  }
}

/** Provenance of a made face. */
export function provenance(source: string): NewFace["provenance"] {
  return {
    source,
    sha256: "ab".repeat(32),
    box: { x: 1.5, y: -2, width: 30, height: 40 },
    landmarks: [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10.25],
    ],
    score: 0.987654321,
  };
}

/** The pipeline of made vectors. */
export function madePipeline(dimension = 64, id = "made"): Pipeline {
  return {
    model: { id, sha256: Buffer.from(id).toString("hex").padEnd(64, "0"), output: "y", dimension },
    feed: { layout: "NCHW", sizePx: 112, channels: "RGB", mean: [0, 0, 0], scale: [1, 1, 1] },
    alignment: { template: "arcface-5-point", version: 1, crop: 1 },
    detector: { id: "mtcnn", sha256: "cd".repeat(32), minFacePx: null, maxSidePx: null, turned: false },
    flip: false,
  };
}
