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
  const { embedding, input } = networkOf({ network, embedding: config.embedding });
  expectPicturesFor(network, input, config.data);
  // A mirrored face is a face; a mirrored digit is none.
  const flip = config.augmentation.flip ?? (digits ? 0 : 0.5);
  return { ...config, network, embedding, augmentation: { ...config.augmentation, flip } };
}

/** Throws FaceError USAGE for digits with a network for faces, and photographs with one for digits. */
function expectPicturesFor(network: string, input: readonly number[], data: string): void {
  const grey = input[0] === 1;
  const [wanted, got] = grey ? ["grey digits", "photographs"] : ["photographs of faces", "digits"];
  // A pack says itself what its pictures are.
  const photographs = data !== MNIST && !/\.(pack|rec)$/i.test(data);
  if (grey ? !photographs : data !== MNIST) return;
  throw new FaceError("USAGE", {
    where: "network",
    expected: `one for ${got}, as ${data} holds them`,
    got: `${network}, which takes ${wanted} of ${input[2]}×${input[1]}`,
    note: `try ${grey ? "mobilefacenet" : "digit-net"}`,
  });
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
  throw new FaceError("USAGE", {
    where: "network",
    expected: `one of ${ids.join(", ")}`,
    got: `"${config.network}"`,
    note: nearest && `did you mean "${nearest}"?`,
  });
}
