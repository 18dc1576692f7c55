import { availableParallelism, cpus } from "node:os";
import { Argument, type Command, InvalidArgumentError } from "commander";
import { measureStages } from "../../recognise/index.ts";
import { measureSearch } from "../../search/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { openStore, whole } from "../options.ts";
import { progressBar } from "../progress-bar.ts";
import { VERSION } from "../version.ts";

const STAGES = ["read", "detect", "align", "embed"] as const;
const WHAT = [...STAGES, "search"] as const;
type What = (typeof WHAT)[number];

interface BenchFlags {
  readonly n?: number[];
  readonly dimension: number;
  readonly threads: number;
  readonly quick?: boolean;
  readonly json?: boolean;
}

/** One line of the table: what was done how often, and how long once took. */
interface BenchRow {
  readonly what: What;
  /** Number of vectors searched. */
  readonly n?: number;
  readonly runs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** One after the other, on one thread; for search, queries asked 64 at a time. */
  readonly perSecond: number;
  readonly recall?: { readonly known: number; readonly strangers: number };
  readonly addedPerSecond?: number;
  readonly bytesPerVector?: number;
  readonly scanBytesPerVector?: number;
  /** Axes that vectors are searched along, and how many evenly filled dimensions would be spread as they are. */
  readonly axes?: number;
  readonly effectiveDimension?: number;
}

/** `arcface bench [search|detect|…]` */
export function benchCommand(program: Command, act: Act): void {
  program
    .command("bench")
    .description(
      "measure how fast this machine reads, detects, aligns, embeds and searches: one table to share",
    )
    .addArgument(new Argument("[what...]", "stages to measure (default all)").choices(WHAT))
    .option("--n <counts>", "vectors to search, with commas (default 1000,10000,100000,1000000)", counts)
    .option("--dimension <d>", "length of the vectors to search", whole, 512)
    .option("--threads <n>", "threads of a search", whole, 1)
    .option("--quick", "fewer repetitions, and at most 10,000 vectors unless --n says more")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nThe photographs are six samples from an npm package, the vectors made up with the cosines of faces.\nA million vectors take 2.6 GB of memory.\n\nExample:\n  arcface bench search --n 100000 --json",
    )
    .action(act(bench));
}

async function bench(io: CliIo, what: What[], flags: BenchFlags): Promise<number> {
  const wanted = new Set<What>(what.length > 0 ? what : WHAT);
  const bar = progressBar(io);
  const work = { signal: io.signal, onProgress: bar.update };
  const rows: BenchRow[] = [];
  const models: { detector?: string; model?: string } = {};
  const stages = STAGES.filter((stage) => wanted.has(stage));
  if (stages.length > 0) {
    const store = openStore(io);
    const photographs = [...(await store.pull("sample-photographs", work)).values()];
    const figures = await measureStages(store, photographs, { ...work, rounds: flags.quick ? 2 : 10 });
    Object.assign(models, { detector: figures.detector, model: figures.model });
    for (const stage of stages) rows.push(stageRow(stage, figures[`${stage}Ms`]));
  }
  if (wanted.has("search")) {
    for (const n of flags.n ?? (flags.quick ? [1000, 10_000] : [1000, 10_000, 100_000, 1_000_000])) {
      const figures = await measureSearch(n, { ...work, dimension: flags.dimension, threads: flags.threads });
      const { recall, addedPerSecond, bytesPerVector, scanBytesPerVector, shape } = figures;
      rows.push({
        ...stageRow("search", figures.singleMs),
        n,
        perSecond: figures.batchPerSecond,
        recall,
        addedPerSecond,
        bytesPerVector,
        scanBytesPerVector,
        ...(shape && { axes: shape.axes, effectiveDimension: shape.effectiveDimension }),
      });
    }
  }
  bar.stop();
  const machine = {
    arcface: VERSION,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
  };
  const search = { dimension: flags.dimension, threads: flags.threads, k: 10 };
  if (flags.json) io.out(`${JSON.stringify({ machine, ...models, search, rows })}\n`);
  else io.out(`${Object.values(machine).join(" · ")} cores`, ...table(rows));
  return EXIT.ok;
}

function stageRow(what: What, times: readonly number[]): BenchRow {
  const sorted = [...times].sort((a, b) => a - b);
  const percentile = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
  const total = sorted.reduce((sum, time) => sum + time, 0);
  return {
    what,
    runs: sorted.length,
    p50Ms: percentile(0.5),
    p95Ms: percentile(0.95),
    p99Ms: percentile(0.99),
    perSecond: (sorted.length * 1000) / total,
  };
}

/** A Markdown table, so that it can be pasted into an issue as it is. */
function table(rows: readonly BenchRow[]): string[] {
  const lines = rows.map((row) => [
    row.n === undefined ? row.what : `${row.what} ${row.n.toLocaleString("en")}`,
    ...[row.p50Ms, row.p95Ms, row.p99Ms].map((time) => (time < 100 ? time.toPrecision(3) : time.toFixed(0))),
    row.perSecond < 100 ? row.perSecond.toFixed(1) : row.perSecond.toFixed(0),
    row.recall ? `${row.recall.known} / ${row.recall.strangers}` : "",
    row.bytesPerVector ? row.bytesPerVector.toFixed(0) : "",
    row.axes ? `${row.axes} (${row.effectiveDimension!.toFixed(0)})` : "",
  ]);
  const head = ["", "p50 ms", "p95 ms", "p99 ms", "per second", "recall", "bytes", "axes (effective)"];
  const widths = head.map((name, i) => Math.max(name.length, ...lines.map((line) => line[i]!.length)));
  const draw = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [head, rule, ...lines].map(draw);
}

function counts(text: string): number[] {
  const values = text.split(",").map(Number);
  if (values.some((value) => !Number.isInteger(value) || value < 1 || value > 5_000_000))
    throw new InvalidArgumentError("Expected whole numbers from 1 to 5,000,000, with commas.");
  return values;
}
