import type { Command } from "commander";
import { FaceError } from "../../core/index.ts";
import { cardOfProbe, type ProbeReport, probeContract } from "../../evaluate/index.ts";
import {
  cardPathOf,
  type FileReport,
  ILL_CONDITIONED,
  inspectFile,
  type Recognition,
  readOwnCard,
  roundingNote,
  writeOwnCard,
} from "../../models/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { addContractFlags, contractOptions, type ModelFlags, openStore, whole } from "../options.ts";
import { expectWritableFile } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import { peopleOf } from "../told-inputs.ts";

interface InspectFlags extends ModelFlags {
  readonly tensors?: boolean;
  readonly json?: boolean;
  readonly probe?: string;
  readonly people?: number;
  readonly photographs?: number;
  readonly seed?: number;
  readonly writeCard?: boolean;
}

/** Differences from the nearest known network that are listed; `--json` has all. */
const LISTED = 8;

/** `arcface inspect FILE` */
export function inspectCommand(program: Command, act: Act): void {
  const command = program
    .command("inspect")
    .description("tell what a file of weights is, by its content: .pth, .pt, .safetensors, .onnx or .tflite")
    .argument("<file>", "a file of weights or of a network")
    .option("--tensors", "list every tensor with its type and shape")
    .option(
      "--probe <dir>",
      "measure channel order and normalisation on a folder with a folder for every person",
    )
    .option("--people <n>", "people taken for the probe (default 100)", whole)
    .option("--photographs <n>", "photographs of each (default 4)", whole)
    .option("--seed <n>", "what draws them (default 1)", whole)
    .option("--write-card", "write the best of the probe into the card beside the file, with the evidence")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExample:\n  arcface inspect model_ir_se50.pth\n  arcface inspect model_ir_se50.pth --probe lfw/ --write-card",
    );
  addContractFlags(command).action(act(inspect));
}

async function inspect(io: CliIo, path: string, flags: InspectFlags): Promise<number> {
  if (flags.probe !== undefined) return await probe(io, path, flags.probe, flags);
  if (flags.writeCard) {
    throw new FaceError("USAGE", {
      where: "--write-card",
      expected: "--probe DIR with it",
      got: "none: there is nothing to write",
    });
  }
  const report = await inspectFile(path, openStore(io).cards(), flags.under);
  if (flags.json) {
    const { tensors, ...rest } = report;
    io.out(
      `${JSON.stringify({ ...rest, tensorCount: tensors.length, ...(flags.tensors || isUnknown(report) ? { tensors } : {}) })}\n`,
    );
  } else io.out(...describe(report, flags.tensors ?? isUnknown(report)));
  return EXIT.ok;
}

async function probe(io: CliIo, path: string, folder: string, flags: InspectFlags): Promise<number> {
  if (flags.writeCard) await expectWritableFile(cardPathOf(path));
  const bar = progressBar(io);
  const report = await probeContract(path, await peopleOf(io, folder, flags), {
    store: openStore(io),
    people: flags.people,
    photographs: flags.photographs,
    seed: flags.seed,
    contract: contractOptions(flags),
    signal: io.signal,
    onProgress: bar.update,
  });
  bar.stop();
  const card = flags.writeCard
    ? await writeOwnCard(path, cardOfProbe(report, await readOwnCard(path)))
    : undefined;
  if (flags.json) io.out(`${JSON.stringify({ ...report, card: card ?? null })}\n`);
  else {
    io.out(...describeProbe(report));
    if (card !== undefined) io.out(`${card}: written\n`);
  }
  return EXIT.ok;
}

function describeProbe({ candidates, ...counts }: ProbeReport): string[] {
  const figure = (value: number, [low, high]: readonly [number, number], digits: number): string =>
    `${value.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
  const rows = candidates.map((candidate) => [
    candidate.channels,
    candidate.normalization,
    figure(candidate.dPrime, candidate.dPrimeInterval, 3),
    figure(candidate.auc, candidate.aucInterval, 5),
    candidate === candidates[0] ? "" : `[${candidate.behindBest.map((d) => d.toFixed(3)).join(", ")}]`,
  ]);
  const table = [["order", "normalisation", "d′ [95 %]", "AUC [95 %]", "d′ behind the best"], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const [best] = candidates;
  const tied = candidates.filter(({ behindBest }) => behindBest[0] <= 0);
  return [
    `${counts.people} people, ${counts.faces} faces (${counts.passedOver} photographs passed over), ${counts.genuinePairs} genuine and ${counts.impostorPairs} impostor pairs, seed ${counts.seed}`,
    ...table.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    ),
    tied.length === 1
      ? `best: ${best!.channels} ${best!.normalization}; the 95 % intervals put every other behind it`
      : `best: ${best!.channels} ${best!.normalization}, but these photographs cannot tell it from ${tied
          .slice(1)
          .map((c) => `${c.channels} ${c.normalization}`)
          .join(", ")}`,
  ];
}

/** Tells whether the tensors are all there is to be said: they are then shown unasked. */
function isUnknown({ network }: FileReport): boolean {
  return network?.kind === "unknown";
}

function describe(report: FileReport, listed: boolean): string[] {
  const { path, format, bytes, tensors, dtypes, values, graph, card } = report;
  const types = Object.entries(dtypes).map(([dtype, count]) => `${count} ${dtype}`);
  const lines = [
    `${path}: ${FORMATS[format]}, ${(bytes / 1e6).toFixed(1)} MB`,
    `sha256      ${report.sha256}`,
    `tensors     ${tensors.length} (${types.join(", ") || "none"}), ${values.toLocaleString("en")} numbers`,
  ];
  if (report.under.length > 0) lines.push(`under       ${report.under.join(" . ")}`);
  if (report.prefix) lines.push(`prefix      ${report.prefix} (cut off)`);
  if (report.wrappers.length > 0)
    lines.push(`wrappers    ${report.wrappers.join(", ")} (taken out of names)`);
  if (report.elsewhere.length > 0)
    lines.push(
      `elsewhere   ${report.elsewhere.map((place) => place || "the root").join(", ")} (--under takes one)`,
    );
  const unreadable = Object.entries(report.unreadable).map(([name, what]) => `${name} (${what})`);
  if (unreadable.length > 0) lines.push(`not read    ${some(unreadable)}`);
  if (report.network) lines.push(...describeNetwork(report.network));
  if (report.rounding !== null) lines.push(`rounding    ${describeRounding(report.rounding)}`);
  if (graph) {
    lines.push(
      `graph       ${[graph.opset === null ? "" : `opset ${graph.opset}`, graph.producer && `by ${graph.producer}`].filter(Boolean).join(", ") || "TFLite"}`,
    );
    for (const { name, type, shape } of graph.inputs)
      lines.push(`input       ${name} ${type} ${bracket(shape)}`);
    for (const { name, type, shape } of graph.outputs)
      lines.push(`output      ${name} ${type} ${bracket(shape)}`);
    const operators =
      graph.operators && Object.entries(graph.operators).map(([op, count]) => `${count} ${op}`);
    if (graph.refused !== null) lines.push(`not run     ${graph.refused}`);
    lines.push(`operators   ${operators?.join(", ") ?? "some that cannot be run here"}`);
  }
  if (card) {
    const why =
      card.recognisedBy === "sha256" ? "by sha256" : "by its network and name; its checksum is not known";
    lines.push(
      `card        ${card.id}: ${card.title} (${why})`,
      `licence     ${card.licence.id}${card.licence.commercial === "forbidden" ? ", non-commercial" : ""}: ${card.licence.note}`,
    );
    if (card.presets.length > 0)
      lines.push(`presets     ${card.presets.join(", ")} (the first is the default)`);
  }
  if (listed) {
    const width = Math.max(0, ...tensors.map(({ name }) => name.length));
    lines.push(
      "",
      ...tensors.map(({ name, dtype, shape }) => `${name.padEnd(width)}  ${dtype} ${bracket(shape)}`),
    );
  }
  return lines;
}

function describeRounding(rounding: number): string {
  return rounding > ILL_CONDITIONED
    ? roundingNote(rounding)
    : `${rounding.toExponential(1)} (how far its output moves when its weights change in their last bit)`;
}

function describeNetwork(network: Recognition): string[] {
  if (network.kind === "known") {
    const { id, title, parameters, gmacs, embedding, input, prefix, unused } = network;
    return [
      `network     ${id}: ${title}${prefix ? `, under "${prefix}"` : ""}`,
      `            ${(parameters / 1e6).toFixed(2)} M parameters, ${gmacs.toFixed(2)} GMAC, input [${input.join(", ")}], embedding ${embedding}`,
      ...(unused.length > 0 ? [`            beside it: ${some(unused)}`] : []),
    ];
  }
  if (!network.nearest) return ["network     unknown; it shares no name with one that is known"];
  const { id, missing, unexpected, different } = network.nearest;
  const shapes = different.map(
    ({ name, expected, got }) => `${name} ${bracket(got)} for ${bracket(expected)}`,
  );
  return [
    `network     unknown; nearest is ${id}`,
    ...(missing.length > 0 ? [`            missing: ${some(missing.map(({ name }) => name))}`] : []),
    ...(shapes.length > 0 ? [`            other shapes: ${some(shapes)}`] : []),
    ...(unexpected.length > 0 ? [`            not its own: ${some(unexpected)}`] : []),
  ];
}

const FORMATS: Readonly<Record<FileReport["format"], string>> = {
  "pytorch-legacy": "PyTorch weights, container from before 1.6",
  "pytorch-zip": "PyTorch weights, zip container",
  torchscript: "TorchScript program, of which the weights alone are read",
  safetensors: "safetensors",
  mxnet: "MXNet parameters",
  onnx: "ONNX graph",
  tflite: "TensorFlow Lite graph",
};

function bracket(shape: readonly (number | string | null)[] | null): string {
  return shape ? `[${shape.map((dim) => dim ?? "?").join(", ")}]` : "[…]";
}

function some(names: readonly string[]): string {
  const more = names.length - LISTED;
  return `${names.slice(0, LISTED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
