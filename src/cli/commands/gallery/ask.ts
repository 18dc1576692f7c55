import { type Command, InvalidArgumentError } from "commander";
import { threadCount } from "../../../core/index.ts";
import { expectPipeline, type Gallery } from "../../../gallery/index.ts";
import { chooseFace, Recognizer, RecognizerPool } from "../../../recognise/index.ts";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import { Failures } from "../../failures.ts";
import type { CliIo } from "../../io.ts";
import {
  addFaceFlags,
  addJobsFlag,
  addModelFlags,
  type FaceFlags,
  faceOf,
  type ModelFlags,
  whole,
} from "../../options.ts";
import { progressBar } from "../../progress-bar.ts";
import { photographsOf } from "../../told-inputs.ts";
import { answerAsJson, answerText, describeTooClose, type FaceAnswer, thresholdText } from "./answer.ts";
import { cosineFlag, type GalleryFlags, galleryFlags, modelOf, openGallery, say, toldEmpty } from "./open.ts";

interface AskFlags extends GalleryFlags, ModelFlags, FaceFlags {
  readonly threshold?: number;
  readonly k: number;
  readonly floor?: number;
  readonly strangers: number;
  readonly jobs?: number;
}

/** `arcface gallery identify PHOTO…`, `verify NAME PHOTO`, `search PHOTO…` */
export function askCommands(gallery: Command, act: Act): void {
  const command = (usage: string, description: string): Command =>
    addModelFlags(galleryFlags(gallery.command(usage)).description(description), { embeds: true });
  addJobsFlag(
    command("identify <photographs...>", "name the people on photographs, as far as they are known"),
  )
    .option("--threshold <score>", "score from which a face is someone's", cosineFlag)
    .option(
      "--strangers <rate>",
      "share of strangers that may be taken for someone: 1%, 0.001",
      rateFlag,
      0.01,
    )
    .option("-k <n>", "how many candidates to show for each face", whole, 1)
    .option("--floor <score>", "leave out people who are less similar", cosineFlag)
    .addHelpText(
      "after",
      "\nExample:\n  arcface gallery identify party.jpg --gallery sqlite:people.db --json",
    )
    .action(act(identify));
  addFaceFlags(
    command("verify <name> <photograph>", "tell whether a photograph shows a person of the gallery"),
  )
    .option("--threshold <cosine>", "cosine from which a face is someone's", cosineFlag)
    .addHelpText(
      "after",
      '\nExample:\n  arcface gallery verify "Ann Example" door.jpg --gallery sqlite:people.db',
    )
    .action(act(verify));
  addFaceFlags(command("search <photograph>", "list the people most like a face, near enough or not"))
    .option("-k <n>", "how many people", whole, 3)
    .option("--floor <score>", "leave out people who are less similar", cosineFlag)
    .addHelpText("after", "\nExample:\n  arcface gallery search who.jpg -k 5 --gallery sqlite:people.db")
    .action(act(search));
}

async function identify(io: CliIo, inputs: string[], flags: AskFlags): Promise<number> {
  const { paths, passedOver } = await photographsOf(io, inputs, flags);
  const bar = progressBar(io);
  await using gallery = await openGallery(io, flags);
  if (await toldEmpty(io, flags, gallery)) return EXIT.noMatch;
  const model = await modelOf(io, gallery, flags);
  await using pool = await RecognizerPool.open({
    ...model,
    workers: Math.min(threadCount(flags.jobs), paths.length),
    signal: io.signal,
    onProgress: bar.update,
  });
  expectPipeline("identify", gallery.pipeline, pool.pipeline);
  const failures = new Failures(io, flags.json ?? false, passedOver);
  const { threshold, strangers: target, k, floor } = flags;
  const { signal } = io;
  const asked = { threshold, calibration: pool.calibration, strangers: target, k, floor, signal };
  // Looked for before the first photograph: without a threshold there is nothing to be asked.
  let settled = await gallery.settle(asked);
  let known = 0;
  let tooClose = 0;
  for await (const result of pool.faces(paths, {
    signal: io.signal,
    onProgress: bar.update,
    total: paths.length,
  })) {
    if (result.kind === "failed") {
      failures.add(result.error);
      continue;
    }
    const { path, photograph } = result;
    settled = await gallery.settle(asked);
    const answers: FaceAnswer[] = [];
    for (const face of photograph.faces)
      answers.push({ face, who: await gallery.identify(face.embedding, asked) });
    known += answers.filter(({ who }) => who.answer !== "unknown").length;
    tooClose += answers.filter(({ who }) => who.answer === "too-close").length;
    bar.stop();
    if (flags.json) io.out(`${JSON.stringify(answerAsJson(path, pool.model, answers, settled.strangers))}\n`);
    else io.out(...answerText(path, answers));
  }
  bar.stop();
  if (!flags.json) {
    if (tooClose > 0) io.err(`${describeTooClose()}\n`);
    io.err(`${thresholdText(settled)}\n`);
  }
  const code = failures.report(paths.length);
  return code === EXIT.ok && known === 0 ? EXIT.noMatch : code;
}

async function verify(io: CliIo, name: string, path: string, flags: AskFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  await gallery.person(name);
  const { face, recognizer } = await lookAt(io, gallery, path, flags);
  if (!face) {
    say(io, flags, { person: name, cosine: null, same: null, noFace: [path] }, `${path}: no face found`);
    return EXIT.noMatch;
  }
  const { threshold } = flags;
  const { calibration } = recognizer;
  const found = await gallery.verify(name, face.embedding, { threshold, calibration });
  const { cosine, same, threshold: from } = found;
  say(
    io,
    flags,
    { person: name, cosine, threshold: from, same },
    `${path}: ${same ? "" : "not "}${name}: cosine ${cosine?.toFixed(3) ?? "none"}, ${same ? "above" : "below"} the threshold of ${from.toFixed(3)}`,
  );
  return same ? EXIT.ok : EXIT.noMatch;
}

async function search(io: CliIo, path: string, flags: AskFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  if (await toldEmpty(io, flags, gallery)) return EXIT.noMatch;
  const { face } = await lookAt(io, gallery, path, flags);
  const candidates = face ? await gallery.search(face.embedding, flags.k, { floor: flags.floor }) : [];
  const hits = candidates.map(({ person, cosine, similarity, face: id }) => ({
    person: person.name,
    cosine,
    similarity,
    face: id,
  }));
  const rows = hits.map(({ person, similarity }) => `  ${similarity.toFixed(3)}  ${person}`);
  say(
    io,
    flags,
    { path, box: face?.box ?? null, hits },
    ...(face ? [path, ...rows] : [`${path}: no face found`]),
  );
  return hits.length > 0 ? EXIT.ok : EXIT.noMatch;
}

async function lookAt(io: CliIo, gallery: Gallery, path: string, flags: AskFlags) {
  const bar = progressBar(io);
  const model = await modelOf(io, gallery, flags);
  await using recognizer = await Recognizer.open({ ...model, signal: io.signal, onProgress: bar.update });
  bar.stop();
  expectPipeline("gallery", gallery.pipeline, recognizer.pipeline);
  const photograph = await recognizer.faces(path);
  return { face: chooseFace(photograph.faces, faceOf(flags), photograph), recognizer };
}

/** `1%`, `0.01` */
export function rateFlag(text: string): number {
  const value = text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("Expected a rate such as 1% or 0.001.");
  return value;
}
