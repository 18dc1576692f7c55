import type { Command } from "commander";
import { FaceError, throwIfAborted } from "../../core/index.ts";
import type { Detection } from "../../detect/index.ts";
import { encodeJpeg, readImage } from "../../image/index.ts";
import { FaceFinder, type Photograph } from "../../recognise/index.ts";
import type { Act } from "../act.ts";
import { asFaceError, Failures } from "../failures.ts";
import type { CliIo } from "../io.ts";
import { addModelFlags, type ModelFlags, openStore, recognizerOptions } from "../options.ts";
import { expectNoInput, expectWritableFile, writeWhole } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import { photographsOf } from "../told-inputs.ts";

interface DetectFlags extends ModelFlags {
  readonly draw?: string;
  readonly json?: boolean;
}

/** Longest side of a drawing, in pixels. */
const DRAWING_SIDE = 2400;

/** `arcface detect IMG…` */
export function detectCommand(program: Command, act: Act): void {
  const command = program
    .command("detect")
    .description("find faces: box, score and five landmarks in pixels of the upright picture")
    .argument("<images...>", "pictures or folders")
    .option("--draw <file.png>", "draw what was found over the picture (one picture only)")
    .option("--json", "one JSON object per picture")
    .addHelpText("after", "\nExample:\n  arcface detect party.jpg --draw party-faces.png");
  addModelFlags(command, { embeds: false }).action(act(detect));
}

async function detect(io: CliIo, inputs: string[], flags: DetectFlags): Promise<number> {
  if (flags.draw !== undefined) await expectWritableFile(flags.draw, [".png"]);
  const { paths, passedOver } = await photographsOf(io, inputs, flags);
  if (flags.draw !== undefined && paths.length !== 1) {
    throw new FaceError("USAGE", { where: "--draw", expected: "one picture", got: paths.length });
  }
  if (flags.draw !== undefined) expectNoInput(flags.draw, paths);
  const bar = progressBar(io);
  const options = await recognizerOptions(flags, openStore(io), io);
  await using finder = await FaceFinder.open({ ...options, signal: io.signal, onProgress: bar.update });
  const failures = new Failures(io, flags.json ?? false, passedOver);
  for (const [index, path] of paths.entries()) {
    throwIfAborted(io.signal);
    try {
      const photograph = await finder.detect(path);
      bar.stop();
      if (flags.json) io.out(`${JSON.stringify({ path, ...photograph })}\n`);
      else io.out(...describe(path, photograph));
      if (flags.draw !== undefined) await draw(path, photograph, flags.draw);
    } catch (thrown) {
      failures.add(asFaceError(thrown));
    }
    if (paths.length > 1) bar.update({ stage: "detect", done: index + 1, total: paths.length });
  }
  bar.stop();
  return failures.report(paths.length);
}

function describe(path: string, { faces }: Photograph<Detection<"image">>): string[] {
  const count = faces.length === 1 ? "1 face" : `${faces.length} faces`;
  const rows = faces.map(({ box, score }, index) => {
    const [x, y, width, height] = [box.x, box.y, box.width, box.height].map((value) =>
      value.toFixed(0).padStart(5),
    );
    return `  ${String(index).padStart(3)}  score ${score.toFixed(3)}  x ${x}  y ${y}  ${width} ×${height} px`;
  });
  return [`${path}: ${count}`, ...rows];
}

async function draw(path: string, photograph: Photograph<Detection<"image">>, out: string): Promise<void> {
  const { drawDetections, renderPng } = await import("../../plot/index.ts");
  const jpeg = await encodeJpeg(await readImage(path, { maxSidePx: DRAWING_SIDE }));
  const scale = Math.min(1, DRAWING_SIDE / Math.max(photograph.width, photograph.height));
  const png = renderPng(drawDetections(jpeg, photograph, photograph.faces), scale);
  await writeWhole(out, png);
}
