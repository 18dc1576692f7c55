import type { TfliteModel, TfliteOperator, TfliteTensor } from "./model.ts";

/**
 * Finds the parametric ReLUs that a converter spelled out operation by operation, and makes each one operator again.
 *
 * Two spellings are known, both a sum of RELU(x) and what is left below zero:
 * α·(−RELU(−x)), slope α; and β·(x − |x|), slope 2β.
 */
export function foldPrelu(model: TfliteModel): TfliteModel {
  const producer = new Map<number, TfliteOperator>();
  for (const operator of model.operators)
    for (const output of operator.outputs) producer.set(output, operator);
  const tensors: TfliteTensor[] = [...model.tensors];
  const replacement = new Map<TfliteOperator, TfliteOperator>();
  for (const operator of model.operators) {
    if (operator.kind !== "ADD" || operator.activation !== "none") continue;
    const found = matchPrelu(operator, producer, model.tensors);
    if (!found) continue;
    tensors.push({
      name: `${model.tensors[operator.outputs[0]!]!.name}/slope`,
      shape: [found.slope.length],
      data: found.slope,
    });
    replacement.set(operator, {
      kind: "PRELU",
      inputs: [found.input, tensors.length - 1],
      outputs: operator.outputs,
    });
  }
  return { ...model, tensors, operators: dropUnused(model, replacement) };
}

function matchPrelu(
  add: TfliteOperator,
  producer: ReadonlyMap<number, TfliteOperator>,
  tensors: readonly TfliteTensor[],
): { input: number; slope: Float32Array } | undefined {
  for (const [above, below] of [add.inputs, [...add.inputs].reverse()]) {
    const relu = producer.get(above ?? -1);
    const scaled = producer.get(below ?? -1);
    if (relu?.kind !== "RELU" || scaled?.kind !== "MUL" || scaled.activation !== "none") continue;
    const input = relu.inputs[0]!;
    for (const [factor, term] of [scaled.inputs, [...scaled.inputs].reverse()]) {
      const slope = tensors[factor ?? -1]?.data;
      const negative = producer.get(term ?? -1);
      if (!(slope instanceof Float32Array) || !negative) continue;
      if (isNegatedReluOfNegated(negative, input, producer)) return { input, slope };
      if (isMinusAbsolute(negative, input, producer))
        return { input, slope: slope.map((value) => 2 * value) };
    }
  }
  return undefined;
}

/** −RELU(−x) */
function isNegatedReluOfNegated(
  operator: TfliteOperator,
  x: number,
  producer: ReadonlyMap<number, TfliteOperator>,
): boolean {
  if (operator.kind !== "NEG") return false;
  const relu = producer.get(operator.inputs[0]!);
  if (relu?.kind !== "RELU") return false;
  const negated = producer.get(relu.inputs[0]!);
  return negated?.kind === "NEG" && negated.inputs[0] === x;
}

/** x − |x| */
function isMinusAbsolute(
  operator: TfliteOperator,
  x: number,
  producer: ReadonlyMap<number, TfliteOperator>,
): boolean {
  if (operator.kind !== "SUB" || operator.activation !== "none" || operator.inputs[0] !== x) return false;
  const absolute = producer.get(operator.inputs[1]!);
  return absolute?.kind === "ABS" && absolute.inputs[0] === x;
}

/** The operators after replacement, without those whose results nobody reads any more. */
function dropUnused(
  model: TfliteModel,
  replacement: ReadonlyMap<TfliteOperator, TfliteOperator>,
): TfliteOperator[] {
  const needed = new Set(model.outputs);
  const kept: TfliteOperator[] = [];
  for (const original of [...model.operators].reverse()) {
    const operator = replacement.get(original) ?? original;
    if (!operator.outputs.some((output) => needed.has(output))) continue;
    for (const input of operator.inputs) needed.add(input);
    kept.push(operator);
  }
  return kept.reverse();
}
