import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cosine, normalize, seeded, type UnitVector } from "../src/core/index.ts";
import { ModelStore, sha256 } from "../src/models/index.ts";
import {
  newScanMemory,
  openScanKernel,
  type ScanKernel,
  scanProgram,
} from "../src/search/kernel/scan-kernel.ts";
import { symmetricEigen } from "../src/search/symmetric-eigen.ts";

/** Embeddings of real faces, one list of photographs a person. */
export interface RealPeople {
  readonly dimension: number;
  readonly people: readonly (readonly UnitVector[])[];
}

/**
 * Faces of LFW as `evaluate` keeps them once it has embedded them (`tools/fill-face-caches.ts` does so too): the first face of
 * each photograph. Undefined where the photographs or the network's faces are not there.
 *
 * @param photographs a folder of folders, one a person
 */
export async function readRealPeople(model: string, photographs: string): Promise<RealPeople | undefined> {
  const folder = join(new ModelStore({ home: process.env["ARCFACE_HOME"] }).home, "evaluations");
  const byDigest = new Map<string, UnitVector>();
  for (const name of await readdir(folder).catch(() => [])) {
    const text = await readFile(join(folder, name), "utf8");
    const lines = text.split("\n");
    const { pipeline } = JSON.parse(lines[0]!) as {
      pipeline: { model: { id: string }; flip: boolean };
    };
    if (pipeline.model.id !== model || pipeline.flip) continue;
    for (const line of lines.slice(1)) {
      if (line === "") continue;
      const { sha256: digest, faces } = JSON.parse(line) as {
        sha256: string;
        faces: { embedding: string }[];
      };
      if (!faces[0]) continue;
      const bytes = new Uint8Array(Buffer.from(faces[0].embedding, "base64"));
      byDigest.set(digest, normalize(new Float32Array(bytes.buffer)));
    }
  }
  const people: UnitVector[][] = [];
  for (const person of await readdir(photographs).catch(() => [])) {
    const vectors: UnitVector[] = [];
    for (const file of await readdir(join(photographs, person))) {
      const vector = byDigest.get(sha256(await readFile(join(photographs, person, file))));
      if (vector) vectors.push(vector);
    }
    if (vectors.length > 0) people.push(vectors);
  }
  return people.length > 0 ? { dimension: people[0]![0]!.length, people } : undefined;
}

/**
 * Made-up people with the spread of real ones: each is drawn from a normal distribution with the mean and covariance that real
 * people's centres have, each photograph from one with the covariance of photographs around their person's centre.
 */
export class GrownPeople {
  readonly dimension: number;
  readonly #mean: Float64Array;
  readonly #between: Normal;
  readonly #within: Normal;
  #person = -1;
  #centre = new Float32Array(0);

  constructor({ dimension, people }: RealPeople) {
    this.dimension = dimension;
    const centres = people.map((photographs) => meanOf(photographs, dimension));
    this.#mean = meanOf(centres, dimension);
    const within = new Float64Array(dimension * dimension);
    let degrees = 0;
    for (const [i, photographs] of people.entries()) {
      if (photographs.length < 3) continue;
      for (const vector of photographs) addSquare(within, vector, centres[i]!, 1);
      degrees += photographs.length - 1;
    }
    for (let i = 0; i < within.length; i++) within[i]! /= degrees;
    const between = new Float64Array(dimension * dimension);
    for (const centre of centres) addSquare(between, centre, this.#mean, 1 / centres.length);
    // A centre of n photographs is off by a part of 1/n of their spread.
    const off = people.reduce((sum, photographs) => sum + 1 / photographs.length, 0) / people.length;
    for (let i = 0; i < between.length; i++) between[i]! -= off * within[i]!;
    this.#between = new Normal(between, dimension);
    this.#within = new Normal(within, dimension);
  }

  /** A photograph of a person, both numbered from 0. */
  vector(person: number, image: number): UnitVector {
    if (person !== this.#person) {
      this.#centre = this.#between.draw(person, 0);
      for (let i = 0; i < this.dimension; i++) this.#centre[i]! += this.#mean[i]!;
      this.#person = person;
    }
    const vector = this.#within.draw(person, image + 1);
    for (let i = 0; i < this.dimension; i++) vector[i]! += this.#centre[i]!;
    return normalize(vector);
  }
}

/** Draws from a normal distribution around 0: its principal axes, each times its standard deviation and a normal number. */
class Normal {
  readonly #dimension: number;
  readonly #size: number;
  readonly #kernel: ScanKernel;
  readonly #numbers: Float32Array;
  readonly #drawn: Float32Array;

  constructor(covariance: Float64Array, dimension: number) {
    this.#dimension = dimension;
    this.#size = Math.ceil(dimension / 4) * 4;
    const work = symmetricEigen(covariance, dimension, dimension);
    let step = work.next();
    while (!step.done) step = work.next();
    const { values, vectors } = step.value;
    const size = this.#size;
    const memory = newScanMemory(Math.ceil((4 * size * (size + 2)) / 65_536) + 1);
    const matrix = new Float32Array(memory.buffer, 8 * size, size * size);
    for (let i = 0; i < dimension; i++)
      for (let j = 0; j < dimension; j++)
        matrix[i * size + j] = vectors[j * dimension + i]! * Math.sqrt(Math.max(0, values[j]!));
    this.#kernel = openScanKernel(memory, scanProgram());
    this.#numbers = new Float32Array(memory.buffer, 0, size);
    this.#drawn = new Float32Array(memory.buffer, 4 * size, size);
  }

  draw(person: number, part: number): Float32Array<ArrayBuffer> {
    const random = seeded(Math.imul(person + 1, 0x9e3779b1) ^ Math.imul(part + 1, 0x85ebca6b));
    for (let i = 0; i < this.#dimension; i++) {
      // The sum of eight bytes is close to normal, for two draws; a byte's variance is (256² − 1) / 12.
      const [a, b] = [random.next() * 2 ** 32, random.next() * 2 ** 32];
      this.#numbers[i] = (bytesOf(a) + bytesOf(b) - 1020) / Math.sqrt((8 * 65_535) / 12);
    }
    this.#kernel.project(0, 8 * this.#size, this.#size, this.#size, 4 * this.#size);
    return this.#drawn.slice(0, this.#dimension);
  }
}

function bytesOf(bits: number): number {
  return (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + ((bits >>> 24) & 255);
}

function meanOf(vectors: readonly ArrayLike<number>[], dimension: number): Float64Array {
  const mean = new Float64Array(dimension);
  for (const vector of vectors) for (let i = 0; i < dimension; i++) mean[i]! += vector[i]! / vectors.length;
  return mean;
}

function addSquare(
  matrix: Float64Array,
  vector: ArrayLike<number>,
  middle: ArrayLike<number>,
  weight: number,
): void {
  const size = middle.length;
  const off = Float64Array.from(middle, (value, i) => vector[i]! - value);
  for (let i = 0; i < size; i++) {
    const value = off[i]! * weight;
    for (let j = 0; j < size; j++) matrix[i * size + j]! += value * off[j]!;
  }
}

/** Numbers by which made-up people can be held against real ones. */
export interface Spread {
  /** Part of the squared lengths along the first axes, by their number. */
  readonly energy: readonly (readonly [axes: number, part: number])[];
  readonly genuine: Histogram;
  readonly impostor: Histogram;
}

export interface Histogram {
  readonly mean: number;
  readonly deviation: number;
  /** Values below which a hundredth, a half, and all but a hundredth lie. */
  readonly at: readonly [number, number, number];
}

/** @param people photographs of each of some people */
export function spreadOf({ dimension, people }: RealPeople): Spread {
  const all = people.flat();
  const moments = new Float64Array(dimension * dimension);
  const zero = new Float64Array(dimension);
  for (const vector of all.slice(0, 4000)) addSquare(moments, vector, zero, 1);
  const work = symmetricEigen(moments, dimension, dimension);
  let step = work.next();
  while (!step.done) step = work.next();
  const { values } = step.value;
  const total = values.reduce((sum, value) => sum + value, 0);
  const energy = [0.0625, 0.125, 0.1875, 0.25, 0.3125, 0.375].map((part) => {
    const axes = Math.round(dimension * part);
    return [axes, values.slice(0, axes).reduce((sum, value) => sum + value, 0) / total] as const;
  });
  const random = seeded(1);
  const genuine = people.flatMap((photographs) =>
    photographs[1] ? [cosine(photographs[0]!, photographs[1])] : [],
  );
  const impostor = Array.from({ length: 20_000 }, () => {
    const [a, b] = [random.below(people.length), random.below(people.length - 1)];
    return cosine(people[a]![0]!, people[b < a ? b : b + 1]![0]!);
  });
  return { energy, genuine: histogram(genuine), impostor: histogram(impostor) };
}

function histogram(values: readonly number[]): Histogram {
  const sorted = [...values].sort((a, b) => a - b);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))]!;
  return { mean, deviation, at: [at(0.01), at(0.5), at(0.99)] };
}
