/** Bundles the script of the study's report into dist, as one file that the report carries inside itself. */
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
await build({
  entryPoints: [join(root, "src", "study", "page", "page.ts")],
  outfile: join(root, "dist", "study", "page", "page.js"),
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  logLevel: "warning",
});
