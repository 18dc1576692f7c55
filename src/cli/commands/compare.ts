import type { Command } from "commander";
import { type Comparison, Recognizer } from "../../recognise/index.ts";
import { describeVerdict } from "../../verdict/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import {
  addFacePairFlags,
  addModelFlags,
  addVerdictFlags,
  type FacePairFlags,
  type ModelFlags,
  openStore,
  recognizerOptions,
  type VerdictFlags,
} from "../options.ts";
import { progressBar } from "../progress-bar.ts";
import { verdictAsJson } from "../verdict-json.ts";

interface CompareFlags extends ModelFlags, VerdictFlags, FacePairFlags {
  readonly exitCode?: boolean;
  readonly json?: boolean;
}

/** `arcface compare A B` */
export function compareCommand(program: Command, act: Act): void {
  const command = program
    .command("compare")
    .description("tell whether two pictures show one person, and how sure that is")
    .argument("<a>", "a picture")
    .argument("<b>", "another picture")
    .option("--exit-code", "exit with 1 when the faces count as two people")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  arcface compare passport.jpg selfie.jpg\n  arcface compare party.jpg wedding.jpg --face 2,0",
    );
  addVerdictFlags(addModelFlags(addFacePairFlags(command), { embeds: true })).action(act(compare));
}

async function compare(io: CliIo, a: string, b: string, flags: CompareFlags): Promise<number> {
  const bar = progressBar(io);
  const options = await recognizerOptions(flags, openStore(io), io);
  await using recognizer = await Recognizer.open({ ...options, signal: io.signal, onProgress: bar.update });
  bar.stop();
  const comparison = await recognizer.compare(a, b, { face: flags.faceAt ?? flags.face });
  if (flags.json) io.out(`${JSON.stringify(asJson(comparison, a, b))}\n`);
  else io.out(...describe(comparison, a, b, recognizer.uncalibrated));
  if (comparison.kind === "no-face") return EXIT.noMatch;
  return flags.exitCode && comparison.verdict?.same === false ? EXIT.noMatch : EXIT.ok;
}

function asJson(comparison: Comparison, a: string, b: string): object {
  if (comparison.kind === "no-face") {
    return {
      cosine: null,
      model: comparison.model,
      noFace: comparison.missing.map((side) => (side === "a" ? a : b)),
    };
  }
  const { cosine, model, faces, found, verdict } = comparison;
  return {
    cosine,
    model,
    faces: faces.map(({ box, score, landmarks }, i) => ({
      path: i === 0 ? a : b,
      box,
      score,
      landmarks,
      found: found[i],
    })),
    verdict: verdictAsJson(verdict),
  };
}

function describe(comparison: Comparison, a: string, b: string, uncalibrated: string | undefined): string[] {
  if (comparison.kind === "no-face") {
    return comparison.missing.map((side) => `${side === "a" ? a : b}: no face found`);
  }
  const { cosine, model, faces, found, verdict } = comparison;
  const angle = ((Math.acos(cosine) * 180) / Math.PI).toFixed(1);
  const seen = faces.map(({ box, score }, i) => {
    const [x, y, width, height] = [box.x, box.y, box.width, box.height].map(Math.round);
    return `${i === 0 ? a : b}: face of ${width}×${height} px at ${x}, ${y}, detected with ${score.toFixed(3)}${found[i]! > 1 ? `; one of ${found[i]}, --face takes another` : ""}`;
  });
  const [answer, ...evidence] = describeVerdict(verdict, uncalibrated);
  const side = verdict
    ? `, ${verdict.same ? "above" : "below"} the threshold of ${verdict.threshold.toFixed(3)}`
    : "";
  return [
    answer!,
    `cosine ${cosine.toFixed(3)}${side} (angle ${angle}°, model ${model})`,
    ...evidence,
    ...seen,
  ];
}
