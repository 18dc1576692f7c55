/**
 * npm run bench NAME [-- ARGUMENTS] [--json FILE]: runs bench/NAME.bench.ts; without a name lists what there is. `--json`
 * writes its figures as docs/figures keeps them.
 */
import { readdirSync } from "node:fs";
import { writeFiguresAtExit } from "./figures.ts";

const names = readdirSync(import.meta.dirname).flatMap((file) => /^(.*)\.bench\.ts$/.exec(file)?.[1] ?? []);
const name = process.argv[2];
if (name === undefined || !names.includes(name))
  console.log(`npm run bench NAME, one of: ${names.join(", ")}`);
else {
  process.argv.splice(2, 1);
  const at = process.argv.indexOf("--json");
  const [, path] = at < 0 ? [] : process.argv.splice(at, 2);
  if (at >= 0 && path === undefined) throw new Error("--json: expected a file, got none");
  const more = process.argv.slice(2);
  if (path !== undefined)
    writeFiguresAtExit(path, `npm run bench ${name}${more.length > 0 ? ` -- ${more.join(" ")}` : ""}`);
  await import(`./${name}.bench.ts`);
}
