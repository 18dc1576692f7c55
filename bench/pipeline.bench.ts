/**
 * From JPEG file to vectors: arcface beside @vladmandic/human and @vladmandic/face-api (WASM, their default pipelines),
 * all resident, in turn on the same 500 LFW photographs in one run.
 *
 * npm ci --prefix bench/peers --ignore-scripts && npm run bench pipeline [-- PHOTOGRAPHS]
 * Linux only: `taskset` pins the one-core arms.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { figure } from "./figures.ts";
import { describeMachine, median, sharedFolder } from "./machine.ts";

interface Arm {
  readonly name: string;
  readonly cpus: string;
  readonly command: readonly string[];
  /** Photographs of each round of 50 that this arm is given: the slow ones get fewer. */
  readonly share: number;
}

const here = import.meta.dirname;
const ours = (workers: number): string[] => [
  "--import",
  "tsx",
  join(here, "arcface-peer.ts"),
  String(workers),
];
const peer = (name: string, ...flags: string[]): string[] => [join(here, "peers", name), ...flags];
const ARMS: readonly Arm[] = [
  { name: "arcface", cpus: "0", command: ours(1), share: 50 },
  { name: "human", cpus: "0", command: peer("human.mjs"), share: 50 },
  { name: "human --minimal", cpus: "0", command: peer("human.mjs", "--minimal"), share: 50 },
  { name: "face-api", cpus: "0", command: peer("face-api.mjs"), share: 15 },
  { name: "arcface", cpus: "0,1", command: ours(2), share: 50 },
  { name: "human", cpus: "0,1", command: peer("human.mjs", "--threads", "2"), share: 50 },
  { name: "face-api", cpus: "0,1", command: peer("face-api.mjs", "--threads", "2"), share: 15 },
];

/** A resident program that answers one line for each line. */
class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(arm: Arm) {
    this.#child = spawn("taskset", ["-c", arm.cpus, process.execPath, ...arm.command], {
      cwd: join(here, ".."),
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#reader = createInterface({ input: this.#child.stdout! });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** The next line that is JSON; libraries print greetings of their own. */
  async next(): Promise<Record<string, number>> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error("a peer ended before it answered");
      if (value.startsWith("{")) return JSON.parse(value) as Record<string, number>;
    }
  }

  async time(paths: readonly string[]): Promise<number> {
    this.#child.stdin!.write(`${JSON.stringify({ paths })}\n`);
    const { ms, images } = (await this.next()) as { ms: number; images: number };
    return (images * 1000) / ms;
  }

  close(): void {
    this.#child.stdin!.end();
  }
}

const images = join(sharedFolder(), "data", "lfw", "images");
const count = Number(process.argv[2] ?? 500);
const photographs = readdirSync(images)
  .flatMap((person) => readdirSync(join(images, person)).map((file) => join(images, person, file)))
  .filter((_, i) => i % 7 === 0)
  .slice(0, count);
console.log(`${describeMachine()}\n${photographs.length} photographs of 250×250, rounds of 50, arms in turn`);
const rates = ARMS.map((): number[] => []);
const peers: Peer[] = [];
for (const arm of ARMS) {
  const started = new Peer(arm);
  await started.next();
  peers.push(started);
}
for (let start = 0; start < photographs.length; start += 50) {
  const round = photographs.slice(start, start + 50);
  for (const [i, arm] of ARMS.entries()) rates[i]!.push(await peers[i]!.time(round.slice(0, arm.share)));
}
for (const running of peers) running.close();

for (const cpus of ["0", "0,1"]) {
  const base = median(rates[ARMS.findIndex((arm) => arm.name === "arcface" && arm.cpus === cpus)]!);
  for (const [i, arm] of ARMS.entries()) {
    if (arm.cpus !== cpus) continue;
    const rate = median(rates[i]!);
    figure(`${cpus === "0" ? "one-core" : "two-cores"}.${arm.name.replace(" --", "-")}`, rate);
    const ratio = arm.name === "arcface" ? "" : `, arcface ${(base / rate).toFixed(1)}×`;
    console.log(
      `${cpus === "0" ? "one core " : "two cores"}  ${arm.name.padEnd(16)} ${rate.toFixed(1).padStart(6)} images/s (rounds ${Math.min(...rates[i]!).toFixed(1)}…${Math.max(...rates[i]!).toFixed(1)})${ratio}`,
    );
  }
}
process.exit(0);
