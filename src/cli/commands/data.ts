import { type Command, Option } from "commander";
import { counted } from "../../core/index.ts";
import type { ExampleSet, PackReport } from "../../train/index.ts";
import type { Act } from "../act.ts";
import { Failures } from "../failures.ts";
import type { CliIo } from "../io.ts";
import {
  addJobsFlag,
  addModelFlags,
  type ModelFlags,
  openStore,
  recognizerOptions,
  whole,
} from "../options.ts";
import { expectNoInput, expectWritableFile } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import { tellPeopleFolder } from "../told-inputs.ts";

interface PackFlags extends ModelFlags {
  readonly out: string;
  readonly size: number;
  readonly encoding: "file" | "raw";
  readonly aligned?: boolean;
  readonly jobs?: number;
  readonly json?: boolean;
}

/** `arcface data pack|info` */
export function dataCommand(program: Command, act: Act): void {
  const data = program
    .command("data")
    .description("pack training data, a folder of people or train.rec, and look at it")
    .addHelpText("after", "\nExample:\n  arcface data pack people/ --out faces.pack");
  const packing = data
    .command("pack")
    .description("align a folder with a folder for every person, once, or take train.rec, into one file")
    .argument("<source>", "folder of people, or train.rec")
    .requiredOption("--out <file>", "the pack, faces.pack")
    .option("--size <px>", "side of the crops, a multiple of 112 or 128", whole, 112)
    .addOption(
      new Option(
        "--encoding <how>",
        "pictures as their files or JPEG, or as raw pixels (five to nine times larger)",
      )
        .choices(["file", "raw"])
        .default("file"),
    )
    .option("--aligned", "all pictures are aligned crops (default: those of the pack's size are)")
    .option("--no-aligned", "look for a face in every picture")
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      "\nPacking again takes over what has not changed; a run that was stopped goes on.\n\nExample:\n  arcface data pack people/ --out faces.pack",
    );
  addJobsFlag(addModelFlags(packing, { embeds: false })).action(act(pack));
  data
    .command("info")
    .description("how many pictures of how many people, and how they are spread")
    .argument(
      "<source>",
      "faces.pack, train.rec, or a folder of people, which is packed into the store first",
    )
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  arcface data info faces.pack")
    .action(act(info));
}

/** Training is loaded when it is wanted: other commands need not wait for it. */
const training = async () => await import("../../train/index.ts");

async function pack(io: CliIo, source: string, flags: PackFlags): Promise<number> {
  const { packFolder, packRecords } = await training();
  await expectWritableFile(flags.out);
  expectNoInput(flags.out, [source]);
  const bar = progressBar(io);
  const failures = new Failures(io, flags.json ?? false);
  const work = { signal: io.signal, onProgress: bar.update };
  let report: PackReport;
  try {
    if (source.endsWith(".rec")) report = await packRecords(source, flags.out, work);
    else {
      const { store, detector, minFacePx, turned, onWarning } = await recognizerOptions(
        flags,
        openStore(io),
        io,
      );
      report = await packFolder(source, flags.out, {
        ...work,
        store,
        detector,
        onWarning,
        turned,
        ...(minFacePx === undefined ? {} : { minFacePx }),
        sizePx: flags.size,
        encoding: flags.encoding,
        aligned: flags.aligned ?? "auto",
        workers: flags.jobs,
      });
    }
  } finally {
    bar.stop();
  }
  for (const error of report.failed) failures.add(error);
  const { folder, ...rest } = report;
  if (folder) tellPeopleFolder(io, flags, folder);
  const { examples, classes, reused, noFace, single, empty } = report;
  if (flags.json) {
    const passedOver = folder?.passedOver ?? null;
    io.out(JSON.stringify({ ...rest, failed: report.failed.map(({ message }) => message), passedOver }));
  } else {
    io.out(`${flags.out}\n`);
    io.err(
      `${counted(examples, "face")} of ${counted(classes, "person", "people")}, ${reused} taken over from before\n`,
    );
    if (noFace.length > 0) io.err(`${counted(noFace.length, "picture")} without a face: ${few(noFace)}\n`);
    if (single.length > 0)
      io.err(`${counted(single.length, "person", "people")} with a single face: ${few(single)}\n`);
    const faceless = empty.slice(folder?.empty.length ?? 0);
    if (faceless.length > 0)
      io.err(
        `left out for want of a face: ${counted(faceless.length, "person", "people")}: ${few(faceless)}\n`,
      );
  }
  return failures.report(examples + report.failed.length);
}

async function info(io: CliIo, source: string, flags: { readonly json?: boolean }): Promise<number> {
  const { openExamples, picturesPerClass } = await training();
  const { set } = await openExamples(source, { store: openStore(io), signal: io.signal });
  try {
    const summary = summaryOf(set, picturesPerClass(set.labels, set.classes.length));
    if (flags.json) io.out(`${JSON.stringify(summary)}\n`);
    else {
      const { examples, classes, perClass, single, empty, shape } = summary;
      io.out(
        `pictures   ${examples} of ${shape[2]}×${shape[1]}, ${shape[0] === 1 ? "grey" : "RGB"}`,
        `people     ${classes}, from ${perClass.least} to ${perClass.most} pictures each, ${perClass.median} in the middle`,
        `single     ${counted(single, "person", "people")} with one picture`,
        `empty      ${empty} classes without a picture`,
        `crops      ${set.alignment === undefined ? "came as they are, cut by a rule that is not known" : `cut by alignment ${set.alignment} where they did not come as crops`}`,
        `content    ${set.fingerprint.slice(0, 12)}`,
      );
    }
  } finally {
    set.close();
  }
  return 0;
}

function summaryOf(set: ExampleSet, counts: Uint32Array) {
  const filled = [...counts].filter((count) => count > 0).sort((a, b) => a - b);
  return {
    examples: set.labels.length,
    classes: filled.length,
    shape: set.shape,
    perClass: { least: filled[0] ?? 0, median: filled[filled.length >> 1] ?? 0, most: filled.at(-1) ?? 0 },
    single: filled.filter((count) => count === 1).length,
    empty: counts.length - filled.length,
    alignment: set.alignment ?? null,
    fingerprint: set.fingerprint,
  };
}

function few(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")}, …` : names.join(", ");
}
