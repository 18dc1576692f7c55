import type { Command } from "commander";
import { counted, throwIfAborted } from "../../core/index.ts";
import { pipelineDigest } from "../../models/index.ts";
import { realPathOf } from "../../photographs/index.ts";
import {
  EmbeddingsWriter,
  type FaceRecord,
  isUnchanged,
  RecognizerPool,
  recordsOf,
} from "../../recognise/index.ts";
import type { Act } from "../act.ts";
import { Failures } from "../failures.ts";
import type { CliIo } from "../io.ts";
import { addJobsFlag, addModelFlags, type ModelFlags, openStore, recognizerOptions } from "../options.ts";
import { expectWritableFile } from "../outputs.ts";
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
    .description("write every face's vector to a file; go on where an earlier run stopped")
    .argument("<paths...>", "pictures or folders, with the folders in them")
    .requiredOption(
      "--out <file>",
      "faces.jsonl, faces.npy (with faces.names.jsonl beside it) or faces.parquet",
    )
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      "\nPictures that are in the output already are passed over, unless their file is another now; those without a face are\nlooked at again. An output of another model, detector, --min-face or --flip is refused.\n\nExample:\n  arcface embed holiday/ --out holiday.jsonl",
    );
  addJobsFlag(addModelFlags(command, { embeds: true })).action(act(embed));
}

async function embed(io: CliIo, inputs: string[], flags: EmbedFlags): Promise<number> {
  await expectWritableFile(flags.out, [".jsonl", ".npy", ".parquet"]);
  const { paths, passedOver } = await photographsOf(io, inputs, flags);
  const bar = progressBar(io);
  const options = await recognizerOptions(flags, openStore(io), io);
  await using pool = await RecognizerPool.open({
    ...options,
    workers: flags.jobs,
    signal: io.signal,
    onProgress: bar.update,
  });
  const writer = await EmbeddingsWriter.open(flags.out, pool.pipeline);
  const failures = new Failures(io, flags.json ?? false, passedOver);
  let [newFaces, faceless] = [0, 0];
  const replaced = { pictures: 0, faces: 0 };
  const replace = async (path: string, records: readonly FaceRecord[]): Promise<void> => {
    const gone = await writer.replace(path, records);
    newFaces += records.length;
    replaced.faces += gone;
    if (gone > 0) replaced.pictures++;
  };
  let skipped = 0;
  try {
    const { todo, changed, rowOf } = await sortOut(paths, writer, io.signal);
    skipped = paths.length - todo.length;
    for await (const result of pool.facesOfFiles(todo, {
      signal: io.signal,
      onProgress: bar.update,
      total: todo.length,
    })) {
      const { path } = result;
      if (result.kind === "failed") {
        failures.add(result.error);
        // A file known to be another picture than the rows are of has none of them.
        if (changed.has(path)) await replace(rowOf.get(path)!, []);
        continue;
      }
      const { faces, file } = result.photograph;
      if (faces.length === 0) faceless++;
      const row = rowOf.get(path)!;
      await replace(row, recordsOf(row, faces, pool.model, file));
    }
  } catch (error) {
    await writer.suspend();
    bar.stop();
    if (io.signal.aborted)
      io.err(`stopped: run the same command again to go on; kept so far: ${counted(writer.faces, "face")}\n`);
    throw error;
  }
  await writer.finish();
  bar.stop();
  const gone = [...writer.done].filter((path) => realPathOf(path) === undefined).length;
  const summary = {
    out: flags.out,
    model: pool.model,
    pipeline: pipelineDigest(pool.pipeline),
    pictures: paths.length,
    skipped,
    replaced: replaced.pictures,
    droppedFaces: replaced.faces,
    withoutFace: faceless,
    failed: failures.count,
    notFound: gone,
    passedOver,
    newFaces,
    faces: writer.faces,
  };
  if (flags.json) io.out(`${JSON.stringify(summary)}\n`);
  else {
    io.out(
      `${flags.out}: ${counted(summary.faces, "face")} (${summary.newFaces} new) of ${counted(summary.pictures, "picture")}; ${skipped} were there already, ${faceless} have no face, ${summary.failed} failed\n`,
    );
    if (replaced.pictures > 0) {
      io.out(
        `replaced since they were written: ${replaced.pictures} of the pictures; ${counted(replaced.faces, "face")} of the earlier ones ${replaced.faces === 1 ? "was" : "were"} taken out\n`,
      );
    }
    if (gone > 0) {
      io.out(
        `${gone} of the pictures with faces in ${flags.out} are not found from here any more; to drop them, embed into a new file`,
      );
    }
  }
  return failures.report(paths.length - skipped);
}

/**
 * The pictures to look at: those without faces in the output, and those whose file is another than when its faces were
 * written. What cannot be read is looked at too, so that why is said.
 *
 * A picture is the same by its name in its real folder, however that is spelt and whatever links lead there: it keeps the
 * path that its rows have, and is looked at once.
 */
async function sortOut(
  paths: readonly string[],
  writer: EmbeddingsWriter,
  signal: AbortSignal,
): Promise<{
  readonly todo: readonly string[];
  readonly changed: ReadonlySet<string>;
  /** The path of a picture's rows in the output. */
  readonly rowOf: ReadonlyMap<string, string>;
}> {
  const todo: string[] = [];
  const changed = new Set<string>();
  const rowOf = new Map<string, string>();
  const rows = new Map<string, string>();
  for (const row of writer.done) {
    const real = realPathOf(row);
    if (real !== undefined && !rows.has(real)) rows.set(real, row);
  }
  const seen = new Set<string>();
  for (const path of paths) {
    throwIfAborted(signal);
    const real = realPathOf(path) ?? path;
    if (seen.has(real)) continue;
    seen.add(real);
    const row = writer.fileOf(path) ? path : (rows.get(real) ?? path);
    rowOf.set(path, row);
    const file = writer.fileOf(row);
    const same = file && (await isUnchanged(path, file).catch(() => undefined));
    if (same) continue;
    todo.push(path);
    if (same === false) changed.add(path);
  }
  return { todo, changed, rowOf };
}
