import { readFile } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import type { Command } from "commander";
import { decoderInfo } from "../../image/index.ts";
import { engineInfo } from "../../onnx/index.ts";
import { SELF_TEST_MIN_COSINE, selfTest } from "../../recognise/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import { asFaceError } from "../failures.ts";
import type { CliIo } from "../io.ts";
import { openStore } from "../options.ts";
import { probeApart } from "../probe-apart.ts";
import { progressBar } from "../progress-bar.ts";
import { VERSION } from "../version.ts";

/** Processor features that decide how fast networks run. */
const FEATURES = [
  "avx2",
  "fma",
  "f16c",
  "avx512f",
  "avx512_vnni",
  "avx_vnni",
  "amx_int8",
  "asimd",
  "asimddp",
];

/** `arcface doctor` */
export function doctorCommand(program: Command, act: Act): void {
  program
    .command("doctor")
    .description("try this machine: fetch what is missing, run the models, compare with the right answer")
    .option("--verbose", "versions, processor and back ends, even when all is well")
    .option("--json", "print JSON, with all of that")
    .addHelpText("after", "\nExample:\n  arcface doctor")
    .action(act(doctor));
}

async function doctor(
  io: CliIo,
  flags: { readonly json?: boolean; readonly verbose?: boolean },
): Promise<number> {
  const store = openStore(io);
  const engine = await engineInfo();
  const backends: Record<string, string> = {};
  for (const provider of engine.providers) backends[provider] = (await probeApart(provider)) ?? "runs";
  const bar = progressBar(io);
  const test = await runSelfTest(() => selfTest(store));
  bar.stop();
  const healthy = backends["cpu"] === "runs" && test.cosine !== null && test.cosine >= SELF_TEST_MIN_COSINE;
  const report = {
    healthy,
    arcface: VERSION,
    node: process.versions.node,
    onnxruntime: engine.version,
    ...decoderInfo(),
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    features: await processorFeatures(),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    backends,
    selfTest: test,
    store: store.home,
  };
  if (flags.json) io.out(`${JSON.stringify(report)}\n`);
  else if (healthy && !flags.verbose)
    io.out(`all is well: arcface ${VERSION} computes right on Node ${report.node}, ${report.platform}`);
  else io.out(...describe(report));
  return healthy ? EXIT.ok : EXIT.noMatch;
}

async function runSelfTest(
  test: () => Promise<number>,
): Promise<{ cosine: number | null; problem?: string }> {
  try {
    return { cosine: await test() };
  } catch (thrown) {
    return { cosine: null, problem: asFaceError(thrown).message };
  }
}

/** Known features this processor has; undefined where the system does not say. */
async function processorFeatures(): Promise<string[] | undefined> {
  const text = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1];
  if (line === undefined) return undefined;
  const present = new Set(line.split(" "));
  return FEATURES.filter((feature) => present.has(feature));
}

function describe(report: Record<string, unknown>): string[] {
  return Object.entries(report).map(([name, value]) => {
    const text = Array.isArray(value)
      ? value.join(" ") || "none known"
      : typeof value === "object" && value !== null
        ? Object.entries(value)
            .map(([key, inner]) => `${key}: ${String(inner)}`)
            .join("; ")
        : String(value ?? "not stated by this system");
    return `${name.padEnd(13)}${text}`;
  });
}
