/**
 * Writes the site's Markdown to out/site-source, from where VitePress takes it: docs/ with links that hold in the site, and
 * pages made from the commands, the types and the examples. With --dev it serves the site and writes again what changes.
 *
 * npm run docs, npm run docs:dev
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createServer } from "vitepress";
import { ROOT, readSite } from "./pages.ts";

const OUT = join(ROOT, "out", "site-source");

function write(): void {
  const { pages, files } = readSite();
  for (const [to, text] of pages) {
    const path = join(OUT, to);
    if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  for (const [to, from] of files) {
    mkdirSync(dirname(join(OUT, to)), { recursive: true });
    cpSync(join(ROOT, from), join(OUT, to));
  }
}

rmSync(OUT, { recursive: true, force: true });
write();
if (process.argv.includes("--dev")) {
  const server = await createServer(join(ROOT, "docs"));
  await server.listen();
  server.printUrls();
  let waiting: NodeJS.Timeout | undefined;
  for (const folder of ["docs", "examples"])
    watch(join(ROOT, folder), { recursive: true }, () => {
      clearTimeout(waiting);
      waiting = setTimeout(write, 200);
    });
}
