import { mkdir, rm } from "node:fs/promises";
import { basename, extname } from "node:path";
import type { Command } from "commander";
import { counted, FaceError, throwIfAborted } from "../../core/index.ts";
import { encodePng } from "../../image/index.ts";
import { FaceFinder } from "../../recognise/index.ts";
import type { Act } from "../act.ts";
import { asFaceError, Failures } from "../failures.ts";
import type { CliIo } from "../io.ts";
import { addModelFlags, type ModelFlags, openStore, recognizerOptions, whole } from "../options.ts";
import { expectWritableFolder, isFullDisk, takeFreeNames, writeWhole } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import { photographsOf } from "../told-inputs.ts";

interface AlignFlags extends ModelFlags {
  readonly out: string;
  readonly size: number;
  readonly json?: boolean;
}

/** `arcface align IMG… --out DIR` */
export function alignCommand(program: Command, act: Act): void {
  const command = program
    .command("align")
    .description("cut faces out upright, as ArcFace networks want them, into PNG files NAME-FACE.png")
    .argument("<images...>", "pictures or folders")
    .requiredOption("--out <dir>", "folder for the crops")
    .option("--size <px>", "side of the crops, a multiple of 112 or 128", whole, 112)
    .option("--json", "one JSON object per crop")
    .addHelpText("after", "\nExample:\n  arcface align holiday/ --out crops/");
  addModelFlags(command, { embeds: false }).action(act(align));
}

async function align(io: CliIo, inputs: string[], flags: AlignFlags): Promise<number> {
  await expectWritableFolder(flags.out);
  const { paths, passedOver } = await photographsOf(io, inputs, flags);
  await mkdir(flags.out, { recursive: true }).catch((cause: unknown) => {
    throw new FaceError("STORAGE", { where: flags.out, expected: "a folder that can be written", cause });
  });
  const bar = progressBar(io);
  const options = await recognizerOptions(flags, openStore(io), io);
  await using finder = await FaceFinder.open({ ...options, signal: io.signal, onProgress: bar.update });
  const failures = new Failures(io, flags.json ?? false, passedOver);
  const renamed = { pictures: 0, first: "" };
  let written = 0;
  for (const [index, path] of paths.entries()) {
    throwIfAborted(io.signal);
    try {
      const { faces } = await finder.align(path, flags.size);
      const stem = basename(path, extname(path));
      // Nothing that is there is written over, be it another run's crop or a photograph.
      const outs = await takeFreeNames(
        flags.out,
        stem,
        faces.map((_, face) => `-${face}.png`),
      );
      if (outs[0] !== undefined && basename(outs[0]) !== `${stem}-0.png` && renamed.pictures++ === 0)
        renamed.first = `${path} → ${outs[0]}`;
      for (const [face, { crop, box, score }] of faces.entries()) {
        const out = outs[face]!;
        try {
          await writeWhole(out, await encodePng(crop));
        } catch (thrown) {
          for (const unwritten of outs.slice(face)) await rm(unwritten, { force: true });
          throw thrown;
        }
        written++;
        bar.stop();
        io.out(flags.json ? `${JSON.stringify({ path, face, out, box, score })}\n` : `${out}\n`);
      }
    } catch (thrown) {
      if (isFullDisk(thrown)) throw thrown;
      failures.add(asFaceError(thrown));
    }
    if (paths.length > 1) bar.update({ stage: "align", done: index + 1, total: paths.length });
  }
  bar.stop();
  if (!flags.json) {
    io.err(`${counted(written, "face")} from ${counted(paths.length, "picture")}`);
    if (renamed.pictures > 0)
      io.err(
        `crops of ${counted(renamed.pictures, "picture")} got another name, because their own was taken; the first: ${renamed.first}`,
      );
  }
  return failures.report(paths.length);
}
