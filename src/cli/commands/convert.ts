import type { Command } from "commander";
import { convertFile } from "../../models/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { addContractFlags, contractOptions, type ModelFlags, openStore } from "../options.ts";
import { expectNoInput, expectWritableFile } from "../outputs.ts";

interface ConvertFlags extends ModelFlags {
  readonly out: string;
  readonly keepBatchNorm?: boolean;
  readonly plainPrelu?: boolean;
  readonly normalize?: boolean;
  readonly fp16?: boolean;
  readonly json?: boolean;
}

/** `arcface convert FILE --out X.onnx|X.safetensors|X.pth` */
export function convertCommand(program: Command, act: Act): void {
  const command = program
    .command("convert")
    .description("write weights or a network in another format, with a card beside it")
    .argument("<file>", "a .pth, .pt, .safetensors, .onnx or .tflite file")
    .requiredOption("--out <file>", "X.onnx, X.safetensors, X.pth or X.pt: what its name says")
    .option("--keep-batch-norm", "leave batch norms as operations of their own")
    .option("--plain-prelu", "leave PReLU as one operation, which runs slower")
    .option("--normalize", "let vectors leave the graph with length 1 (default as the network does)")
    .option("--no-normalize", "let vectors leave as long as they are")
    .option("--fp16", "store weights as halves")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExample:\n  arcface convert model_ir_se50.pth --out ir_se50.onnx --preset ir-se-50/bgr",
    );
  addContractFlags(command).action(act(convert));
}

async function convert(io: CliIo, path: string, flags: ConvertFlags): Promise<number> {
  await expectWritableFile(flags.out);
  expectNoInput(flags.out, [path]);
  const report = await convertFile(path, flags.out, openStore(io).cards(), {
    foldBatchNorm: !flags.keepBatchNorm,
    prelu: flags.plainPrelu ? "plain" : "fast",
    normalize: flags.normalize,
    fp16: flags.fp16,
    under: flags.under,
    contract: contractOptions(flags),
  });
  if (flags.json) {
    io.out(`${JSON.stringify(report)}\n`);
    return EXIT.ok;
  }
  const { out, bytes, sha256, network, distance, card, notes } = report;
  io.out(`${out}: ${(bytes / 1e6).toFixed(1)} MB${network ? `, ${network}` : ""}, sha256 ${sha256}\n`);
  if (distance !== null)
    io.out(`agrees with its original to ${distance.toExponential(1)} on a random picture\n`);
  for (const note of notes) io.out(`${note}\n`);
  if (card !== null) io.out(`${card}: the contract as far as it is known\n`);
  return EXIT.ok;
}
