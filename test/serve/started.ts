import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import sharp from "sharp";
import { samplePhotographs } from "../pack.ts";

/** A service of the built package in a process of its own. */
export interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly ended: Promise<number>;
  readonly log: () => string;
}

const running = new Set<ChildProcess>();

/** Kills whatever a test file started and did not stop. */
export function killStarted(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts a service on a free port with one worker, as `--json` tells it. */
export async function serve(...args: readonly string[]): Promise<Started> {
  const bin = join(import.meta.dirname, "..", "..", "bin", "arcface.js");
  const child = spawn(process.execPath, [bin, "serve", "--port", "0", "--json", "--jobs", "1", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let log = "";
  child.stderr.on("data", (part: Buffer) => {
    log += part.toString();
  });
  const ended = new Promise<number>((settle) =>
    child.on("close", (code) => {
      running.delete(child);
      settle(code ?? -1);
    }),
  );
  const first = await new Promise<string>((settle, fail) => {
    let text = "";
    child.stdout.on("data", (part: Buffer) => {
      text += part.toString();
      if (text.includes("\n")) settle(text.split("\n", 1)[0]!);
    });
    void ended.then((code) => fail(new Error(`ended with ${code}: ${log}`)));
  });
  return { child, url: (JSON.parse(first) as { url: string }).url, ended, log: () => log };
}

/** Stops a service by a signal. Returns its exit code and how long it took. */
export async function stop(
  { child, ended }: Started,
  signal: NodeJS.Signals = "SIGINT",
): Promise<{ code: number; ms: number }> {
  const begun = performance.now();
  child.kill(signal);
  const code = await ended;
  return { code, ms: performance.now() - begun };
}

/** Small pictures of a face each, cut from the sample photographs: two of one person, two of another, one of a third. */
export async function facePictures(): Promise<Uint8Array<ArrayBuffer>[]> {
  const samples = await samplePhotographs();
  const cuts = [
    { sample: 1, left: 1417, top: 152, width: 324, height: 353 },
    { sample: 3, left: 995, top: 131, width: 342, height: 444 },
    { sample: 1, left: 784, top: 372, width: 289, height: 336 },
    { sample: 4, left: 218, top: 152, width: 262, height: 353 },
    { sample: 6, left: 204, top: 420, width: 316, height: 422 },
  ];
  return await Promise.all(
    cuts.map(async ({ sample, ...area }) =>
      Uint8Array.from(await sharp(samples[sample]!).extract(area).jpeg().toBuffer()),
    ),
  );
}
