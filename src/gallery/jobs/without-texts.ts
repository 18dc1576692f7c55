/** Texts of at least this many bytes are looked for inside others, as the search that proves their absence does. */
const TELLING_BYTES = 6;

/**
 * Tells whether a value of JSON says a text: as a string of it, as a part of a path, or, when the text is long enough not to
 * turn up by chance, inside one.
 */
export function saysText(value: unknown, texts: readonly string[]): boolean {
  if (typeof value === "string")
    return texts.some(
      (text) =>
        value === text ||
        value.split(/[/\\]/).includes(text) ||
        (Buffer.byteLength(text) >= TELLING_BYTES && value.includes(text)),
    );
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((each) => saysText(each, texts));
}

/** JSON of which something was taken out. */
export interface Without {
  readonly json: string;
  /** Numbers of the job's files that what was taken out names. */
  readonly files: readonly number[];
}

/**
 * JSON without whatever says one of the texts: an element of a list goes whole, anything else becomes null.
 *
 * Somebody who is forgotten leaves lists of pictures that are still to be looked at, and reports of those that were.
 */
export function withoutTexts(json: string, texts: readonly string[]): Without {
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value)) return { json: saysText(value, texts) ? "null" : json, files: [] };
  const gone = value.filter((each) => saysText(each, texts)) as { readonly file?: number }[];
  const left = value.filter((each) => !gone.includes(each));
  return {
    json: JSON.stringify(left),
    files: gone.flatMap(({ file }) => (file === undefined ? [] : [file])),
  };
}
