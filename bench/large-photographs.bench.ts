/**
 * From a JPEG file of 12 megapixels to its faces, found and cut out, beside an earlier checkout of this repository, in turn.
 *
 * git worktree add DIR COMMIT && ln -s "$PWD/node_modules" DIR/node_modules
 * npm run bench large-photographs -- --before DIR [--rounds 5] [PHOTOGRAPHS]
 *
 * Without photographs, twelve of LFW enlarged side by side make each of three. Both with the detector `mtcnn`.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { figure } from "./figures.ts";
import { describeMachine, median, sharedFolder } from "./machine.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { before: { type: "string" }, rounds: { type: "string", default: "5" } },
});

/** The finder of faces, in both checkouts. */
interface Finder {
  align(path: string, sizePx: number): Promise<{ readonly faces: readonly unknown[] }>;
  close(): Promise<void>;
}

async function openFinder(checkout: string): Promise<Finder> {
  const module = pathToFileURL(join(checkout, "src", "recognise", "index.ts")).href;
  const { FaceFinder } = (await import(module)) as {
    FaceFinder: { open(options: { detector: string }): Promise<Finder> };
  };
  return await FaceFinder.open({ detector: "mtcnn" });
}

/** 4000 × 3000 pixels of twelve photographs. */
async function makePhotograph(path: string, sources: readonly string[]): Promise<void> {
  const tiles = await Promise.all(
    sources.map(async (source, i) => ({
      input: await sharp(source).resize(1000, 1000).toBuffer(),
      left: 1000 * (i % 4),
      top: 1000 * Math.floor(i / 4),
    })),
  );
  await sharp({ create: { width: 4000, height: 3000, channels: 3, background: "#888" } })
    .composite(tiles)
    .jpeg({ quality: 90 })
    .toFile(path);
}

const folder = mkdtempSync(join(tmpdir(), "arcface-large-"));
try {
  const photographs = positionals.length > 0 ? positionals : [0, 1, 2].map((i) => join(folder, `${i}.jpg`));
  if (positionals.length === 0) {
    const images = join(sharedFolder(), "data", "lfw", "images");
    const people = readdirSync(images).slice(0, 36);
    for (const [i, path] of photographs.entries()) {
      const own = people.slice(12 * i, 12 * (i + 1));
      await makePhotograph(
        path,
        own.map((person) => join(images, person, readdirSync(join(images, person))[0]!)),
      );
    }
  }
  console.log(`${describeMachine()}, ${photographs.length} photographs`);
  const arms = new Map<string, Finder>();
  if (flags.before) arms.set("before", await openFinder(flags.before));
  arms.set("now", await openFinder(join(import.meta.dirname, "..")));
  const times = new Map<string, number[][]>([...arms.keys()].map((arm) => [arm, photographs.map(() => [])]));
  // The first round warms up and does not count.
  for (let round = 0; round <= Number(flags.rounds); round++) {
    for (const [i, path] of photographs.entries()) {
      for (const [arm, finder] of round % 2 === 0 ? arms : [...arms].reverse()) {
        const started = performance.now();
        const { faces } = await finder.align(path, 112);
        if (round > 0) times.get(arm)![i]!.push(performance.now() - started);
        else console.log(`  ${arm}: ${faces.length} faces`);
      }
    }
  }
  for (const finder of arms.values()) await finder.close();
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  for (const [arm, each] of times) {
    const [middle, least] = [sum(each.map(median)), sum(each.map((own) => Math.min(...own)))];
    figure(`${arm}.median-ms`, middle);
    figure(`${arm}.least-ms`, least);
    console.log(`${arm.padEnd(7)} median ${middle.toFixed(0)} ms, least ${least.toFixed(0)} ms a photograph`);
  }
  const [before, now] = [times.get("before"), times.get("now")!];
  if (before) {
    const ratio = (of: (own: readonly number[]) => number): string =>
      (sum(now.map(of)) / sum(before.map(of))).toFixed(3);
    console.log(`now / before: median ${ratio(median)}, least ${ratio((own) => Math.min(...own))}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
