import { z } from "zod";
import { parseJson } from "../core/index.ts";

interface Shape {
  readonly type?: string;
  readonly anyOf?: readonly Shape[];
}

const shapes = new WeakMap<z.ZodObject, Readonly<Record<string, Shape>>>();

/**
 * Fields that came as text, in a query or a form, as the values that a schema expects: numbers, true and false, lists in
 * JSON or with commas. What does not look like one stays text, and the schema says what is wrong with it.
 */
export function fromText(
  schema: z.ZodObject,
  fields: Readonly<Record<string, string>>,
): Record<string, unknown> {
  let expected = shapes.get(schema);
  if (!expected) {
    const { properties } = z.toJSONSchema(schema, { io: "input" });
    expected = (properties ?? {}) as Readonly<Record<string, Shape>>;
    shapes.set(schema, expected);
  }
  const out: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(fields)) {
    const shape = Object.hasOwn(expected, name) ? expected[name]! : {};
    Object.defineProperty(out, name, { value: textAs(shape, text), enumerable: true });
  }
  return out;
}

function textAs(shape: Shape, text: string): unknown {
  const types = [shape, ...(shape.anyOf ?? [])].map(({ type }) => type);
  if (types.some((type) => type === "number" || type === "integer") && /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text))
    return Number(text);
  if (types.includes("boolean") && /^(true|false)$/.test(text)) return text === "true";
  if (types.includes("array")) return listOf(text);
  return text;
}

function listOf(text: string): unknown {
  if (/^-?[\d.]+(e-?\d+)?(,-?[\d.]+(e-?\d+)?)*$/i.test(text)) return text.split(",").map(Number);
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
