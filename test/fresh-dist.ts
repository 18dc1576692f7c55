import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
/** The last files that a build writes: the library's, the command's, the report's script and the page. */
const BUILT = [
  "dist/index.js",
  "dist/cli/bundle/command-thread.js",
  "dist/study/page/page.js",
  "dist/web/index.html",
];

/**
 * Builds the package before the first test where the build is older than its source: the command line and the worker
 * threads run what is built, so that tests of an old build would say nothing of the source.
 */
export function setup(): void {
  // Whoever builds what is tested says so: tools/mutate does.
  if (process.env["ARCFACE_TESTS_BUILT"] === "yes" || isFresh()) return;
  execFileSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: "inherit" });
}

/** Tells whether every file of the source was last changed before the build. */
function isFresh(): boolean {
  const sources = ["src", "web/src"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(?:tsx?|css|svg)$/.test(path) && !/\.(?:test|contract)\.ts$/.test(path))
      .map((path) => join(folder, path)),
  );
  const changed = Math.max(...sources.map(modified));
  return BUILT.every((path) => modified(path) >= changed);
}

/** The time of a file's last change; the beginning of time for one that is not there. */
function modified(path: string): number {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
