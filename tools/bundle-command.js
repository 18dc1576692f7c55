/**
 * Bundles the command line's thread and all that it imports into a few files of dist/cli/bundle: Node.js reads four hundred
 * files in a second, and a few in a fraction of it. Doors and worker threads stay the files that they are.
 */
import { readFile, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { build } from "esbuild";

const dist = join(import.meta.dirname, "..", "dist");
const outdir = join(dist, "cli", "bundle");

/** Files that a module finds by its own address are found from the bundle as well. */
const ownAddress = {
  name: "own-address",
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      const contents = await readFile(path, "utf8");
      if (!path.startsWith(dist) || !contents.includes("import.meta.url")) return undefined;
      const from = relative(outdir, path).replaceAll(sep, "/");
      return { contents: contents.replaceAll("import.meta.url", `new URL("${from}", import.meta.url).href`) };
    });
  },
};

await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: ["bin.js", "command-thread.js"].map((name) => join(dist, "cli", name)),
  outdir,
  bundle: true,
  // Chunks are shared by what is imported only when it is needed: no module is there twice.
  splitting: true,
  packages: "external",
  // An import for its effect stays, whatever package.json says of side effects.
  ignoreAnnotations: true,
  platform: "node",
  format: "esm",
  target: "node20",
  minifyWhitespace: true,
  minifySyntax: true,
  charset: "utf8",
  plugins: [ownAddress],
  logLevel: "warning",
});
