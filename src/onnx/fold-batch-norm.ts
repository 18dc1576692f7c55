import { constantsOf, dropUnused, hasUnreadParts } from "./constants.ts";
import { floatTensor, floatValues, type OnnxModel, type OnnxNode, type OnnxTensor } from "./model.ts";

/**
 * Merges batch norms in evaluation mode into the layers around them, where that is the same function.
 *
 * One behind a convolution or Gemm scales that layer's rows. One in front of a Gemm, with nothing but flattening
 * between, scales its columns. One in front of a convolution stays: that convolution pads with zeros after the norm.
 *
 * Formula   BN(x) = x · s + t with s = γ/√(σ² + ε), t = β − μ·s, per channel, in double precision
 * Returns   the same model when nothing could be merged; `left` counts the batch norms that stay
 */
export function foldBatchNorms(model: OnnxModel): {
  readonly model: OnnxModel;
  readonly folded: number;
  readonly left: number;
} {
  const norms = model.nodes.filter((node) => node.op === "BatchNormalization").length;
  if (norms === 0 || hasUnreadParts(model)) return { model, folded: 0, left: norms };
  const folding = new Folding(model);
  const folded = model.nodes.filter(
    (node) => node.op === "BatchNormalization" && (folding.behind(node) || folding.inFront(node)),
  ).length;
  return { model: folded === 0 ? model : folding.finish(), folded, left: norms - folded };
}

/** A batch norm as x · scale + shift. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** A layer's constants; the values are copies. */
interface Weights {
  readonly dims: readonly number[];
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  /** True if the weight is [columns, rows], as in a Gemm that does not transpose it. */
  readonly columnsFirst: boolean;
}

/** A graph while batch norms are taken out of it. */
class Folding {
  readonly #model: OnnxModel;
  readonly #constants: Map<string, OnnxTensor>;
  readonly #added: OnnxTensor[] = [];
  #nodes: readonly OnnxNode[];

  constructor(model: OnnxModel) {
    this.#model = model;
    this.#constants = constantsOf(model);
    this.#nodes = model.nodes;
  }

  /** Merges a batch norm into the convolution or Gemm whose result only it takes. */
  behind(norm: OnnxNode): boolean {
    const affine = this.#affine(norm);
    const [input = "", output = ""] = [norm.inputs[0], norm.outputs[0]];
    const maker = this.#nodes.find((node) => node.outputs.includes(input));
    if (!affine || !maker || !this.#onlyTaker(input)) return false;
    const weights = this.#weights(maker);
    const rows = affine.scale.length;
    if (!weights || weights.bias.length !== rows) return false;
    const { weight, bias, columnsFirst } = weights;
    const inner = weight.length / rows;
    for (let at = 0; at < weight.length; at++) {
      const row = columnsFirst ? at % rows : Math.floor(at / inner);
      weight[at] = weight[at]! * affine.scale[row]!;
    }
    for (let row = 0; row < rows; row++) bias[row] = bias[row]! * affine.scale[row]! + affine.shift[row]!;
    // The layer makes the norm's result now, under its name: it may be one of the graph's outputs.
    this.#nodes = this.#nodes.flatMap((node) => {
      if (node.outputs[0] === output) return [];
      return [node === maker ? { ...this.#withWeights(maker, weights), outputs: [output] } : node];
    });
    return true;
  }

  /** Merges a batch norm into the Gemm that alone takes its result, flattened at most. */
  inFront(norm: OnnxNode): boolean {
    const affine = this.#affine(norm);
    const [input = "", output = ""] = [norm.inputs[0], norm.outputs[0]];
    const gemm = this.#gemmBehind(output);
    const weights = gemm && this.#weights(gemm);
    if (!affine || !weights) return false;
    const { weight, bias, columnsFirst } = weights;
    const rows = bias.length;
    const columns = weight.length / rows;
    const area = columns / affine.scale.length;
    if (!Number.isInteger(area)) return false;
    for (let row = 0; row < rows; row++) {
      let moved = 0;
      for (let column = 0; column < columns; column++) {
        const at = columnsFirst ? column * rows + row : row * columns + column;
        const channel = Math.floor(column / area);
        moved += weight[at]! * affine.shift[channel]!;
        weight[at] = weight[at]! * affine.scale[channel]!;
      }
      bias[row] = bias[row]! + moved;
    }
    this.#nodes = this.#nodes.flatMap((node) => {
      if (node.outputs[0] === output) return [];
      const now = node === gemm ? this.#withWeights(gemm, weights) : node;
      return [{ ...now, inputs: now.inputs.map((name) => (name === output ? input : name)) }];
    });
    return true;
  }

  finish(): OnnxModel {
    const initializers = [...this.#model.initializers, ...this.#added];
    return dropUnused({ ...this.#model, nodes: this.#nodes, initializers });
  }

  /** The norm's scale and shift when its constants are known and it is in evaluation mode. */
  #affine(norm: OnnxNode): Affine | undefined {
    if (isSet(norm, "training_mode") || norm.outputs.filter((name) => name !== "").length !== 1)
      return undefined;
    const [gain, offset, mean, variance] = norm.inputs.slice(1, 5).map((name) => this.#floats(name));
    if (!gain || !offset || !mean || !variance) return undefined;
    if ([offset, mean, variance].some((values) => values.length !== gain.length)) return undefined;
    const epsilon = norm.attributes["epsilon"];
    const eps = epsilon?.kind === "float" ? epsilon.value : 1e-5;
    const scale = Float64Array.from(gain, (g, i) => g / Math.sqrt(variance[i]! + eps));
    if (!scale.every(Number.isFinite)) return undefined;
    return { scale, shift: Float64Array.from(offset, (b, i) => b - mean[i]! * scale[i]!) };
  }

  /** Weight and bias of a Conv, or of a Gemm that is a plain linear layer; undefined for anything else. */
  #weights(node: OnnxNode): Weights | undefined {
    const isGemm = node.op === "Gemm";
    if (node.domain !== "" || !(isGemm || node.op === "Conv")) return undefined;
    const dims = this.#constants.get(node.inputs[1] ?? "")?.dims;
    const weight = this.#floats(node.inputs[1]);
    if (!dims || !weight || dims.length < 2) return undefined;
    const factors = [node.attributes["alpha"], node.attributes["beta"]];
    if (
      isGemm &&
      (isSet(node, "transA") || factors.some((factor) => factor?.kind === "float" && factor.value !== 1))
    )
      return undefined;
    const columnsFirst = isGemm && !isSet(node, "transB");
    const rows = columnsFirst ? dims[1]! : dims[0]!;
    const bias = node.inputs[2] ? this.#floats(node.inputs[2]) : new Float32Array(rows);
    return bias?.length === rows && rows > 0 ? { dims, weight, bias, columnsFirst } : undefined;
  }

  /** The Gemm that alone takes a value, with nothing between but nodes that make [N, all of a picture] of it. */
  #gemmBehind(value: string): OnnxNode | undefined {
    const taker = this.#onlyTaker(value);
    if (taker?.op === "Gemm") return taker.inputs[0] === value ? taker : undefined;
    return taker && this.#flattens(taker) ? this.#gemmBehind(taker.outputs[0] ?? "") : undefined;
  }

  #flattens(node: OnnxNode): boolean {
    switch (node.op) {
      case "Identity":
      case "Dropout":
        return node.outputs.length === 1;
      case "Flatten": {
        const axis = node.attributes["axis"];
        return axis?.kind !== "int" || axis.value === 1;
      }
      case "Reshape": {
        const shape = this.#constants.get(node.inputs[1] ?? "");
        return shape?.dims.length === 1 && shape.dims[0] === 2;
      }
      default:
        return false;
    }
  }

  /** Node that alone takes a value, and once, if the value does not leave the graph. */
  #onlyTaker(value: string): OnnxNode | undefined {
    if (this.#model.outputs.some((output) => output.name === value)) return undefined;
    const takers = this.#nodes.filter((node) => node.inputs.includes(value));
    const [taker] = takers;
    const uses = taker?.inputs.filter((name) => name === value).length;
    return takers.length === 1 && uses === 1 ? taker : undefined;
  }

  /** The node with new constants under names of their own: the old ones may be shared. */
  #withWeights(node: OnnxNode, { dims, weight, bias }: Weights): OnnxNode {
    const stem = `folded_${this.#added.length}_${node.outputs[0] ?? ""}`;
    const tensors = [
      floatTensor(`${stem}_weight`, dims, weight),
      floatTensor(`${stem}_bias`, [bias.length], bias),
    ];
    for (const tensor of tensors) this.#constants.set(tensor.name, tensor);
    this.#added.push(...tensors);
    return { ...node, inputs: [node.inputs[0] ?? "", ...tensors.map((tensor) => tensor.name)] };
  }

  #floats(name: string | undefined): Float32Array | undefined {
    const tensor = this.#constants.get(name ?? "");
    return tensor && floatValues(tensor);
  }
}

function isSet(node: OnnxNode, attribute: string): boolean {
  const value = node.attributes[attribute];
  return value?.kind === "int" && value.value !== 0;
}
