import { FaceError } from "./errors.ts";
import { nearestName } from "./nearest-name.ts";

/** The kinds of an option. */
export interface OptionKind {
  /** In a sentence: "expected …". */
  readonly expected: string;
  readonly is: (value: unknown) => boolean;
}

const isFunction = (value: unknown): boolean => typeof value === "function";
const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The kinds that options of this library have. */
export const OPTION_KINDS = {
  text: { expected: "a string", is: (value) => typeof value === "string" },
  flag: { expected: "true or false", is: (value) => typeof value === "boolean" },
  number: { expected: "a finite number", is: (value) => Number.isFinite(value) },
  above0: { expected: "a number above 0", is: (value) => typeof value === "number" && value > 0 },
  count: {
    expected: "a whole number above 0",
    is: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  },
  numbers: {
    expected: "an array of numbers",
    is: (value) => Array.isArray(value) && value.every((one) => Number.isFinite(one)),
  },
  object: { expected: "an object", is: isObject },
  textOrObject: {
    expected: "a path or an object",
    is: (value) => typeof value === "string" || isObject(value),
  },
  listener: { expected: "a function", is: isFunction },
  signal: { expected: "an AbortSignal", is: (value) => value instanceof AbortSignal },
} as const satisfies Record<string, OptionKind>;

/** One of several words. */
export function oneOf(words: readonly string[]): OptionKind {
  const quoted = words.map((word) => JSON.stringify(word));
  return {
    expected: `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`,
    is: (value) => words.includes(value as string),
  };
}

/**
 * Checks options before anything is done with them: JavaScript hands over whatever was written. An option that is
 * undefined counts as not given.
 *
 * @param where whose options they are, the sentence's beginning
 * @param kinds every option that there is
 * Throws    FaceError USAGE for a value of another kind, and for an option that there is not, with the nearest that is
 */
export function checkOptions(
  where: string,
  options: unknown,
  kinds: Readonly<Record<string, OptionKind>>,
): void {
  if (!isObject(options))
    throw new FaceError("USAGE", { where, expected: "an object of options", got: shown(options) });
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (!kind) {
      const names = Object.keys(kinds);
      const near = nearestName(name, names);
      throw new FaceError("USAGE", {
        where,
        expected: "options that there are",
        got: shown(name),
        note: near === undefined ? `there are ${names.join(", ")}` : `did you mean ${JSON.stringify(near)}?`,
      });
    }
    if (!kind.is(value))
      throw new FaceError("USAGE", {
        where: `${where}: ${name}`,
        expected: kind.expected,
        got: shown(value),
      });
  }
}

/** The options of an object that are among those that there are. */
export function optionsAmong<T extends object>(
  options: object,
  kinds: Readonly<Record<keyof T, OptionKind>>,
): T {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(kinds, name))) as T;
}

/** A value in a sentence, however large it is. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return "an array";
  if (isObject(value)) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}
