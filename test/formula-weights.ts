import { elementCount } from "../src/core/index.ts";
import { type Network, type Parameter, parametersOf, type Weights } from "../src/networks/index.ts";

/**
 * Weights made from a parameter's name alone, the same here and in tools/make-network-fixtures.py, so that networks
 * can be compared with PyTorch's without a file of weights.
 *
 * Formula   u(i) in [−1, 1) from a 32-bit hash of the name and the index; convolutions and linear layers u·√(3/fanIn),
 *           halved for dense 3×3 ones, which sum up over the blocks of deep residual networks; scales 1 + u/10, variances 1 + u/2, slopes 0.25 + u/10, everything else u/10
 */
export function formulaWeights(network: Network): Weights {
  return new Map(
    parametersOf(network)
      .filter(({ role }) => role !== "count")
      .map((parameter) => [
        parameter.name,
        { shape: parameter.shape, floats: () => formulaValues(parameter) },
      ]),
  );
}

/** `length` numbers in [−1, 1) that depend on the name alone. */
export function formulaNoise(name: string, length: number, map: (u: number) => number = (u) => u) {
  const seed = hashText(name);
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++)
    values[i] = map((mix(seed ^ Math.imul(i, 0x9e3779b1)) >>> 8) / 2 ** 23 - 1);
  return values;
}

function formulaValues({ name, shape, role }: Parameter): Float32Array<ArrayBuffer> {
  const length = elementCount(shape);
  switch (role) {
    case "weight": {
      const dense = shape.length === 4 && shape[1]! > 3 && shape[2] === 3;
      const gain = Math.sqrt(3 / (length / shape[0]!)) * (dense ? 0.5 : 1);
      return formulaNoise(name, length, (u) => u * gain);
    }
    case "scale":
      return formulaNoise(name, length, (u) => 1 + u / 10);
    case "variance":
      return formulaNoise(name, length, (u) => 1 + u / 2);
    case "slope":
      return formulaNoise(name, length, (u) => 0.25 + u / 10);
    default:
      return formulaNoise(name, length, (u) => u / 10);
  }
}

/** FNV-1a. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The finaliser of MurmurHash3. */
function mix(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
