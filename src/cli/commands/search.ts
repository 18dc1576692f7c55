import { basename } from "node:path";
import type { Command } from "commander";
import { counted, FaceError } from "../../core/index.ts";
import {
  chooseFace,
  type EmbeddedFace,
  type PhotographHit,
  PhotographIndex,
  RecognizerPool,
  readEmbeddings,
  thumbnail,
} from "../../recognise/index.ts";
import { evidenceOf } from "../../verdict/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import { Failures } from "../failures.ts";
import type { CliIo } from "../io.ts";
import {
  addFaceFlags,
  addJobsFlag,
  addModelFlags,
  addVerdictFlags,
  type FaceFlags,
  faceOf,
  type ModelFlags,
  openStore,
  recognizerOptions,
  type VerdictFlags,
  whole,
} from "../options.ts";
import { expectNoInput, expectWritableFile, writeWhole } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import { photographsOf } from "../told-inputs.ts";
import { verdictAsJson } from "../verdict-json.ts";
import { cosineFlag } from "./gallery/open.ts";

interface SearchFlags extends ModelFlags, VerdictFlags, FaceFlags {
  readonly in: string;
  readonly k: number;
  readonly floor?: number;
  readonly grid?: string;
  readonly jobs?: number;
  readonly json?: boolean;
}

/** A query with what was found for it. */
interface Answer {
  readonly path: string;
  readonly face: EmbeddedFace;
  readonly hits: readonly PhotographHit[];
}

/** Side of a grid's thumbnails: twice what the figure shows, for sharp print. */
const THUMBNAIL_PX = 264;

/** `arcface search QUERY… --in DIR -k 3` */
export function searchCommand(program: Command, act: Act): void {
  const command = program
    .command("search")
    .description("find the photographs whose faces are most like those of each query")
    .argument("<queries...>", "pictures or folders")
    .requiredOption("--in <dir|file>", "folder of pictures to search, or a file written by embed")
    .option("-k <n>", "how many photographs to show for each query", whole, 3)
    .option("--floor <cosine>", "leave out photographs that are less similar", cosineFlag)
    .option("--grid <file.png>", "draw the queries with their neighbours")
    .option("--json", "one JSON object per query")
    .addHelpText("after", "\nExample:\n  arcface search holiday/ --in holiday/ -k 3 --grid similar.png");
  addJobsFlag(addVerdictFlags(addModelFlags(addFaceFlags(command), { embeds: true }))).action(act(search));
}

async function search(io: CliIo, inputs: string[], flags: SearchFlags): Promise<number> {
  if (flags.grid !== undefined) await expectWritableFile(flags.grid, [".png"]);
  const bar = progressBar(io);
  const fromFile = /\.(jsonl|npy|parquet)$/i.test(flags.in);
  const asked = await photographsOf(io, inputs, flags);
  const queries = asked.paths;
  // A folder that is searched for itself is read, and told of, once.
  const itself = inputs.length === 1 && inputs[0] === flags.in;
  const searched = fromFile || itself ? asked : await photographsOf(io, [flags.in], flags);
  if (flags.grid !== undefined) {
    expectNoInput(flags.grid, [...queries, ...searched.paths, ...(fromFile ? [flags.in] : [])]);
  }
  const options = await recognizerOptions(flags, openStore(io), io);
  await using pool = await RecognizerPool.open({
    ...options,
    workers: flags.jobs,
    signal: io.signal,
    onProgress: bar.update,
  });
  const failures = new Failures(io, flags.json ?? false, {
    unreadable: [...asked.passedOver.unreadable, ...searched.passedOver.unreadable],
  });
  const gallery = new PhotographIndex();
  if (fromFile) {
    for await (const record of readEmbeddings(flags.in, pool.pipeline)) gallery.add(record.path, [record]);
  }
  const inGallery = new Set(fromFile ? [] : searched.paths);
  const chosen = new Map<string, EmbeddedFace | undefined>();
  const wanted = new Set(queries);
  const photographs = [...new Set([...inGallery, ...queries])];
  for await (const result of pool.faces(photographs, {
    signal: io.signal,
    onProgress: bar.update,
    total: photographs.length,
  })) {
    if (result.kind === "failed") {
      failures.add(result.error);
      continue;
    }
    if (inGallery.has(result.path)) gallery.add(result.path, result.photograph.faces);
    if (wanted.has(result.path)) {
      try {
        chosen.set(result.path, chooseFace(result.photograph.faces, faceOf(flags), result.photograph));
      } catch (error) {
        if (!(error instanceof FaceError)) throw error;
        failures.add(error.withName(result.path));
      }
    }
  }
  bar.stop();
  const answers: Answer[] = [];
  for (const path of queries) {
    const face = chosen.get(path);
    const hits = face ? gallery.search(face.embedding, flags.k, path, flags.floor) : [];
    if (face) answers.push({ path, face, hits });
    if (!chosen.has(path)) continue;
    if (flags.json) io.out(`${JSON.stringify(asJson(path, face, hits, pool))}\n`);
    else io.out(...describe(path, face, hits, pool));
  }
  if (!flags.json) io.err(describeThreshold(pool, flags.threshold, gallery.faceCount, flags.in));
  if (flags.grid !== undefined)
    await writeGrid(flags.grid, answers, flags.threshold ?? pool.calibration?.threshold);
  const code = failures.report(photographs.length);
  return code === EXIT.ok && !answers.some((answer) => answer.hits.length > 0) ? EXIT.noMatch : code;
}

function asJson(
  query: string,
  face: EmbeddedFace | undefined,
  hits: readonly PhotographHit[],
  { model, verdict }: Judged,
): object {
  return {
    query,
    box: face?.box ?? null,
    model,
    hits: hits.map(({ path, cosine, face, box }) => ({
      path,
      cosine,
      face,
      box,
      verdict: verdictAsJson(verdict(cosine)),
    })),
  };
}

/** Whoever computed the scores and knows what they mean. */
type Judged = Pick<RecognizerPool, "model" | "verdict" | "calibration" | "uncalibrated">;

/** A query with its hits; `=` marks those on the side of one person, where there is a threshold. */
function describe(
  query: string,
  face: EmbeddedFace | undefined,
  hits: readonly PhotographHit[],
  { verdict }: Judged,
): string[] {
  if (!face) return [`${query}: no face found`];
  const rows = hits.map(
    ({ path, cosine }, rank) =>
      `  ${rank + 1}.${verdict(cosine)?.same ? "=" : " "} ${cosine.toFixed(3).padStart(6)}  ${path}`,
  );
  return [query, ...rows];
}

/** The evidence behind the marks, and how many of them chance alone would give: every face searched is one more try. */
function describeThreshold(
  { calibration, uncalibrated }: Judged,
  own: number | undefined,
  faces: number,
  searched: string,
): string {
  if (faces === 0) return `${searched}: no face found, so there was nothing to search\n`;
  if (!calibration) {
    return own === undefined
      ? `uncalibrated: ${uncalibrated}; no hit is a yes or no\n`
      : `= marks hits from ${own} on, a threshold of your own; uncalibrated: ${uncalibrated}\n`;
  }
  const threshold = own ?? calibration.threshold;
  const { high } = evidenceOf(threshold, calibration).fmr;
  return `= marks hits from ${threshold.toFixed(3)} on, by ${calibration.data.protocol}; among ${counted(faces, "face")} of strangers at most ${(high * faces).toPrecision(2)} such hits are expected, if they are like those pairs\n`;
}

async function writeGrid(
  out: string,
  answers: readonly Answer[],
  threshold: number | undefined,
): Promise<void> {
  if (answers.length === 0)
    throw new FaceError("NO_FACE", {
      where: "--grid",
      expected: "at least one query with a face",
      got: "none",
      note: `${out} was not written`,
    });
  // Loading what draws takes longer than a search; it is loaded when there is something to draw.
  const { renderPng, topKGrid } = await import("../../plot/index.ts");
  const rows = [];
  for (const { path, face, hits } of answers) {
    const query = { jpeg: await thumbnail(path, face.box, THUMBNAIL_PX), caption: basename(path) };
    const neighbours = [];
    for (const hit of hits) {
      neighbours.push({
        jpeg: await thumbnail(hit.path, hit.box, THUMBNAIL_PX),
        caption: basename(hit.path),
        cosine: hit.cosine,
      });
    }
    rows.push({ query, hits: neighbours });
  }
  await writeWhole(out, renderPng(topKGrid(rows, { threshold }), 2));
}
