import { FAMILIES, type Shapes } from "./catalogue.ts";
import type { Network } from "./network.ts";
import { compareWeights, type WeightDifferences } from "./weights.ts";

/** The network that a set of tensors belongs to. */
export type NetworkIdentification =
  | {
      readonly kind: "known";
      /** With the embedding and picture size that the shapes show. */
      readonly network: Network;
      /** The prefix of the network's names in the file: `backbone.` or nothing, for example. */
      readonly prefix: string;
      /** Tensors beside the network's own: a classifier's, another network's. */
      readonly unused: readonly string[];
    }
  | {
      readonly kind: "unknown";
      /** The known network with the fewest differences; absent when no name at all is shared. */
      readonly nearest?: {
        readonly network: Network;
        readonly prefix: string;
        readonly differences: WeightDifferences;
      };
    };

/**
 * Recognises a network from the names and shapes of its tensors alone.
 *
 * A network is recognised when every parameter it needs is there in its shape; counts of batches may be missing, as
 * in files from before PyTorch 0.4.1, and other tensors may lie beside. Of several that fit, the one that leaves the
 * fewest tensors unused is meant.
 */
export function identifyNetwork(shapes: Shapes): NetworkIdentification {
  const guesses = FAMILIES.flatMap((family) =>
    prefixesOf(shapes, family.anchor).flatMap((prefix) => {
      const own = withoutPrefix(shapes, prefix);
      return family.candidates(own).map((network) => {
        const differences = compareWeights(network, own);
        return { network, prefix, differences, size: own.size };
      });
    }),
  );
  const rank = ({ differences }: (typeof guesses)[number]): number =>
    differences.missing.length + differences.different.length + differences.unexpected.length;
  const fitting = guesses.filter(
    ({ differences }) => differences.missing.length === 0 && differences.different.length === 0,
  );
  const best = [...fitting].sort((a, b) => b.size - a.size || rank(a) - rank(b))[0];
  if (best) {
    const { network, prefix, differences } = best;
    const beside = [...shapes.keys()].filter((name) => !name.startsWith(prefix));
    const unused = [...differences.unexpected.map((name) => prefix + name), ...beside];
    return { kind: "known", network, prefix, unused };
  }
  const [nearest] = [...guesses].sort((a, b) => rank(a) - rank(b));
  if (!nearest) return { kind: "unknown" };
  const { network, prefix, differences } = nearest;
  return { kind: "unknown", nearest: { network, prefix, differences } };
}

/** The tensors of a network found under a prefix, by the names its definition gives them. */
export function withoutPrefix<T>(tensors: ReadonlyMap<string, T>, prefix: string): ReadonlyMap<string, T> {
  if (prefix === "") return tensors;
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

/** The text in front of the anchor wherever it occurs. */
function prefixesOf(shapes: Shapes, anchor: string): string[] {
  const found = [...shapes.keys()].filter((name) => name === anchor || name.endsWith(`.${anchor}`));
  return found.slice(0, 8).map((name) => name.slice(0, -anchor.length));
}
