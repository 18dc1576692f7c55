import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { ambiguousNames, apiReports, behindNoDoor, missingTypes, readDoors } from "../tools/public-api.ts";

const ROOT = resolve(import.meta.dirname, "..");
const doors = readDoors();

test("docs/api shows what every door exports: npm run api writes it", () => {
  const folder = join(ROOT, "docs", "api");
  const kept = new Map(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")] as const),
  );
  const reports = apiReports(doors);
  expect([...kept.keys()].sort()).toEqual([...reports.keys()].sort());
  for (const [name, text] of reports) expect(kept.get(name), `docs/api/${name}`).toBe(text);
});

test("every type in a door's signatures is exported by some door", () => {
  expect(missingTypes(doors)).toEqual([]);
});

test("a name means one thing behind every door", () => {
  expect(ambiguousNames(doors)).toEqual([]);
});

test("every door opens, and gives values that its types promise", () => {
  const script = `const found = {};
    for (const name of ${JSON.stringify(doors.map(({ name }) => name))}) found[name] = Object.keys(await import(name));
    console.log(JSON.stringify(found));`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { cwd: ROOT });
  const found = JSON.parse(String(printed)) as Record<string, string[]>;
  for (const { name, names } of doors) {
    const promised = new Set(names.map((each) => each.name));
    expect(found[name]?.length, name).toBeGreaterThan(0);
    expect(found[name]?.filter((value) => !promised.has(value))).toEqual([]);
  }
});

test("the command line is built of what doors export: whatever it can do, a user of the library can", () => {
  expect(behindNoDoor(doors)).toEqual([]);
});

test("the package has a name that is its own, both commands run it, and no page says npx arcface of a place where nothing is installed", () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    name: string;
    bin: Record<string, string>;
  };
  expect(manifest.name).toBe("arcface-ts");
  expect(Object.keys(manifest.bin).sort()).toEqual(["arcface", "arcface-ts"]);
  expect(new Set(Object.values(manifest.bin)).size).toBe(1);
  const pages = ["README.md", "CONTRIBUTING.md", ...namesIn("docs"), ...namesIn("examples")];
  const foreign = pages.filter((page) => /npx arcface(?!-ts)\b/.test(readFileSync(join(ROOT, page), "utf8")));
  expect(foreign).toEqual([]);
});

/** Pages and programs below a folder, by their path in the package. */
function namesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(md|js|ts)$/.test(name))
    .map((name) => join(folder, name));
}
