import { extname } from "node:path";
import type { Command } from "commander";
import writeFileAtomic from "write-file-atomic";
import { FaceError } from "../../../core/index.ts";
import { expectPipeline } from "../../../gallery/index.ts";
import type { Calibration } from "../../../models/index.ts";
import { calibrateGallery, type GalleryCalibration, Recognizer } from "../../../recognise/index.ts";
import type { StrangerThreshold } from "../../../verdict/index.ts";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import { addModelFlags, type ModelFlags, whole } from "../../options.ts";
import { expectWritableFile } from "../../outputs.ts";
import { progressBar } from "../../progress-bar.ts";
import { thresholdText } from "./answer.ts";
import { rateFlag } from "./ask.ts";
import {
  cosineFlag,
  count,
  type GalleryFlags,
  galleryFlags,
  modelOf,
  openGallery,
  say,
  toldEmpty,
} from "./open.ts";

interface CalibrateFlags extends GalleryFlags, ModelFlags {
  readonly strangers: number;
  readonly threshold?: number;
  readonly most: number;
  readonly det?: string;
}

/** Right end of a DET figure. */
const MOST_DRAWN = 0.6;

/** `arcface gallery calibrate` */
export function calibrateGalleryCommand(gallery: Command, act: Act): void {
  const command = galleryFlags(gallery.command("calibrate"))
    .description("explain identify's threshold: how many strangers reach it, and on what evidence")
    .option(
      "--strangers <rate>",
      "share of strangers that may be taken for someone: 1%, 0.001",
      rateFlag,
      0.01,
    )
    .option("--threshold <score>", "tell what this score costs instead", cosineFlag)
    .option("--most <n>", "people of the gallery who are looked for among the others", whole, 1000)
    .option("--det <file>", "draw what every threshold costs: det.svg or det.png")
    .addHelpText(
      "after",
      "\nExample:\n  arcface gallery calibrate --strangers 0.1% --det det.svg --gallery sqlite:people.db",
    );
  addModelFlags(command, { embeds: true }).action(act(calibrate));
}

async function calibrate(io: CliIo, flags: CalibrateFlags): Promise<number> {
  if (flags.det !== undefined) await expectWritableFile(flags.det, [".svg", ".png"]);
  const bar = progressBar(io);
  await using gallery = await openGallery(io, flags);
  if (await toldEmpty(io, flags, gallery)) return EXIT.noMatch;
  const model = await modelOf(io, gallery, flags);
  await using recognizer = await Recognizer.open({ ...model, signal: io.signal, onProgress: bar.update });
  expectPipeline("calibrate", gallery.pipeline, recognizer.pipeline);
  const { calibration } = recognizer;
  if (!calibration) {
    throw new FaceError("USAGE", {
      where: "gallery calibrate",
      expected: `a calibration for ${recognizer.pipeline.model.id}`,
      got: "none",
      note: '"arcface calibrate" measures one',
    });
  }
  const found = await calibrateGallery(gallery, calibration, {
    target: flags.strangers,
    threshold: gallery.policy(flags).threshold,
    most: flags.most,
    signal: io.signal,
    onProgress: bar.update,
  });
  bar.stop();
  if (flags.det !== undefined) await draw(flags.det, found, calibration);
  const { strangers, people, curve } = found;
  say(
    io,
    flags,
    {
      gallery: gallery.records.address,
      people,
      ...strangers,
      thresholdSource: strangers.source,
      atThreshold: pointAt(found),
      severalFaces: calibration.severalFaces ?? null,
      protocol: calibration.data.protocol,
      det: flags.det ?? null,
      curve,
    },
    ...describe(found, calibration),
    ...(flags.det === undefined ? [] : [`${flags.det}: written`]),
  );
  return EXIT.ok;
}

function describe(found: GalleryCalibration, calibration: Calibration): string[] {
  const { strangers, people, asked } = found;
  const { own, missed } = pointAt(found);
  const several = calibration.severalFaces;
  const counted =
    strangers.faces > people
      ? [
          several
            ? `somebody with m faces counts as m^${several.exponent.toFixed(2)} people, measured for up to ${several.faces} faces`
            : "somebody with m faces counts as m people: what several faces change was not measured",
        ]
      : [];
  return [
    `${count(people, "person", "people")}, ${count(strangers.faces, "face")}; target: ${percent(strangers.target)} of strangers accepted`,
    thresholdText({ strangers, threshold: strangers.threshold, calibration }),
    ...counted,
    asked.others.length === 0
      ? "nobody could be looked for among others"
      : `left out once each, ${range(own)} of ${asked.others.length} people would be taken for somebody else${asked.people === people ? "" : `, asked when there were ${asked.people.toLocaleString("en")} people`}`,
    missed
      ? `of those with several faces, ${range(missed)} would not be found by the others of their faces`
      : `nobody has a second face to be looked for by; of ${calibration.data.protocol}, ${range(pointAt(found).fnmr)} of pairs of one person lie below`,
  ];
}

/** The point of the curve at the threshold, or the next below. */
function pointAt({ strangers, curve }: GalleryCalibration): GalleryCalibration["curve"][number] {
  return curve.findLast(({ threshold }) => threshold <= strangers.threshold + 1e-9) ?? curve[0]!;
}

function range({ rate, low, high }: StrangerThreshold["fpir"]): string {
  return `${percent(rate)} [${percent(low)}, ${percent(high)}]`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

async function draw(path: string, found: GalleryCalibration, calibration: Calibration): Promise<void> {
  const { detCurve, renderPng } = await import("../../../plot/index.ts");
  const { strangers, people, curve, asked } = found;
  const chosen = pointAt(found);
  const svg = detCurve(
    [
      {
        label: "calibration, at most",
        points: curve
          .filter(({ fpir }) => fpir.high < MOST_DRAWN)
          .map(({ fpir, fnmr }) => ({
            falseMatchRate: fpir.high,
            falseNonMatchRate: fnmr.rate,
            interval: [fnmr.low, fnmr.high] as const,
          })),
      },
      {
        label: `own people, left out once each (${asked.others.length})`,
        points: curve.flatMap(({ own, missed }) =>
          missed && own.rate > 0 && own.rate < MOST_DRAWN && missed.rate > 0
            ? [
                {
                  falseMatchRate: own.rate,
                  falseNonMatchRate: missed.rate,
                  interval: [missed.low, missed.high] as const,
                },
              ]
            : [],
        ),
      },
    ].filter(({ points }) => points.length > 1),
    {
      title: `${people.toLocaleString("en")} people, ${strangers.faces.toLocaleString("en")} faces`,
      note: `threshold ${strangers.threshold.toFixed(3)}: at most ${percent(chosen.fpir.high)} of strangers by ${calibration.data.protocol}`,
      x: "strangers accepted (FPIR)",
      y: "people missed (FNIR)",
      from: 1e-4,
    },
  );
  const bytes = extname(path).toLowerCase() === ".png" ? Buffer.from(renderPng(svg, 2)) : svg;
  await writeFileAtomic(path, bytes).catch((cause: unknown) => {
    throw new FaceError("STORAGE", { where: path, expected: "to write a picture", cause });
  });
}
