/** npm run bench NAME [-- ARGUMENTS]: runs bench/NAME.bench.ts; without a name lists what there is. */
import { readdirSync } from "node:fs";

const names = readdirSync(import.meta.dirname).flatMap((file) => /^(.*)\.bench\.ts$/.exec(file)?.[1] ?? []);
const name = process.argv[2];
if (name === undefined || !names.includes(name))
  console.log(`npm run bench NAME, one of: ${names.join(", ")}`);
else {
  process.argv.splice(2, 1);
  await import(`./${name}.bench.ts`);
}
