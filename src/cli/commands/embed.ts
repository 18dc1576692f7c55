import type { Command } from "commander";
import { EmbeddingsWriter, RecognizerPool, recordsOf } from "../../recognise/index.ts";
import { Failures } from "../failures.ts";
import type { CliIo } from "../io.ts";
import type { Act } from "../main.ts";
import { addJobsFlag, addModelFlags, type ModelFlags, openStore, recognizerOptions } from "../options.ts";
import { progressBar } from "../progress-bar.ts";
import { photographsOf } from "../told-inputs.ts";

interface EmbedFlags extends ModelFlags {
  readonly out: string;
  readonly jobs?: number;
  readonly json?: boolean;
}

/** `arcface embed PATH… --out FILE` */
export function embedCommand(program: Command, act: Act): void {
  const command = program
    .command("embed")
    .description("write every face's vector to a file; going on where an earlier run stopped")
    .argument("<paths...>", "pictures or folders, with the folders in them")
    .requiredOption(
      "--out <file>",
      "faces.jsonl, faces.npy (with faces.names.jsonl beside it) or faces.parquet",
    )
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      "\nPictures that are in the output already are passed over; those without a face are looked at again.\n\nExample:\n  arcface embed holiday/ --out holiday.jsonl",
    );
  addJobsFlag(addModelFlags(command, { embeds: true })).action(act(embed));
}

async function embed(io: CliIo, inputs: string[], flags: EmbedFlags): Promise<number> {
  const { paths, passedOver } = await photographsOf(io, inputs, flags);
  const bar = progressBar(io);
  const options = await recognizerOptions(flags, openStore(io));
  await using pool = await RecognizerPool.open({
    ...options,
    workers: flags.jobs,
    signal: io.signal,
    onProgress: bar.update,
  });
  const writer = await EmbeddingsWriter.open(flags.out, pool.model);
  const failures = new Failures(io, flags.json ?? false);
  const todo = paths.filter((path) => !writer.done.has(path));
  const before = writer.faces;
  let faceless = 0;
  try {
    for await (const result of pool.faces(todo, {
      signal: io.signal,
      onProgress: bar.update,
      total: todo.length,
    })) {
      if (result.kind === "failed") failures.add(result.error);
      else if (result.photograph.faces.length === 0) faceless++;
      else await writer.append(recordsOf(result.path, result.photograph.faces, pool.model));
    }
  } catch (error) {
    await writer.suspend();
    bar.stop();
    if (io.signal.aborted)
      io.err(`stopped: run the same command again to go on; ${writer.faces} faces are kept\n`);
    throw error;
  }
  await writer.finish();
  bar.stop();
  const summary = {
    out: flags.out,
    model: pool.model,
    pictures: paths.length,
    skipped: paths.length - todo.length,
    withoutFace: faceless,
    failed: failures.count,
    passedOver,
    newFaces: writer.faces - before,
    faces: writer.faces,
  };
  if (flags.json) io.out(`${JSON.stringify(summary)}\n`);
  else {
    io.out(
      `${flags.out}: ${summary.faces} faces (${summary.newFaces} new) of ${summary.pictures} pictures; ${summary.skipped} were there already, ${faceless} have no face, ${summary.failed} failed\n`,
    );
  }
  return failures.report(todo.length);
}
