/**
 * Writes docs/api: what every door of the built package exports, so that a change to it is seen in the change's own diff.
 *
 * npm run api
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { apiReports, readDoors } from "./public-api.ts";

const folder = resolve(import.meta.dirname, "..", "docs", "api");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, text] of apiReports(readDoors())) writeFileSync(join(folder, name), text);
