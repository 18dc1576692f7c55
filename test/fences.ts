/** A fenced block of a document. */
export interface Fence {
  /** Behind the fence: a language, and words that say what is not to be done with the block. */
  readonly info: string;
  readonly language: string;
  /** `norun` stands behind the language: it needs a server, hours, or another machine. */
  readonly runs: boolean;
  /** The line of the document that it begins in. */
  readonly line: number;
  readonly code: string;
}

/** The fenced blocks of a document. */
export function fences(text: string): Fence[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const info = match[1]!.trim();
    const [language = "", ...words] = info.split(" ");
    return {
      info,
      language,
      runs: !words.includes("norun"),
      line: text.slice(0, match.index).split("\n").length,
      code: match[2]!,
    };
  });
}
