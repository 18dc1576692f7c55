import type { GraphBuilder, OnnxNode } from "../onnx/index.ts";
import { NCHWC_DOMAIN } from "./emit/emitter.ts";

/** Names by which a graph reads a tensor and writes its next value. */
export interface Carried {
  readonly input: string;
  readonly output: string;
}

/**
 * Lets the next values of some tensors be written over the old ones.
 *
 * That is right when whatever reads the old value has run before, in any order the engine may choose, and when the
 * operation that writes reads each element no later than it writes it. The graph is changed so that the writer waits for
 * readers it does not depend on: its factor, a few numbers, passes through an operation on an element each of them made.
 *
 * @param carried what to try; only an update `x · factor + old` as one depthwise convolution can be let
 * Returns   the outputs that may share their input's memory
 */
export function writeInPlace(graph: GraphBuilder, carried: readonly Carried[]): ReadonlySet<string> {
  const { nodes } = graph;
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const readers = readersByName(nodes);
  const outputs = new Set<string>();
  for (const { input, output } of carried) {
    const writer = makers.get(output);
    if (!writer) continue;
    const { names, direct } = readersOf(input, readers);
    if (!addsTo(writer, names)) continue;
    const before = ancestors(writer, makers);
    const others = [...direct].filter((reader) => reader !== writer && !before.has(reader));
    // A reader that itself waits for the writer can never come first.
    if (others.some((reader) => ancestors(reader, makers).has(writer))) continue;
    const [x = "", factor = "", shift = "", old = ""] = writer.inputs;
    const late = others.reduce((own, reader) => waitingFor(graph, own, reader.outputs[0]!), factor);
    graph.replaceLast(writer, { ...writer, inputs: [x, late, shift, old] });
    outputs.add(output);
  }
  return outputs;
}

/** `factor`, once `made` is there: both branches of the choice are the same. */
function waitingFor(graph: GraphBuilder, factor: string, made: string): string {
  const flat = graph.node("Reshape", [made, graph.int([-1])]);
  const one = graph.node("Slice", [flat, graph.int([0]), graph.int([1])]);
  return graph.node("Where", [graph.node("Less", [one, one]), factor, factor]);
}

/** Tells whether a node is x · factor + old, with `old` one of these names and nothing else of it. */
function addsTo(node: OnnxNode, names: ReadonlySet<string>): boolean {
  const [x = "", factor = "", shift = "", old = ""] = node.inputs;
  const update = node.op === "Conv" && node.domain === NCHWC_DOMAIN && names.has(old);
  return update && ![x, factor, shift].some((name) => names.has(name));
}

function readersByName(nodes: readonly OnnxNode[]): ReadonlyMap<string, readonly OnnxNode[]> {
  const readers = new Map<string, OnnxNode[]>();
  for (const node of nodes)
    for (const name of new Set(node.inputs)) {
      const known = readers.get(name);
      if (known) known.push(node);
      else readers.set(name, [node]);
    }
  return readers;
}

/** Names of a tensor, under other shapes too, and the nodes that read its memory under any of the names. */
function readersOf(
  input: string,
  readers: ReadonlyMap<string, readonly OnnxNode[]>,
): { readonly names: ReadonlySet<string>; readonly direct: ReadonlySet<OnnxNode> } {
  const names = new Set([input]);
  const direct = new Set<OnnxNode>();
  for (const name of names)
    for (const node of readers.get(name) ?? []) {
      if (node.op === "Reshape" && node.inputs[0] === name) names.add(node.outputs[0]!);
      else direct.add(node);
    }
  return { names, direct };
}

/** Everything that has to run before a node. */
function ancestors(node: OnnxNode, makers: ReadonlyMap<string, OnnxNode>): ReadonlySet<OnnxNode> {
  const found = new Set<OnnxNode>();
  const waiting = [node];
  for (let next = waiting.pop(); next; next = waiting.pop())
    for (const name of next.inputs) {
      const maker = makers.get(name);
      if (!maker || found.has(maker)) continue;
      found.add(maker);
      waiting.push(maker);
    }
  return found;
}
