import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";

/** The commit that is measured, with `-dirty` behind it where files differ from it. */
export function commitOfCheckout(): string {
  return execFileSync("git", ["describe", "--always", "--exclude=*", "--dirty"], { encoding: "utf8" }).trim();
}

/** The line every bench begins with: where and of what the figures are. */
export function describeMachine(): string {
  const commit = commitOfCheckout();
  const processor = cpus()[0]?.model.trim();
  return `${processor}, ${availableParallelism()} cores, Node ${process.versions.node}, commit ${commit}, ${new Date().toISOString().slice(0, 10)}`;
}

/** The folder with weights and photographs that are not part of the repository. Ends the bench when it is absent. */
export function sharedFolder(): string {
  const folder = process.env["ARCFACE_SHARED"] ?? join(import.meta.dirname, "..", "..", "shared");
  if (existsSync(join(folder, "data", "lfw"))) return folder;
  console.log(`skipped: no photographs at ${folder}; set ARCFACE_SHARED`);
  process.exit(0);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
