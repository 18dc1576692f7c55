import { z } from "zod";
import { type Complaint, FaceError, nearestName, wordsOf } from "../../core/index.ts";

/**
 * Settings from outside, parsed by a schema; complaints name the key, and the nearest one that exists.
 *
 * @param where the file or flags they came from
 * Throws    FaceError USAGE
 */
export function parseSettings<S extends z.ZodType>(schema: S, settings: unknown, where: string): z.output<S> {
  const result = schema.safeParse(settings);
  if (result.success) return result.data;
  const complaints = result.error.issues.flatMap((issue) => complaintsOf(issue, schema, settings));
  throw new FaceError("USAGE", { where, problem: complaints.map(wordsOf).join("; ") });
}

function complaintsOf(issue: z.core.$ZodIssue, schema: z.ZodType, settings: unknown): Complaint[] {
  // The name that a choice is made by is told as the choice: "head", not "head.head".
  const path = issue.path
    .filter((key, at) => at === 0 || key !== issue.path[at - 1])
    .map(String)
    .join(".");
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, issue.path, settings);
    return issue.keys.map((key) => {
      const nearest = nearestName(key, known);
      const note = nearest ? `did you mean "${nearest}"?` : `there are ${known.join(", ")}`;
      return { where: "", problem: `expected no key "${path ? `${path}.` : ""}${key}"`, note };
    });
  }
  const got = shown(issue.path.reduce<unknown>(child, settings));
  const names = issue.code === "invalid_value" ? issue.values.map(String) : namesOf(schema, issue, settings);
  if (names.length > 0) {
    const nearest = typeof got === "string" ? nearestName(got.replaceAll('"', ""), names) : undefined;
    const note = nearest && `did you mean "${nearest}"?`;
    return [{ where: path, expected: `one of ${names.join(", ")}`, got, note }];
  }
  // The schema's own words, without its beginning and its idea of what came.
  const words = issue.message.replace(/^Invalid input: /, "").replace(/, received .*$/, "");
  return [{ where: path || "settings", problem: `${words}, got ${got}` }];
}

/** The names a union is chosen by, when the issue is that none of them was given. */
function namesOf(schema: z.ZodType, issue: z.core.$ZodIssue, settings: unknown): string[] {
  if (issue.code !== "invalid_union") return [];
  const key = issue.path.at(-1);
  return schemasAt(schema, issue.path.slice(0, -1), settings).flatMap((at) => {
    const named = at instanceof z.ZodObject ? unwrap(at.shape[String(key)] as z.ZodType) : undefined;
    return named instanceof z.ZodLiteral ? [...named.values].map(String) : [];
  });
}

/** Keys that the object at this place may have. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[], settings: unknown): string[] {
  const objects = schemasAt(schema, path, settings);
  return [...new Set(objects.flatMap((at) => (at instanceof z.ZodObject ? Object.keys(at.shape) : [])))];
}

/** The schemas of the value at a path: several where it is one of a union and does not say which. */
function schemasAt(schema: z.ZodType, path: readonly PropertyKey[], value: unknown): z.ZodType[] {
  const bare = unwrap(schema);
  if (bare instanceof z.ZodUnion) {
    const options = bare.options.map((option) => unwrap(option as z.ZodType));
    const chosen = options.filter((option) => isChosen(option, value));
    return (chosen.length > 0 ? chosen : options).flatMap((option) => schemasAt(option, path, value));
  }
  const [key, ...rest] = path;
  if (key === undefined) return [bare];
  if (!(bare instanceof z.ZodObject)) return [];
  const inner = bare.shape[String(key)] as z.ZodType | undefined;
  return inner ? schemasAt(inner, rest, child(value, key)) : [];
}

/** Tells whether a value has the name that one of a union's options is chosen by. */
function isChosen(option: z.ZodType, value: unknown): boolean {
  if (!(option instanceof z.ZodObject)) return false;
  return Object.entries(option.shape as Record<string, z.ZodType>).some(([key, inner]) => {
    const bare = unwrap(inner);
    return bare instanceof z.ZodLiteral && bare.values.has(child(value, key) as string);
  });
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return unwrap(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPrefault) return unwrap(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) return unwrap(schema.out as z.ZodType);
  return schema;
}

function child(value: unknown, key: PropertyKey): unknown {
  // A name alone stands for the choice of that name.
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
