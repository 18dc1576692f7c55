import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { commitOfCheckout } from "./machine.ts";

const figures: Record<string, number> = {};

/** Keeps a figure for `--json`; both sides of a ratio are figures, the ratio is none. @param key dotted: `sqlite.killed` */
export function figure(key: string, value: number): void {
  figures[key] = value;
}

/** Writes the run as `docs/figures` keeps it, when the bench has ended; nothing for a bench that was skipped. */
export function writeFiguresAtExit(path: string, command: string): void {
  const started = performance.now();
  process.on("exit", () => {
    if (Object.keys(figures).length === 0) return;
    const run = {
      command,
      commit: commitOfCheckout(),
      machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
      node: process.versions.node,
      date: new Date().toISOString().slice(0, 10),
      figures: { ...figures, "run.seconds": Math.round((performance.now() - started) / 1000) },
    };
    writeFileSync(path, `${JSON.stringify(run, null, 2)}\n`);
    console.log(`${path}: written`);
  });
}
