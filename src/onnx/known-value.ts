import { elementCount } from "../core/index.ts";
import { ELEMENT_TYPE, type OnnxNode, type OnnxTensor } from "./model.ts";

/** Known facts about a value before a network runs. */
export interface KnownValue {
  /** Absent where the shape is settled only while running. */
  readonly dims?: readonly number[] | undefined;
  /** The numbers themselves, of small constants and what shapes are computed from. */
  readonly values?: readonly number[] | undefined;
}

/** Sizes are computed from few numbers; longer constants are weights. */
const MOST_VALUES = 1_024;

/** Known facts about a constant. */
export function knownConstant({ dims, elementType, data }: OnnxTensor): KnownValue {
  return { dims, values: elementCount(dims) <= MOST_VALUES ? numbersOf(elementType, data) : undefined };
}

function numbersOf(elementType: number, data: Uint8Array): readonly number[] | undefined {
  const { buffer } = new Uint8Array(data);
  if (elementType === ELEMENT_TYPE.int64) return Array.from(new BigInt64Array(buffer), Number);
  if (elementType === ELEMENT_TYPE.int32) return Array.from(new Int32Array(buffer));
  if (elementType === ELEMENT_TYPE.float32) return Array.from(new Float32Array(buffer));
  return undefined;
}

/** The numbers that a node computes out of known ones, where the operation is of those that shapes are computed with. */
export function computedValues(node: OnnxNode, inputs: readonly KnownValue[]): readonly number[] | undefined {
  const [x, y] = inputs;
  const values = compute(node, inputs, x?.values, y?.values);
  return values && values.length <= MOST_VALUES ? values : undefined;
}

function compute(
  node: OnnxNode,
  inputs: readonly KnownValue[],
  a: readonly number[] | undefined,
  b: readonly number[] | undefined,
): readonly number[] | undefined {
  switch (node.op) {
    case "Shape":
      return inputs[0]?.dims;
    case "Size":
      return inputs[0]?.dims && [elementCount(inputs[0].dims)];
    case "Identity":
    case "Cast":
    case "Unsqueeze":
    case "Squeeze":
    case "Reshape":
    case "Flatten":
      return a;
    case "Floor":
      return a?.map(Math.floor);
    case "Ceil":
      return a?.map(Math.ceil);
    case "Neg":
      return a?.map((value) => -value);
    case "Concat":
      return inputs.every(({ values }) => values) ? inputs.flatMap(({ values }) => [...values!]) : undefined;
    case "Gather":
      return a && b?.map((index) => a.at(index) ?? 0);
    case "ReduceProd":
      return a && [a.reduce((product, value) => product * value, 1)];
    case "Slice":
      return inputs.slice(1).every(({ values }) => values) && (inputs[4]?.values ?? [1])[0] === 1
        ? a?.slice(b?.[0], inputs[2]?.values?.[0])
        : undefined;
    case "Add":
      return pairwise(a, b, (p, q) => p + q);
    case "Sub":
      return pairwise(a, b, (p, q) => p - q);
    case "Mul":
      return pairwise(a, b, (p, q) => p * q);
    case "Div":
      return pairwise(a, b, (p, q) =>
        Number.isInteger(p) && Number.isInteger(q) ? Math.trunc(p / q) : p / q,
      );
    case "Pow":
      return pairwise(a, b, (p, q) => p ** q);
    case "Max":
      return pairwise(a, b, Math.max);
    case "Min":
      return pairwise(a, b, Math.min);
    case "ConstantOfShape": {
      const fill = node.attributes["value"];
      const count = a && elementCount(a);
      if (count === undefined || count > MOST_VALUES) return undefined;
      const value = fill?.kind === "tensor" ? numbersOf(fill.value.elementType, fill.value.data)?.[0] : 0;
      return value === undefined ? undefined : new Array<number>(count).fill(value);
    }
    default:
      return undefined;
  }
}

/** Both of one length, or one of them a single number for all of the other. */
function pairwise(
  a: readonly number[] | undefined,
  b: readonly number[] | undefined,
  join: (p: number, q: number) => number,
): readonly number[] | undefined {
  if (!a || !b) return undefined;
  if (b.length === 1) return a.map((value) => join(value, b[0]!));
  if (a.length === 1) return b.map((value) => join(a[0]!, value));
  return a.length === b.length ? a.map((value, i) => join(value, b[i]!)) : undefined;
}
