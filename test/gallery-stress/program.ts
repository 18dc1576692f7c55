import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";

const root = join(import.meta.dirname, "..", "..");

let program: string | undefined;

/** `process.ts` and what it needs as one file of JavaScript, which starts in a fraction of the time. */
export function stressProgram(): string {
  program ??= build();
  return program;
}

function build(): string {
  // Below the packages, so that they are found.
  const folder = mkdtempSync(join(root, "node_modules", ".stress-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  buildSync({
    entryPoints: {
      process: join(import.meta.dirname, "process.ts"),
      // Started by the library, beside the file that asks for it.
      "search-process": join(root, "src", "gallery", "erasure", "search-process.ts"),
    },
    outdir: folder,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
  });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  return join(folder, "process.js");
}
