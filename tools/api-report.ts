/**
 * Writes docs/api: what every door of the built package exports, so that a change to it is seen in the change's own diff.
 * With --check it writes nothing and says what is not as it should be.
 *
 * npm run api
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ambiguousNames, apiReports, behindNoDoor, missingTypes, readDoors } from "./public-api.ts";

const folder = resolve(import.meta.dirname, "..", "docs", "api");
const doors = readDoors();
const reports = apiReports(doors);
if (process.argv.includes("--check")) {
  const stale = [...reports].filter(([name, text]) => {
    const path = join(folder, name);
    return !existsSync(path) || readFileSync(path, "utf8") !== text;
  });
  const complaints = [
    ...stale.map(([name]) => `docs/api/${name}: not what the door exports now; "npm run api" writes it`),
    ...missingTypes(doors).map((each) => `no door exports ${each}`),
    ...ambiguousNames(doors).map((each) => `a name with two meanings: ${each}`),
    ...behindNoDoor(doors).map((each) => `no door exports what the command line needs: ${each}`),
  ];
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length > 0) process.exit(1);
} else {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of reports) writeFileSync(join(folder, name), text);
}
