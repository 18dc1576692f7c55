import type * as ort from "onnxruntime-common";
import { elementCount } from "../core/index.ts";
import type { Engine } from "./engine.ts";
import { ELEMENT_TYPE, type OnnxModel, type OnnxValue } from "./model.ts";

/*
 * onnxruntime-node 1.30 copies every output into a fresh array, even one that was given memory and has been written
 * there: for a network in training several hundred megabytes a step. It hands outputs back in their order, and throws
 * at the first that is no tensor, when everything has been computed. So a sequence as the first output makes it stop
 * before the copies. An engine that hands sequences back, or that copies nothing, needs no such end and is none the worse.
 */

const STOP = "stop before copies";

/** The network with the output that ends a run before outputs are copied; itself when not all sizes are known. */
export function stoppingBeforeCopies(model: OnnxModel): OnnxModel {
  const outputs = model.outputs.filter(isSized).sort((a, b) => elementCount(a.dims) - elementCount(b.dims));
  const [smallest] = outputs;
  return smallest && outputs.length === model.outputs.length ? stoppingWith(smallest, model) : model;
}

/** The network with the output that ends a run, a sequence of one of its values; all other outputs are to be given memory. */
export function stoppingWith(value: OnnxValue, model: OnnxModel): OnnxModel {
  return {
    ...model,
    nodes: [
      ...model.nodes,
      {
        op: "SequenceConstruct",
        domain: "",
        name: STOP,
        inputs: [value.name],
        outputs: [STOP],
        attributes: {},
      },
    ],
    outputs: [{ ...value, name: STOP, sequence: true }, ...model.outputs],
  };
}

/** Memory for the outputs of one run besides those that have some; undefined when the run would copy them anyway. */
export function memoryFor(
  engine: Engine,
  model: OnnxModel,
  names: readonly string[],
): Record<string, ort.Tensor> | undefined {
  if (model.outputs[0]?.name !== STOP) return undefined;
  const wanted = new Set(names);
  const made = model.outputs.flatMap((output) => {
    if (!wanted.has(output.name) || !isSized(output)) return [];
    return [[output.name, emptyTensor(engine, output)] as const];
  });
  return Object.fromEntries(made);
}

/** The output that is fetched besides, for the run to stop. */
export const STOPPING: Readonly<Record<string, null>> = { [STOP]: null };

/** Tells whether a run that threw this has computed and written everything. */
export function hasStopped(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.includes("Non tensor type is temporarily not supported");
}

function isSized(output: OnnxValue): output is OnnxValue & { readonly dims: readonly number[] } {
  return output.sequence !== true && !!output.dims?.every((size) => typeof size === "number");
}

function emptyTensor(
  { Tensor }: Engine,
  { elementType, dims }: OnnxValue & { readonly dims: readonly number[] },
): ort.Tensor {
  const count = elementCount(dims);
  if (elementType === ELEMENT_TYPE.int32) return new Tensor("int32", new Int32Array(count), dims);
  if (elementType === ELEMENT_TYPE.bool) return new Tensor("bool", new Uint8Array(count), dims);
  return new Tensor("float32", new Float32Array(count), dims);
}
