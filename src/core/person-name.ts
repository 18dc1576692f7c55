import { FaceError } from "./errors.ts";

/** The longest name, in UTF-16 units. */
const MAX_LENGTH = 200;

/**
 * Characters that are not seen or that change how others are: control characters (U+009B begins a terminal's escape),
 * line separators, halves of characters, zero-width and other format characters, bidirectional overrides, fillers.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Arabic letters that never join to the next one: behind them a non-joiner is not seen. */
const ENDING =
  "\u0621-\u0625\u0627\u0629\u062F-\u0632\u0648\u0671-\u0677\u0688-\u0699\u06C0\u06C3-\u06CB\u06CD\u06CF\u06D2\u06D3\u06D5\u06EE\u06EF";
/** Signs that take a letter's vowel away in the scripts of India and Sri Lanka. */
const VIRAMAS = "\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA";

/**
 * Joiners where they are seen, as in the Persian and Sinhala spelling of many names.
 *
 * Source    RFC 5892, appendices A.1 and A.2
 */
const SEEN_JOINERS = new RegExp(
  `(?<=(?![${ENDING}])\\p{Script=Arabic}\\p{M}*)\\u200C(?=\\p{Script=Arabic})|(?<=[${VIRAMAS}])[\\u200C\\u200D]`,
  "gu",
);

/**
 * A person's name in the one spelling in which names are kept and compared, so that names that look the same are the
 * same: composed letters (NFC), one space where there is white space and none at the ends, no variation selectors.
 *
 * Letters of different scripts that resemble each other, and capitals and small letters, stay different.
 *
 * @param where whom the error is about, for its sentence
 * Throws    FaceError USAGE for a name that is empty, too long, or has characters that are not seen
 */
export function personName(where: string, text: string): string {
  const name = spelled(text);
  const unseen = UNSEEN.exec(name.replace(SEEN_JOINERS, ""));
  if (unseen) {
    throw new FaceError("USAGE", {
      where,
      expected: "a name without control and invisible characters",
      got: `U+${hex(unseen[0]).toUpperCase().padStart(4, "0")} in ${quoted(text)}`,
    });
  }
  if (name.length > 0 && name.length <= MAX_LENGTH) return name;
  throw new FaceError("USAGE", {
    where,
    expected: `a name of 1 to ${MAX_LENGTH} characters`,
    got: `${name.length} in ${quoted(text)}`,
  });
}

/** The nearest name that {@link personName} takes: without what is not seen, and cut; empty when nothing is left. */
export function legibleName(text: string): string {
  // Twice: the ends of what was cut out may be spaces, and its neighbours one letter now.
  let name = text;
  for (let last = ""; last !== name; ) {
    last = name;
    name = withoutUnseen(spelled(name)).slice(0, MAX_LENGTH);
  }
  return name;
}

function spelled(text: string): string {
  return text
    .normalize("NFC")
    .replace(/\p{Variation_Selector}/gu, "")
    .trim()
    .replace(/\p{Zs}+/gu, " ")
    .normalize("NFC");
}

function withoutUnseen(name: string): string {
  const kept = new Set([...name.matchAll(SEEN_JOINERS)].map(({ index }) => index));
  return name.replace(new RegExp(UNSEEN, "gu"), (each, index: number) => (kept.has(index) ? each : ""));
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60)).replace(new RegExp(UNSEEN, "gu"), (each) => `\\u{${hex(each)}}`);
}

function hex(character: string): string {
  return character.codePointAt(0)!.toString(16);
}
