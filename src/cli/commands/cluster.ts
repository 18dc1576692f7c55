import { stat } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type ClusteringScores,
  clusterByDensity,
  clusterFaces,
  expectNewFolder,
  type FaceToCluster,
  saidOfFaces,
  scoreClustering,
  writeGroups,
} from "../../cluster/index.ts";
import { counted, FaceError, type WorkOptions } from "../../core/index.ts";
import { Gallery } from "../../gallery/index.ts";
import { sha256OfFile } from "../../models/index.ts";
import { groupByPerson, type PhotographList } from "../../photographs/index.ts";
import { chooseFace, type FaceRecord, RecognizerPool, recordsOf } from "../../recognise/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
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
import { expectWritableFolder } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import { photographsOf } from "../told-inputs.ts";
import { calibrationAsJson } from "../verdict-json.ts";
import { clock } from "./gallery/open.ts";

interface ClusterFlags extends ModelFlags {
  readonly gallery?: string;
  readonly out?: string;
  readonly link?: boolean;
  readonly method: "linkage" | "density";
  readonly least: number;
  readonly threshold?: number;
  readonly jobs?: number;
  readonly json?: boolean;
}

/** A face with where it was found. */
interface Found extends FaceToCluster {
  /** Index of the face in its photograph. */
  readonly face: number;
  readonly box: FaceRecord["box"];
  /** True for the face that its photograph's folder names, where folders name people. */
  readonly isMain: boolean;
}

/** The figures about the groups that a person is told. */
interface Summary {
  readonly faces: number;
  readonly pictures: number;
  readonly groups: readonly { readonly faces: readonly unknown[] }[];
  readonly threshold: number;
  readonly withoutFace: readonly string[];
  /** A gallery's answers about these faces; null without a gallery. */
  readonly answers: { readonly pairs: number; readonly noFaces: number } | null;
}

/** `arcface cluster DIR` */
export function clusterCommand(program: Command, act: Act): void {
  const command = program
    .command("cluster")
    .description("group unknown faces by person; two faces in one photograph are two people")
    .argument("<dir>", "folder of pictures, with the folders in it")
    .option("--out <dir>", "write a folder per person with copies of the photographs, and clusters.json")
    .option("--link", "hard links in place of copies")
    .option(
      "--threshold <cosine>",
      "cosine from which on faces, or groups by their mean, are one person",
      cosineFlag,
    )
    .addOption(
      new Option(
        "--method <name>",
        "groups alike in the mean, or chains of dense faces (wants a higher threshold)",
      )
        .choices(["linkage", "density"])
        .default("linkage"),
    )
    .option("--least <n>", "with density: faces near a face, itself among them, that make it dense", whole, 2)
    .option("--gallery <address>", "follow the answers kept in a gallery: same, different, not a face")
    .option("--json", "print the groups as JSON")
    .addHelpText(
      "after",
      "\nWhere every picture lies in a folder of its own person, the groups are scored against the folders; the largest\nface of a picture counts as that person.\n\nAnswers given in a gallery hold for the same photographs here: what is one person stays together, what is two stays apart.\n\nExample:\n  arcface cluster holiday/ --out people/",
    );
  addJobsFlag(addModelFlags(command, { embeds: true })).action(act(cluster));
}

async function cluster(io: CliIo, folder: string, flags: ClusterFlags): Promise<number> {
  const found = await stat(folder).catch(() => undefined);
  if (found && !found.isDirectory()) {
    throw new FaceError("BAD_FILE", { where: folder, expected: "a folder of photographs", got: "a file" });
  }
  if (flags.out !== undefined) {
    await expectNewFolder(flags.out);
    await expectWritableFolder(flags.out);
  }
  const list = await photographsOf(io, [folder], flags);
  const { paths } = list;
  const bar = progressBar(io);
  const options = await recognizerOptions(flags, openStore(io), io);
  await using pool = await RecognizerPool.open({
    ...options,
    workers: flags.jobs,
    signal: io.signal,
    onProgress: bar.update,
  });
  const threshold = flags.threshold ?? pool.calibration?.threshold;
  if (threshold === undefined) {
    throw new FaceError("USAGE", {
      where: pool.model,
      expected: "a model with a calibrated threshold",
      got: "one without",
      note: "give --threshold",
    });
  }
  // Before the work, so that an address without a gallery is told at once.
  await using gallery =
    flags.gallery === undefined ? undefined : await Gallery.open(flags.gallery, { clock });
  const failures = new Failures(io, flags.json ?? false, list.passedOver);
  const { faces: all, faceless } = await findFaces(pool, paths, failures, {
    signal: io.signal,
    onProgress: bar.update,
  });
  const { faces, known, answers } = await followAnswers(gallery, all);
  const work = { threshold, known, signal: io.signal, onProgress: bar.update };
  const groups =
    flags.method === "density"
      ? await clusterByDensity(faces, { ...work, least: flags.least })
      : await clusterFaces(faces, work);
  bar.stop();
  const labels = labelsOf(folder, list, faces);
  const scores = labels && scoreClustering(groups, labels);
  const digits = String(groups.length).length;
  const named = groups.map((group, n) => ({
    id: `person-${String(n + 1).padStart(Math.max(3, digits), "0")}`,
    faces: group.map((i) => {
      const { photograph, face, box } = faces[i]!;
      return { path: photograph, face, box };
    }),
  }));
  const summary = {
    version: 1,
    model: pool.model,
    method: flags.method,
    ...(flags.method === "density" && { least: flags.least }),
    threshold,
    calibration:
      flags.threshold === undefined && pool.calibration ? calibrationAsJson(pool.calibration) : null,
    pictures: paths.length,
    faces: faces.length,
    groups: named,
    withoutFace: faceless,
    answers,
    failed: failures.count,
    passedOver: list.passedOver,
    scores: scores ?? null,
  };
  if (flags.out !== undefined) {
    const folders = named.map(({ id, faces }) => ({ name: id, photographs: faces.map(({ path }) => path) }));
    await writeGroups(flags.out, folders, summary, flags.link ? "link" : "copy");
  }
  if (flags.json) io.out(`${JSON.stringify(summary)}\n`);
  else {
    for (const { id, faces } of named) io.out(`${id}  ${faces.map(({ path }) => path).join("  ")}\n`);
    io.err(...describe(summary, scores, labels !== undefined));
  }
  const code = failures.report(paths.length);
  return code === EXIT.ok && faces.length === 0 ? EXIT.noMatch : code;
}

async function findFaces(
  pool: RecognizerPool,
  paths: readonly string[],
  failures: Failures,
  work: WorkOptions,
): Promise<{ faces: Found[]; faceless: string[] }> {
  const faces: Found[] = [];
  const faceless: string[] = [];
  for await (const result of pool.faces(paths, { ...work, total: paths.length })) {
    if (result.kind === "failed") {
      failures.add(result.error);
      continue;
    }
    const { photograph, path } = result;
    if (photograph.faces.length === 0) faceless.push(path);
    const main = photograph.faces.indexOf(chooseFace(photograph.faces, "largest", photograph)!);
    for (const { face, box, embedding } of recordsOf(path, photograph.faces, pool.model)) {
      faces.push({ embedding, photograph: path, face, box, isMain: face === main });
    }
  }
  return { faces, faceless };
}

/** Leaves out what was said to be no face, and finds the pairs that were said to be the same or different people. */
async function followAnswers(gallery: Gallery | undefined, faces: Found[]) {
  if (!gallery) return { faces, known: [], answers: null };
  const digests = new Map<string, string>();
  for (const { photograph } of faces)
    if (!digests.has(photograph)) digests.set(photograph, await sha256OfFile(photograph));
  const places = faces.map(({ photograph, box }) => ({ sha256: digests.get(photograph)!, box }));
  const { noFaces } = await saidOfFaces(gallery, places);
  const left = faces.filter((_, i) => !noFaces.has(i));
  const { known } = await saidOfFaces(
    gallery,
    places.filter((_, i) => !noFaces.has(i)),
  );
  return { faces: left, known, answers: { pairs: known.length, noFaces: noFaces.size } };
}

/** The person of each face where every picture lies in a folder, and there are several folders. */
function labelsOf(
  folder: string,
  list: PhotographList,
  faces: readonly Found[],
): (string | undefined)[] | undefined {
  const { people, stray } = groupByPerson(folder, list);
  if (stray.length > 0 || people.length < 2) return undefined;
  const personOf = new Map(people.flatMap(({ name, paths }) => paths.map((path) => [path, name] as const)));
  return faces.map(({ photograph, isMain }) => (isMain ? personOf.get(photograph) : undefined));
}

function describe(summary: Summary, scores: ClusteringScores | undefined, labelled: boolean): string[] {
  const { faces, pictures, groups, threshold, withoutFace, answers } = summary;
  const alone = groups.filter((group) => group.faces.length === 1).length;
  const lines = [
    `${counted(faces, "face")} in ${counted(pictures, "picture")}: ${counted(groups.length, "group")}, ${alone} of them of one face; threshold ${threshold.toFixed(3)}; ${counted(withoutFace.length, "picture")} without a face`,
  ];
  if (answers) {
    const { pairs, noFaces } = answers;
    lines.push(
      `by the gallery's answers: ${counted(pairs, "pair")} held together or apart, ${counted(noFaces, "face")} left out as no face`,
    );
  }
  if (scores) {
    const { bCubed, pairwise } = scores;
    const row = ({ precision, recall, f }: typeof bCubed): string =>
      `precision ${precision?.toFixed(3) ?? "of no pairs"}, recall ${recall.toFixed(3)}, F ${f.toFixed(3)}`;
    lines.push(
      `against the folders, ${counted(scores.people, "person", "people")}: B-cubed ${row(bCubed)}; pairs ${row(pairwise)}`,
    );
  } else if (labelled) {
    lines.push("no score against the folders: that takes two people, one of them with two faces");
  }
  return lines;
}

function cosineFlag(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= -1 && value <= 1)) {
    throw new InvalidArgumentError("Expected a cosine, from -1 to 1.");
  }
  return value;
}
