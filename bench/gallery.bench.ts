/**
 * A gallery in SQLite at 100,000 faces: enrolling, opening, and answering while another process writes.
 *
 *   npm run bench gallery -- [FACES] [DIMENSION]
 *
 * Synthetic vectors: three faces a person, cosine about 0.6 within a person. Absolute times of this machine.
 */
import { fork } from "node:child_process";
import { rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Gallery } from "../src/gallery/index.ts";
import { MadeFaces, madePipeline, provenance } from "../src/gallery/made-faces.ts";
import { figure } from "./figures.ts";
import { describeMachine } from "./machine.ts";

const faces = Number(process.argv[2] ?? 100_000);
const dimension = Number(process.argv[3] ?? 512);
const clock = (): Date => new Date();
const seconds = (since: number): number => (performance.now() - since) / 1000;

if (process.argv[4] === "write") {
  const gallery = await Gallery.open(process.argv[5]!, { clock });
  const made = new MadeFaces(2, dimension);
  for (let i = 0; ; i++) {
    const face = { vector: made.direction(), provenance: provenance(`w${i}`) };
    await gallery.enrol([{ name: `writer ${i}`, faces: [face] }]);
    process.send?.("written");
  }
}

console.log(describeMachine());
const path = join(tmpdir(), `arcface-gallery-${process.pid}.db`);
const address = `sqlite:${path}`;
const made = new MadeFaces(1, dimension);
const pipeline = madePipeline(dimension);
const gallery = await Gallery.create(address, pipeline, { clock, threshold: 0.4 });
let enrolling = 0;
for (let done = 0; done < faces; ) {
  const people = Array.from({ length: 100 }, (_, i) => {
    const centre = made.direction();
    const name = `person ${done + i}`;
    return {
      name,
      faces: [0, 1, 2].map((n) => ({ vector: made.near(centre), provenance: provenance(`${name}/${n}`) })),
    };
  });
  const start = performance.now();
  await gallery.enrol(people);
  enrolling += seconds(start);
  done += 300;
}
await gallery.close();
console.log(`enrolled ${faces} faces, 300 in a durable change: ${Math.round(faces / enrolling)}/s`);
figure("enrolled-per-second", faces / enrolling);
figure("bytes-per-face", statSync(path).size / faces);
console.log(`file: ${Math.round(statSync(path).size / faces)} bytes a face`);
const before = process.memoryUsage().rss;
const start = performance.now();
await using opened = await Gallery.open(address, { clock });
await opened.identify(made.direction());
figure("open-seconds", seconds(start));
console.log(`open and first answer: ${seconds(start).toFixed(2)} s`);
const { indexBytes } = await opened.records.stats();
console.log(
  `memory: index ${Math.round(indexBytes / faces)} bytes a face, process +${Math.round((process.memoryUsage().rss - before) / faces)} bytes a face`,
);
await ask("identify alone");
const child = fork(import.meta.filename, [String(faces), String(dimension), "write", address], {
  execArgv: process.execArgv,
});
let written = 0;
child.on("message", () => written++);
await new Promise((resolve) => child.once("message", resolve));
const begun = performance.now();
await ask("identify while another process writes");
figure("written-per-second", written / seconds(begun));
console.log(`written meanwhile: ${Math.round(written / seconds(begun))} changes/s`);
child.kill("SIGKILL");
for (const ending of ["", "-wal", "-shm"]) rmSync(path + ending, { force: true });

async function ask(what: string): Promise<void> {
  const times: number[] = [];
  const processor = process.cpuUsage();
  for (let i = 0; i < 500; i++) {
    const query = made.direction();
    const begin = performance.now();
    await opened.identify(query);
    times.push(performance.now() - begin);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { user, system } = process.cpuUsage(processor);
  times.sort((a, b) => a - b);
  figure(`${what.replaceAll(" ", "-")}.p50-ms`, times[250]!);
  figure(`${what.replaceAll(" ", "-")}.p99-ms`, times[495]!);
  console.log(
    `${what}: p50 ${times[250]!.toFixed(2)} ms, p99 ${times[495]!.toFixed(2)} ms; processor ${((user + system) / 500_000).toFixed(2)} ms a question`,
  );
}
