/**
 * A server bundled by Vite, as Next.js, Nuxt, SvelteKit and Remix do it. What has native code or starts workers stays
 * outside the bundle: `arcface-ts` and its packages are named as external, and installed where the server runs.
 *
 * In Next.js the same is `serverExternalPackages: ["arcface-ts"]` in next.config.js.
 *
 * node examples/vite-server.js
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";

// In the project's folder, from where the bundle finds what is external.
const out = join(import.meta.dirname, "..", "out");
await mkdir(out, { recursive: true });
const folder = await mkdtemp(join(out, "vite-"));
try {
  await writeFile(
    join(folder, "server.js"),
    `import { ModelStore, verify } from "arcface-ts";
     export async function answer() {
       const store = new ModelStore({ home: process.env.ARCFACE_HOME });
       const photographs = await store.pull("sample-photographs");
       const result = await verify(photographs.get("sample1.jpg"), photographs.get("sample3.jpg"), { store });
       return { kind: result.kind, same: result.verdict?.same };
     }`,
  );
  await build({
    configFile: false,
    logLevel: "warn",
    root: folder,
    build: { ssr: join(folder, "server.js"), outDir: join(folder, "out"), minify: false },
    ssr: { external: ["arcface-ts"] },
  });
  const bundle = join(folder, "out", "server.js");
  assert.match(await readFile(bundle, "utf8"), /from ["']arcface-ts["']/, "the package stays outside");
  const { answer } = await import(pathToFileURL(bundle).href);
  const said = await answer();
  console.log(said);
  assert.deepEqual(said, { kind: "compared", same: true });
} finally {
  await rm(folder, { recursive: true });
}
