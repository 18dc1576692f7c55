import type { Command } from "commander";
import type { HeadReport } from "../../study/mnist/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { openStore, whole } from "../options.ts";
import { expectWritableFolder } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import { commitOfLibrary, VERSION } from "../version.ts";

interface MnistFlags {
  readonly out: string;
  readonly epochs?: number;
  readonly openSetEpochs?: number;
  readonly heads?: string;
  readonly embedding?: number;
  readonly digits?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

/** Adds `arcface reproduce mnist --out DIR` to its parent. */
export function addMnist(reproduce: Command, act: Act): void {
  reproduce
    .command("mnist")
    .description("train one network without and with the margin, and draw both feature spaces")
    .requiredOption("--out <folder>", "where mnist.json, mnist.svg and mnist.png go")
    .option("--heads <names>", "heads with commas (default softmax,normalised-softmax,arcface)")
    .option("--epochs <n>", "passes over the training digits (default 2; 4 with --embedding 2)", whole)
    .option("--open-set-epochs <n>", "passes of the runs on digits 0 to 6; 0 for none (default half)", Number)
    .option("--embedding <n>", "numbers in a feature; 2 draws the features themselves (default 128)", whole)
    .option("--digits <n>", "train and test on the first so many digits only (default all)", whole)
    .option("--seed <n>", "what weights and order are drawn from (default 1)", Number)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  arcface reproduce mnist --out mnist/")
    .action(act(mnist));
}

async function mnist(io: CliIo, flags: MnistFlags): Promise<number> {
  const { epochs, openSetEpochs, embedding, digits, seed } = flags;
  const { reproduceMnist } = await import("../../study/mnist/index.ts");
  await expectWritableFolder(flags.out);
  const bar = progressBar(io, { lines: !flags.json });
  try {
    const heads = flags.heads?.split(",").map((name) => name.trim());
    const { report, files } = await reproduceMnist(
      { heads, epochs, openSetEpochs, embedding, digits, seed },
      {
        out: flags.out,
        store: openStore(io),
        version: VERSION,
        commit: commitOfLibrary(),
        signal: io.signal,
        onProgress: bar.update,
      },
    );
    bar.stop();
    if (flags.json) io.out(`${JSON.stringify(report)}\n`);
    else {
      for (const [name, head] of Object.entries(report.heads)) io.out(`${sentence(name, head)}\n`);
      io.out(`${files.join(", ")}\n`);
    }
    return EXIT.ok;
  } finally {
    bar.stop();
  }
}

function sentence(name: string, head: HeadReport): string {
  const { testAccuracy, intraDeg, interDeg, marginDeg, silhouette, verification, openSet } = head;
  const tar = verification.tarAtFar["0.001"];
  return [
    `${name}: test accuracy ${(100 * testAccuracy).toFixed(2)} %`,
    `own centre ${intraDeg.toFixed(1)}°, between centres ${interDeg.toFixed(1)}°, margin ${marginDeg.toFixed(1)}°`,
    `silhouette ${silhouette.toFixed(3)}`,
    `pairs ${(100 * verification.accuracy).toFixed(2)} %${tar == null ? "" : `, TAR ${(100 * tar).toFixed(1)} % at FAR 0.001`}`,
    ...(openSet ? [`unseen digits 7 to 9: pairs ${(100 * openSet.verification.accuracy).toFixed(2)} %`] : []),
  ].join("; ");
}
