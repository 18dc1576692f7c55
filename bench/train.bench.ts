/**
 * Pictures a second of a whole training step (forward, backward, SGD with momentum and weight decay) on two threads,
 * beside PyTorch, in turn in one run, and the peak memory of each process.
 *
 * `npm run bench train [NET ...]`: nets A (LeNet++ with 3×3 kernels), B (MobileFaceNet), C (iResNet-18) and IR-SE-50;
 * ARCFACE_BENCH_PYTHON and ARCFACE_BENCH_PYTHON2 name Pythons with PyTorch, THREADS the threads of each side (2). Times on
 * two threads want a machine without other work: both sides wait for their slower thread. Processor time of one thread,
 * THREADS=1, is what a busy machine can tell.
 */
import { spawn } from "node:child_process";
import { loadavg } from "node:os";
import { createInterface } from "node:readline";
import { figure } from "./figures.ts";
import { describeMachine, median } from "./machine.ts";
import { TRAINING_NETS } from "./peers/training-nets.ts";

/** Steps in a turn and turns; larger networks take fewer. */
const PLAN: Readonly<Record<string, { readonly steps: number; readonly rounds: number }>> = {
  A: { steps: 5, rounds: 9 },
  B: { steps: 2, rounds: 9 },
  C: { steps: 1, rounds: 9 },
  "IR-SE-50": { steps: 1, rounds: 9 },
};

interface Contestant {
  readonly name: string;
  /** Numbers that it answers with: milliseconds a step and of processor time, or bytes. */
  ask(line: string): Promise<readonly number[]>;
  close(): void;
}

const wanted = process.argv.slice(2).filter((name) => name in TRAINING_NETS);
const pythons = ["ARCFACE_BENCH_PYTHON", "ARCFACE_BENCH_PYTHON2"].flatMap((name) => process.env[name] ?? []);
console.log(`${describeMachine()}, load ${loadavg()[0]?.toFixed(1)}`);
const threads = process.env["THREADS"] ?? "2";
console.log(
  `threads: ${threads}; pictures a second, median of interleaved turns; peak memory of the process in MB\n`,
);
for (const net of wanted.length > 0 ? wanted : Object.keys(TRAINING_NETS)) await compare(net);

async function compare(net: string): Promise<void> {
  const { batch, network } = TRAINING_NETS[net]!();
  const { steps, rounds } = PLAN[net]!;
  const here = (file: string): string => new URL(`./peers/${file}`, import.meta.url).pathname;
  const contestants = [
    await start("arcface", process.execPath, ["--import", "tsx", here("arcface-training.ts"), net]),
  ];
  for (const python of pythons)
    contestants.push(await start("PyTorch", python, [here("torch-training.py"), net, threads]));
  const times = contestants.map((): number[] => []);
  const busy = contestants.map((): number[] => []);
  for (let round = 0; round <= rounds; round++)
    for (let turn = 0; turn < contestants.length; turn++) {
      const who = (turn + round) % contestants.length;
      const [ms = 0, processor = 0] = await contestants[who]!.ask(String(steps));
      if (round === 0) continue;
      times[who]!.push(ms);
      busy[who]!.push(processor);
    }
  console.log(`net ${net}: ${network.title}, batch ${batch}`);
  const [ours, oursBusy] = [median(times[0]!), median(busy[0]!)];
  for (const [i, { name, ask, close }] of contestants.entries()) {
    const [ms, processor] = [median(times[i]!), median(busy[i]!)];
    const key = `${net}.${name.replaceAll(" ", "-").toLowerCase()}`;
    figure(`${key}.ms`, ms);
    figure(`${key}.processor-ms`, processor);
    const ratio =
      i === 0
        ? ""
        : `arcface ${(ms / ours).toFixed(2)}×, by processor time ${(processor / oursBusy).toFixed(2)}×`;
    const memory = ((await ask("memory"))[0] ?? 0) / 2 ** 20;
    figure(`${key}.megabytes`, memory);
    console.log(
      `  ${name.padEnd(22)}${((1000 * batch) / ms).toFixed(1).padStart(8)}/s ${ms.toFixed(0).padStart(7)} ms a step, processor ${processor.toFixed(0)} ms ${memory.toFixed(0).padStart(6)} MB  ${ratio}`,
    );
    close();
  }
}

/** A process that answers a line with a line of numbers. */
async function start(name: string, command: string, args: readonly string[]): Promise<Contestant> {
  const peer = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done) throw new Error(`${name} ended early`);
    return line.value;
  };
  // Without the build, as in 2.13.0+cpu.
  const [, version = ""] = (await next()).split(/[ +]/);
  return {
    name: `${name} ${version}`.trim(),
    ask: async (line) => {
      peer.stdin.write(`${line}\n`);
      return (await next()).split(" ").map(Number);
    },
    close: () => peer.stdin.end(),
  };
}
