import { FaceError, nearestName } from "../../core/index.ts";
import { knownNetworks, type Network, networkById } from "../../networks/index.ts";
import type { Augmentation } from "../data/index.ts";
import type { TrainConfig } from "./config.ts";
import { MNIST } from "./open-data.ts";

/** A configuration with what depends on the network and the kind of data filled in. */
export type SettledConfig = TrainConfig & {
  readonly network: string;
  readonly embedding: number;
  readonly augmentation: Augmentation;
};

/** Fills in what the configuration leaves to the network and the kind of data. Throws as {@link networkOf} does. */
export function settleConfig(config: TrainConfig): SettledConfig {
  const digits = config.data === MNIST;
  const network = config.network ?? (digits ? "digit-net" : "mobilefacenet");
  const { embedding } = networkOf({ network, embedding: config.embedding });
  // A mirrored face is a face; a mirrored digit is none.
  const flip = config.augmentation.flip ?? (digits ? 0 : 0.5);
  return { ...config, network, embedding, augmentation: { ...config.augmentation, flip } };
}

/** The network that is trained. Throws FaceError USAGE with the networks there are. */
export function networkOf(config: {
  readonly network: string;
  readonly embedding?: number | undefined;
}): Network {
  const network = networkById(config.network, config.embedding ? { embedding: config.embedding } : {});
  if (network) return network;
  const ids = knownNetworks().map(({ id }) => id);
  const nearest = nearestName(config.network, ids);
  throw new FaceError(
    "USAGE",
    `network: expected one of ${ids.join(", ")}, got "${config.network}"${nearest ? `; did you mean "${nearest}"?` : ""}`,
  );
}
