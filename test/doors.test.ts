import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { ambiguousNames, apiReports, missingTypes, readDoors } from "../tools/public-api.ts";

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

/** What the command line takes from the rest of the library: the file it comes from, and the names. */
const taken = readdirSync(join(ROOT, "src", "cli"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .flatMap((name) => {
    const path = join(ROOT, "src", "cli", name);
    const text = readFileSync(path, "utf8");
    const fixed = [...text.matchAll(/(?:import|export) (?:type )?\{([^}]*)\} from "(\.[^"]+)"/g)];
    const late = [...text.matchAll(/import\("(\.[^"]+)"\)/g)].map(([, from]) => ["", "*", from] as const);
    return [...fixed, ...late].map(([, names, from]) => ({
      name,
      from: resolve(dirname(path), from!).slice(join(ROOT, "src").length + 1),
      names: names!
        .split(",")
        .map((each) =>
          each
            .trim()
            .replace(/^type /, "")
            .replace(/ as .*$/, ""),
        )
        .filter((each) => each !== ""),
    }));
  })
  .filter(({ from }) => !from.startsWith("cli/"));

test("the command line is built of what doors export: whatever it can do, a user of the library can", () => {
  const exported = new Map(
    doors.flatMap(({ names }) => names.map((each) => [each.name, each.declaredIn] as const)),
  );
  const openPaths = new Set(doors.map(({ file }) => file.replace(/^dist\//, "").replace(/\.d\.ts$/, ".ts")));
  expect(taken.length).toBeGreaterThan(50);
  const behindNoDoor = taken.flatMap(({ name, from, names }) =>
    names
      // Of a chapter that is no door itself, the root's door has the words that are meant for everybody.
      .filter((each) => !openPaths.has(from) && !exported.get(each)?.startsWith(`${dirname(from)}/`))
      .map((each) => `${name} takes ${each} of ${from}`),
  );
  expect(behindNoDoor).toEqual([]);
});
