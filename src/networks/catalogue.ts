import { digitNet } from "./digit-net.ts";
import { IR_DEPTHS, irNetwork } from "./ir.ts";
import { IRESNET_DEPTHS, iresnet } from "./iresnet.ts";
import { leNetPlusPlus } from "./lenet-plus-plus.ts";
import { MBF_FORMS, mbf } from "./mbf.ts";
import { mobileFaceNet } from "./mobilefacenet.ts";
import { mobileFaceNet112x96 } from "./mobilefacenet-112x96.ts";
import { mobileFaceNetFoamliu } from "./mobilefacenet-foamliu.ts";
import type { Network } from "./network.ts";

/** Shapes of a checkpoint's tensors by name. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Sizes that a network can be built with; a family passes over those it does not have. */
export interface NetworkSizes {
  readonly embedding?: number;
  /** Side of the square picture. */
  readonly inputSize?: number;
}

/** Networks that differ in depth alone, and how their sizes show in a checkpoint. */
export interface Family {
  /** A parameter that every one of them has, and its files therefore hold. */
  readonly anchor: string;
  /** The networks with the sizes read from the shapes; with the usual ones where the shapes do not say. */
  candidates(shapes: Shapes): readonly Network[];
  /** The networks in the given sizes, the usual ones where none are given. */
  sized(sizes: NetworkSizes): readonly Network[];
}

/** Every network this library defines, by family. */
export const FAMILIES: readonly Family[] = [
  {
    anchor: "input_layer.0.weight",
    candidates(shapes) {
      const affine = shapes.has("output_layer.4.weight") || !shapes.has("output_layer.4.running_mean");
      const sizes = { ...headSizes(shapes, "output_layer.3.weight"), affine };
      return IR_DEPTHS.flatMap((depth) => [irNetwork(depth, true, sizes), irNetwork(depth, false, sizes)]);
    },
    sized: (sizes) =>
      IR_DEPTHS.flatMap((depth) => [irNetwork(depth, true, sizes), irNetwork(depth, false, sizes)]),
  },
  {
    anchor: "layer1.0.conv1.weight",
    candidates: (shapes) => IRESNET_DEPTHS.map((depth) => iresnet(depth, headSizes(shapes, "fc.weight"))),
    sized: (sizes) => IRESNET_DEPTHS.map((depth) => iresnet(depth, sizes)),
  },
  {
    anchor: "conv2_dw.conv.weight",
    candidates: (shapes) => [mobileFaceNet(embeddingOf(shapes, "linear.weight"))],
    sized: (sizes) => [mobileFaceNet(sizes)],
  },
  {
    anchor: "dw_conv.depthwise.weight",
    candidates: (shapes) => [mobileFaceNetFoamliu(embeddingOf(shapes, "conv3.weight"))],
    sized: (sizes) => [mobileFaceNetFoamliu(sizes)],
  },
  {
    anchor: "linear7.conv.weight",
    candidates: (shapes) => [mobileFaceNet112x96(embeddingOf(shapes, "linear1.conv.weight"))],
    sized: (sizes) => [mobileFaceNet112x96(sizes)],
  },
  {
    anchor: "conv_sep.layers.0.weight",
    candidates: (shapes) =>
      MBF_FORMS.map((form) => mbf(form, embeddingOf(shapes, "features.layers.2.weight"))),
    sized: (sizes) => MBF_FORMS.map((form) => mbf(form, sizes)),
  },
  {
    anchor: "conv1_1.weight",
    candidates(shapes) {
      const slopes = (shapes.get("prelu1_1.weight")?.[0] ?? 1) > 1 ? "channel" : "shared";
      const activatedEmbedding = shapes.has("prelu_fc1.weight") || !shapes.has("fc1.weight");
      return [leNetPlusPlus({ ...embeddingOf(shapes, "fc1.weight"), slopes, activatedEmbedding })];
    },
    sized: (sizes) => [leNetPlusPlus(sizes)],
  },
  {
    anchor: "bn1_1.weight",
    candidates: (shapes) => [digitNet(embeddingOf(shapes, "fc.weight"))],
    sized: (sizes) => [digitNet(sizes)],
  },
];

/** The networks this library defines, in their usual sizes unless others are given. */
export function knownNetworks(sizes: NetworkSizes = {}): readonly Network[] {
  return FAMILIES.flatMap((family) => family.sized(sizes));
}

/** The network of an id, in its usual sizes unless others are given; undefined when there is none. */
export function networkById(id: string, sizes: NetworkSizes = {}): Network | undefined {
  return knownNetworks(sizes).find((network) => network.id === id);
}

/** Embedding and picture size of a network whose last map, a sixteenth of the picture, feeds a linear layer. */
function headSizes(shapes: Shapes, name: string): { embedding?: number; inputSize?: number } {
  const [embedding, columns] = shapes.get(name) ?? [];
  if (!embedding || !columns) return {};
  const side = Math.sqrt(columns / 512);
  // Sizes of another network altogether are left for the comparison to tell.
  return Number.isInteger(side) && side > 0 && side <= 64
    ? { embedding, inputSize: 16 * side }
    : { embedding };
}

function embeddingOf(shapes: Shapes, name: string): { embedding?: number } {
  const [embedding] = shapes.get(name) ?? [];
  return embedding ? { embedding } : {};
}
