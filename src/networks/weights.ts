import { FaceError } from "../core/index.ts";
import type { Network } from "./network.ts";
import { type Parameter, parametersOf } from "./parameter.ts";

/** A tensor that a network takes its parameter from: of a checkpoint, or in memory. */
export interface WeightSource {
  readonly shape: readonly number[];
  /** Row-major; the caller may change it. */
  floats(): Float32Array<ArrayBuffer>;
}

/** Weights by parameter name. */
export type Weights = ReadonlyMap<string, WeightSource>;

/** Differences between a set of tensors and a network's parameters. Counts of batches may be there or not. */
export interface WeightDifferences {
  readonly missing: readonly Parameter[];
  /** Tensors that the network has no use for. */
  readonly unexpected: readonly string[];
  readonly different: readonly { readonly parameter: Parameter; readonly got: readonly number[] }[];
}

/** Compares names and shapes with a network's own. */
export function compareWeights(
  network: Network,
  shapes: ReadonlyMap<string, readonly number[]>,
): WeightDifferences {
  const parameters = parametersOf(network);
  const names = new Set(parameters.map((parameter) => parameter.name));
  const missing: Parameter[] = [];
  const different: { parameter: Parameter; got: readonly number[] }[] = [];
  for (const parameter of parameters) {
    const got = shapes.get(parameter.name);
    if (parameter.role === "count") continue;
    if (!got) missing.push(parameter);
    else if (got.join() !== parameter.shape.join()) different.push({ parameter, got });
  }
  return { missing, unexpected: [...shapes.keys()].filter((name) => !names.has(name)), different };
}

/**
 * Makes sure that every parameter of a network is there in its shape. Tensors it has no use for are let pass.
 *
 * Throws    FaceError MODEL_MISMATCH naming the first parameters that are missing or of another shape
 */
export function expectWeights(network: Network, weights: Weights): void {
  const shapes = new Map([...weights].map(([name, weight]) => [name, weight.shape]));
  const { missing, different } = compareWeights(network, shapes);
  const complaints = [
    ...missing.map(({ name }) => `no ${name}`),
    ...different.map(({ parameter, got }) => {
      return `${parameter.name} of [${got.join(", ")}] for [${parameter.shape.join(", ")}]`;
    }),
  ];
  if (complaints.length === 0) return;
  const more = complaints.length > 3 ? ` and ${complaints.length - 3} more` : "";
  throw new FaceError("MODEL_MISMATCH", {
    where: network.id,
    expected: "its own weights",
    got: `${complaints.slice(0, 3).join(", ")}${more}`,
  });
}
