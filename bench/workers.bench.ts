/**
 * `arcface worker` on one PostgreSQL: photographs a second of one worker beside two, in turns, from the moment at which the
 * work was asked for to its manifest. Each worker computes in one thread.
 *
 *   ARCFACE_TEST_POSTGRES=postgres://… npm run bench workers -- [PHOTOGRAPHS] [ROUNDS]
 *
 * Needs LFW in ../shared and a built dist; 400 photographs and 2 rounds by default.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Gallery } from "arcface-ts/gallery";
import { shardsJob } from "arcface-ts/serve";
import { figure } from "./figures.ts";
import { galleryPlaces } from "./gallery-places.ts";
import { describeMachine, median, sharedFolder } from "./machine.ts";

/** Photographs of a share. */
const SHARE = 16;
/** Shares of one photograph after which a worker is warm. */
const WARM = 6;
const BIN = fileURLToPath(new URL("../bin/arcface.js", import.meta.url));

const [count = 400, rounds = 2] = process.argv.slice(2).map(Number);
await using places = galleryPlaces("postgres");
const folder = mkdtempSync(join(tmpdir(), "arcface-bench-"));
const clock = (): Date => new Date();

/** The first photograph of so many people, in a folder of their own. */
function photographs(name: string, many: number): string {
  const root = join(sharedFolder(), "data", "lfw", "images");
  const into = join(folder, name);
  mkdirSync(into);
  for (const person of readdirSync(root).sort().slice(0, many)) {
    const [first] = readdirSync(join(root, person)).sort();
    copyFileSync(join(root, person, first!), join(into, first!));
  }
  return into;
}

/** A worker, ready when it has done a few shares and so has its networks warm. */
interface Worker {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
}

function start(address: string): Worker {
  const child = spawn(process.execPath, [BIN, "worker", "--gallery", address, "--jobs", "1", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ready = new Promise<void>((settle) => {
    let lines = 0;
    child.stdout.on("data", (part: Buffer) => {
      lines += part.toString().split("\n").length - 1;
      if (lines >= WARM) settle();
    });
  });
  return { child, ready };
}

async function done(gallery: Gallery, id: number): Promise<void> {
  for (;;) {
    const job = await gallery.jobs.job(id);
    if (job?.state === "failed") throw new Error(job.error?.message);
    if (job?.state === "done") return;
    await new Promise((settle) => setTimeout(settle, 20));
  }
}

console.log(describeMachine());
const all = photographs("all", count);
const few = photographs("few", 8);
const rates = new Map<number, number[]>([
  [1, []],
  [2, []],
]);
let made = 0;
for (let round = 0; round < rounds; round++) {
  for (const [workers, perSecond] of rates) {
    const address = places.fresh();
    execFileSync(process.execPath, [BIN, "gallery", "create", "--gallery", address], { stdio: "ignore" });
    await using gallery = await Gallery.open(address, { clock });
    const own = Array.from({ length: workers }, () => start(address));
    // Small shares until everybody is warm.
    const everybody = Promise.all(own.map(({ ready }) => ready)).then(() => true);
    const soon = new Promise<boolean>((settle) => setTimeout(() => settle(false), 0));
    for (let ready = false; !ready; ready = await Promise.race([everybody, soon])) {
      const to = join(folder, `warm-${made++}`);
      await done(
        gallery,
        await gallery.jobs.create(shardsJob({ folder: few, to, share: 1 }), clock().toISOString()),
      );
    }
    const to = join(folder, `parts-${made++}`);
    const begun = performance.now();
    const job = shardsJob({ folder: all, to, share: SHARE });
    await done(gallery, await gallery.jobs.create(job, clock().toISOString()));
    const seconds = (performance.now() - begun) / 1000;
    perSecond.push(count / seconds);
    for (const { child } of own) child.kill("SIGINT");
    await Promise.all(own.map(async ({ child }) => await new Promise((ended) => child.once("close", ended))));
    const { faces, parts } = JSON.parse(readFileSync(join(to, "manifest.json"), "utf8")) as {
      faces: number;
      parts: { bytes: number }[];
    };
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    console.log(
      `${workers} ${workers === 1 ? "worker" : "workers"}: ${(count / seconds).toFixed(1)} photographs/s; ${faces} faces, ${(bytes / faces).toFixed(0)} bytes each`,
    );
    figure("faces-per-photograph", faces / count);
    figure("bytes-per-face", bytes / faces);
  }
}
figure("photographs", count);
figure("one.photographs-per-second", median(rates.get(1)!));
figure("two.photographs-per-second", median(rates.get(2)!));
console.log(`two workers: ${(median(rates.get(2)!) / median(rates.get(1)!)).toFixed(2)} times one`);
rmSync(folder, { recursive: true, force: true });
