import { afterEach, expect, test, vi } from "vitest";
import { progressBar } from "./progress-bar.ts";

afterEach(() => vi.useRealTimers());

/** Lines on standard error, which is no terminal, of work that reports once a second. */
function linesOf(seconds: number, options?: { readonly lines?: boolean }): string[] {
  vi.useFakeTimers();
  const lines: string[] = [];
  const err = (...said: readonly string[]): void => void lines.push(...said);
  const io = { out: err, err, interactive: false, env: {}, signal: new AbortController().signal };
  const bar = progressBar(io, options);
  for (let done = 1; done <= seconds; done++) {
    vi.advanceTimersByTime(1000);
    bar.update({ stage: "train\u001b[2J", done, total: 600, note: "loss 0.512" });
  }
  bar.stop();
  return lines;
}

test("without a terminal, work of minutes tells a line every quarter of a minute", () => {
  expect(linesOf(40, { lines: true })).toEqual([
    "train\\u001b[2J: 15 of 600, loss 0.512\n",
    "train\\u001b[2J: 30 of 600, loss 0.512\n",
  ]);
});

test("other work tells nothing without a terminal", () => {
  expect(linesOf(40)).toEqual([]);
});
