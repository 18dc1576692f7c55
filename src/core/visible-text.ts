/**
 * Characters that move a terminal's cursor, recolour it, begin a line, turn the direction of what follows, or are not
 * seen at all: none of them may come out of a file's name or a tensor's.
 */
const HIDDEN = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}\u200B\u2060\uFEFF]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Text as a person can safely read it: whatever would act on a terminal instead of being seen is written as `\n` or
 * `\u001b`. JSON stays the same JSON, because such characters stand only inside its strings, where an escape means
 * the character.
 */
export function visibleText(text: string): string {
  return text.replace(
    HIDDEN,
    (character) => SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
