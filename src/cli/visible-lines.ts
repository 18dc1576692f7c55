import { visibleText } from "../core/index.ts";

/** Lines of text, each visible and ended; a line may bring its own line end. */
export function visibleLines(lines: readonly string[]): string {
  return lines.map((line) => `${visibleText(line.endsWith("\n") ? line.slice(0, -1) : line)}\n`).join("");
}
