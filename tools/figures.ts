/**
 * Writes docs/figures.md: the prose of tools/figures.template.md with the numbers of docs/figures/*.json, each file a run
 * of a bench (`npm run bench NAME -- --json docs/figures/ID.json`).
 *
 * npm run figures
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { quotedFigures, ROOT, readRuns, renderFigures } from "./figure-runs.ts";

const runs = readRuns();
const wrong = quotedFigures(runs);
for (const line of wrong) console.error(line);
writeFileSync(join(ROOT, "docs", "figures.md"), renderFigures(runs));
process.exitCode = wrong.length === 0 ? 0 : 1;
