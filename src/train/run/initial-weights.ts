import { openCheckpoint } from "../../checkpoints/index.ts";
import { FaceError } from "../../core/index.ts";
import {
  compareWeights,
  expectWeights,
  type Network,
  parametersOf,
  type WeightSource,
  type Weights,
} from "../../networks/index.ts";
import { inMemory } from "./checkpoint-store.ts";

/**
 * A network's weights out of a file in any format that is read, to begin a run with.
 *
 * Throws    FaceError BAD_FILE; MODEL_MISMATCH when they are another network's; DIVERGED when they are not finite
 */
export function readInitialWeights(path: string, network: Network): Weights {
  using checkpoint = openCheckpoint(path);
  const { tensors } = checkpoint;
  const prefix = prefixOf(network, [...tensors.keys()]);
  const own = new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
    ),
  );
  expectWeights(network, own);
  const weights = new Map<string, WeightSource>();
  for (const { name, shape, role } of parametersOf(network)) {
    if (role === "count") continue;
    const values = own.get(name)!.floats();
    const wrong = values.find((value) => !Number.isFinite(value));
    if (wrong !== undefined)
      throw new FaceError("DIVERGED", {
        where: path,
        expected: "finite numbers",
        got: `${wrong} in ${name}`,
      });
    weights.set(name, inMemory(shape, values));
  }
  return weights;
}

/** The prefix of the network's names in the file: `backbone.`, for example, or nothing. */
function prefixOf(network: Network, names: readonly string[]): string {
  const [first] = parametersOf(network);
  const found = names.filter((name) => name === first?.name || name.endsWith(`.${first?.name}`));
  const prefixes = found.map((name) => name.slice(0, -first!.name.length));
  const missing = (prefix: string): number => {
    const shapes = new Map(names.map((name): [string, readonly number[]] => [name.slice(prefix.length), []]));
    return compareWeights(network, shapes).missing.length;
  };
  return [...prefixes].sort((a, b) => missing(a) - missing(b))[0] ?? "";
}
