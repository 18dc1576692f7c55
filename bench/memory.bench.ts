/**
 * Memory of `arcface embed` over 10,000 photographs: the largest resident set after each tenth of the way.
 *
 * npm run bench memory   (Linux: reads /proc)
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { figure } from "./figures.ts";
import { describeMachine, sharedFolder } from "./machine.ts";

const COUNT = Number(process.argv[2] ?? 10_000);
const images = join(sharedFolder(), "data", "lfw", "images");
const sources = readdirSync(images).flatMap((person) =>
  readdirSync(join(images, person)).map((file) => join(images, person, file)),
);
const folder = mkdtempSync(join(tmpdir(), "arcface-memory-"));
for (let i = 0; i < COUNT; i++)
  symlinkSync(sources[i % sources.length]!, join(folder, `${String(i).padStart(6, "0")}.jpg`));

console.log(`${describeMachine()}\nembed of ${COUNT} photographs`);
const out = join(folder, "faces.jsonl");
const started = performance.now();
const child = spawn(
  process.execPath,
  [join(import.meta.dirname, "..", "bin", "arcface.js"), "embed", folder, "--out", out],
  {
    stdio: ["ignore", "inherit", "inherit"],
  },
);
const statusKiB = (field: string): number => {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s*(\\d+)`).exec(status)?.[1] ?? 0);
};
let peak = 0;
const timer = setInterval(() => {
  try {
    const now = statusKiB("VmRSS");
    peak = statusKiB("VmHWM");
    console.log(
      `${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  resident ${(now / 1024).toFixed(0)} MB, largest ${(peak / 1024).toFixed(0)} MB`,
    );
  } catch {
    // The process ended between two looks.
  }
}, 15_000);
await new Promise((resolve) => child.on("close", resolve));
clearInterval(timer);
console.log(
  `${(COUNT / ((performance.now() - started) / 1000)).toFixed(1)} photographs/s, largest resident set ${(peak / 1024).toFixed(0)} MB`,
);
figure("megabytes", peak / 1024);
figure("photographs", COUNT);
rmSync(folder, { recursive: true });
