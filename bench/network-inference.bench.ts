/**
 * The speed of our graphs of IR-SE-50 and iResNet-50, with direct and with Winograd's convolutions, against the same network with PRelu as one operation and
 * against PyTorch, one thread each, taking turns in one run.
 *
 * `npx tsx bench/network-inference.bench.ts`, with ARCFACE_BENCH_PYTHON naming a Python that has PyTorch and numpy.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpus, loadavg } from "node:os";
import { createInterface } from "node:readline";
import { networkById, ONNX_INPUT, type OnnxOptions, toOnnx } from "../src/networks/index.ts";
import { encodeOnnx, engineInfo, Session } from "../src/onnx/index.ts";
import { formulaNoise, formulaWeights } from "../test/formula-weights.ts";
import { figure } from "./figures.ts";

/** Milliseconds of one forward pass. */
type Contestant = (network: string, batch: number) => Promise<number>;

const NETWORKS = ["ir-se-50", "iresnet-50"];
const BATCHES = [
  { batch: 1, rounds: 21 },
  { batch: 16, rounds: 5 },
];
const WARM_UP_ROUNDS = 1;

const ours = await sessions({});
const winograd = await sessions({ convolution: "winograd" });
const plain = await sessions({ prelu: "plain" });
const torch = await startTorch(process.env["ARCFACE_BENCH_PYTHON"]);
const contestants: readonly (readonly [string, Contestant])[] = [
  ["ours", ours],
  ["winograd", winograd],
  ["plain PRelu", plain],
  ...(torch ? [["PyTorch", torch.run] as const] : []),
];

console.log(
  `machine    ${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(2)}`,
);
console.log(
  `commit     ${execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()}`,
);
console.log(
  `versions   Node ${process.version}, onnxruntime ${(await engineInfo()).version}, PyTorch ${torch?.version ?? "none"}`,
);
console.log("one thread; milliseconds per picture, median of interleaved rounds\n");
console.log(
  "network      batch   direct  winograd   plain PRelu   PyTorch   over plain PRelu   over PyTorch",
);
for (const network of NETWORKS) {
  for (const { batch, rounds } of BATCHES) {
    const times = await takeTurns(network, batch, rounds);
    const [direct = NaN, fast = NaN, prelu = NaN, peer = NaN] = times.map((ms) => ms / batch);
    for (const [key, ms] of Object.entries({ direct, winograd: fast, "plain-prelu": prelu, pytorch: peer }))
      if (Number.isFinite(ms)) figure(`${network}.${batch}.${key}.ms`, ms);
    const cell = (value: number, width: number): string => value.toFixed(1).padStart(width);
    const ratios = (over: number, width: number): string =>
      `${(over / direct).toFixed(2)}× ${(over / fast).toFixed(2)}×`.padStart(width);
    console.log(
      network.padEnd(12) +
        String(batch).padStart(6) +
        cell(direct, 9) +
        cell(fast, 10) +
        cell(prelu, 14) +
        cell(peer, 10) +
        ratios(prelu, 19) +
        ratios(peer, 15),
    );
  }
}
torch?.close();

/** Median milliseconds of each contestant; a round lets each compute once, in an order that rotates. */
async function takeTurns(network: string, batch: number, rounds: number): Promise<number[]> {
  const times = contestants.map((): number[] => []);
  for (let round = 0; round < rounds + WARM_UP_ROUNDS; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const who = (turn + round) % contestants.length;
      const ms = await contestants[who]![1](network, batch);
      if (round >= WARM_UP_ROUNDS) times[who]!.push(ms);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!);
}

async function sessions(options: OnnxOptions): Promise<Contestant> {
  const open = new Map<string, Session>();
  for (const id of NETWORKS) {
    const network = networkById(id)!;
    open.set(id, await Session.open(encodeOnnx(toOnnx(network, formulaWeights(network), options))));
  }
  const pictures = new Map(
    BATCHES.map(({ batch }) => [batch, formulaNoise("pictures", batch * 3 * 112 * 112)]),
  );
  return async (id, batch) => {
    const feeds = { [ONNX_INPUT]: { dims: [batch, 3, 112, 112], data: pictures.get(batch)! } };
    const start = performance.now();
    await open.get(id)!.run(feeds);
    return performance.now() - start;
  };
}

/** PyTorch in a process of its own, answering one line with one; undefined when no Python is named. */
async function startTorch(python: string | undefined) {
  if (!python) return undefined;
  const script = new URL("./peers/torch-inference.py", import.meta.url).pathname;
  const peer = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done) throw new Error("the PyTorch process ended early");
    return line.value;
  };
  const version = await next();
  const run: Contestant = async (network, batch) => {
    if (!peer.stdin.write(`${network} ${batch}\n`)) await once(peer.stdin, "drain");
    return Number(await next());
  };
  return { version, run, close: () => peer.stdin.end() };
}
