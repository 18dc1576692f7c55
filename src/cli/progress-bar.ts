import { SingleBar } from "cli-progress";
import type { Progress } from "../core/index.ts";
import type { CliIo } from "./io.ts";
import { visibleText } from "./visible-text.ts";

/** Progress on a terminal: rate, time left; nothing at all when standard error goes elsewhere. */
export interface ProgressBar {
  readonly update: (progress: Progress) => void;
  /** Takes the bar off the screen, so that other lines can be written. */
  stop(): void;
}

/** A bar that appears with the first event and starts anew with every stage. */
export function progressBar(io: CliIo): ProgressBar {
  let bar: SingleBar | undefined;
  let stage = "";
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  const update = ({ stage: named, done, total, note = "" }: Progress): void => {
    if (!io.interactive) return;
    const next = visibleText(named);
    if (!bar || next !== stage) {
      stop();
      stage = next;
      const unit = next.startsWith("download")
        ? "{value} bytes"
        : "{value}/{total} · {rate}/s · {eta_formatted} left{note}";
      const started = performance.now();
      bar = new SingleBar({
        format:
          total === undefined ? `${next} ${unit.split(" · ")[0]}` : `${next} {bar} {percentage}% · ${unit}`,
        formatValue: (value) => String(value),
        barCompleteChar: "━",
        barIncompleteChar: "─",
        hideCursor: true,
        clearOnComplete: true,
        stream: process.stderr,
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
