const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["v", "\v"],
]);

/** A Python string literal of protocol 0, quotes included, as text; undefined when it is not one. */
export function decodeEscapes(literal: string): string | undefined {
  const quote = literal[0];
  if (literal.length < 2 || (quote !== "'" && quote !== '"') || !literal.endsWith(quote)) return undefined;
  let sound = true;
  const text = literal
    .slice(1, -1)
    .replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[\s\S]?)/g, (_all, code: string) => {
      const simple = SIMPLE_ESCAPES.get(code);
      if (simple !== undefined) return simple;
      if (code.length === 3 && code.startsWith("x")) return fromCode(code.slice(1), 16);
      if (/^[0-7]+$/.test(code)) return fromCode(code, 8);
      sound = false;
      return "";
    });
  return sound ? text : undefined;
}

/** Protocol 0's unicode: Latin-1 with \uXXXX and \UXXXXXXXX; undefined when an escape is cut short. */
export function decodeRawUnicode(line: string): string | undefined {
  let sound = true;
  const text = line.replace(/\\u([0-9a-fA-F]{0,4})|\\U([0-9a-fA-F]{0,8})/g, (all: string) => {
    const code = Number.parseInt(all.slice(2), 16);
    const whole = all.length === (all[1] === "u" ? 6 : 10) && code <= 0x10ffff;
    if (!whole) sound = false;
    return whole ? String.fromCodePoint(code) : "";
  });
  return sound ? text : undefined;
}

function fromCode(digits: string, radix: number): string {
  return String.fromCharCode(Number.parseInt(digits, radix) & 255);
}
