import { SingleBar } from "cli-progress";
import type { Progress } from "../core/index.ts";
import { visibleText } from "../core/index.ts";
import type { CliIo } from "./io.ts";
import { writeNow } from "./write-now.ts";

/** Progress on a terminal: rate, time left. When standard error goes elsewhere: nothing, or now and then a line. */
export interface ProgressBar {
  readonly update: (progress: Progress) => void;
  /** Takes the bar off the screen, so that other lines can be written. */
  stop(): void;
}

/** The bars that are on the screen; there is one unless two kinds of work overlap. */
const shown = new Set<() => void>();

/** Takes every bar off the screen, when a command has ended in whatever way: a bar redraws itself, which keeps a process alive. */
export function stopProgressBars(): void {
  for (const stop of shown) stop();
}

/** Milliseconds between two lines of progress where there is no terminal: a log shall stay readable. */
const LINE_MS = 15_000;

/**
 * A bar that appears with the first event and starts anew with every stage.
 *
 * @param lines for work of minutes: without a terminal, a line every quarter of a minute
 */
export function progressBar(io: CliIo, { lines = false }: { readonly lines?: boolean } = {}): ProgressBar {
  if (io.onProgress) return { update: io.onProgress, stop: () => {} };
  if (!io.interactive) return lines ? progressLines(io) : { update: () => {}, stop: () => {} };
  // All that a bar needs of a stream: standard error is a terminal wherever a bar is drawn.
  const write = (text: string): boolean => writeNow(2, text);
  const terminal = { isTTY: true, write } as unknown as NodeJS.WritableStream;
  let bar: SingleBar | undefined;
  let stage = "";
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
    shown.delete(stop);
  };
  const update = ({ stage: named, done, total, note = "" }: Progress): void => {
    const next = visibleText(named);
    if (!bar || next !== stage) {
      stop();
      stage = next;
      const unit = next.startsWith("download")
        ? "{value} bytes"
        : "{value}/{total} · {rate}/s · {eta_formatted} left{note}";
      const started = performance.now();
      shown.add(stop);
      bar = new SingleBar({
        format:
          total === undefined ? `${next} ${unit.split(" · ")[0]}` : `${next} {bar} {percentage}% · ${unit}`,
        formatValue: (value) => String(value),
        barCompleteChar: "━",
        barIncompleteChar: "─",
        hideCursor: true,
        clearOnComplete: true,
        stream: terminal,
        // Signals are for run-command.ts.
        gracefulExit: false,
        etaBuffer: 50,
      });
      bar.start(total ?? 0, 0, { rate: "–", started, note: "" });
    }
    const seconds =
      (performance.now() - ((bar as unknown as { payload: { started: number } }).payload.started ?? 0)) /
      1000;
    bar.update(done, {
      rate: seconds > 0.5 ? (done / seconds).toFixed(1) : "–",
      note: note && ` · ${visibleText(note)}`,
    });
  };
  return { update, stop };
}

/** `train softmax: 320 of 938`, no more often than every {@link LINE_MS}. */
function progressLines(io: CliIo): ProgressBar {
  let told = performance.now();
  const update = ({ stage, done, total, note = "" }: Progress): void => {
    const now = performance.now();
    if (now - told < LINE_MS) return;
    told = now;
    const share = total === undefined ? `${done}` : `${done} of ${total}`;
    io.err(`${visibleText(stage)}: ${share}${note && `, ${visibleText(note)}`}\n`);
  };
  return { update, stop: () => {} };
}
