import { join } from "node:path";
import type { Command } from "commander";
import { labelledPhotographs } from "../../photographs/index.ts";
import { FACE_CACHE_NAME, FaceCache, RecognizerPool } from "../../recognise/index.ts";
import type { Act } from "../act.ts";
import type { CliIo } from "../io.ts";
import { openStore, recognizerOptions, whole } from "../options.ts";
import { expectWritableFolder, writeWhole } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";
import { peopleOf } from "../told-inputs.ts";
import {
  addStudyFlags,
  describe,
  makeFolder,
  type StudyFlags,
  studyAndReport,
  summary,
  tellRejected,
} from "./study.ts";

interface LookAlikesFlags extends StudyFlags {
  readonly images: string;
  readonly pairs: number;
  readonly perPerson: number;
}

/** Adds `arcface reproduce lookalikes --images DIR --out DIR` to its parent. */
export function addLookAlikes(reproduce: Command, act: Act): void {
  const command = reproduce
    .command("lookalikes")
    .description(
      "the article's look-alikes: find the pairs of people most alike in a folder of many, and study them",
    )
    .requiredOption("--images <dir>", "folder with a sub-folder for every person, for example LFW's")
    .option("--pairs <n>", "pairs of people, each person in one at most", whole, 7)
    .option("--per-person <n>", "photographs of each; people with fewer are passed over", whole, 5);
  addStudyFlags(command)
    .addHelpText("after", "\nExample:\n  arcface reproduce lookalikes --images lfw/ --out look-alikes/")
    .action(act(lookAlikes));
}

async function lookAlikes(io: CliIo, flags: LookAlikesFlags): Promise<number> {
  const { chooseLookAlikes, collectFaces } = await import("../../study/index.ts");
  await expectWritableFolder(flags.out);
  const bar = progressBar(io, { lines: !flags.json });
  const work = { signal: io.signal, onProgress: bar.update };
  const options = await recognizerOptions(flags, openStore(io), io);
  const all = labelledPhotographs(await peopleOf(io, flags.images, flags));
  const photographsOf = new Map<string, number>();
  for (const { person } of all) photographsOf.set(person, (photographsOf.get(person) ?? 0) + 1);
  const candidates = all.filter(({ person }) => photographsOf.get(person)! >= flags.perPerson);
  await makeFolder(flags.out);
  const { pairs, rejected } = await (async () => {
    await using pool = await RecognizerPool.open({ ...options, ...work, workers: flags.jobs });
    await using cache = await FaceCache.open(join(flags.out, FACE_CACHE_NAME), pool.pipeline);
    const { faces, rejected } = await collectFaces(candidates, pool, cache, { ...work, face: flags.face });
    return { pairs: chooseLookAlikes(faces, flags.pairs, flags.perPerson), rejected };
  })();
  const csv = pairs.map(({ people }) => people.map(quoted).join(",")).join("\n");
  await writeWhole(join(flags.out, "pairs.csv"), `person,person\n${csv}\n`);
  const photographs = pairs.flatMap((pair) => pair.photographs);
  const { study, report } = await studyAndReport(
    photographs,
    pairs.map(({ people }) => people),
    flags,
    options,
    work,
  );
  bar.stop();
  if (flags.json) {
    const chosen = pairs.map(({ people, cosine }) => ({ people, cosine }));
    io.out(
      `${JSON.stringify({ ...summary(study, report), candidates: candidates.length, pairs: chosen })}\n`,
    );
  } else {
    io.out(
      `${flags.pairs} pairs out of ${new Set(candidates.map(({ person }) => person)).size} people with ${flags.perPerson} photographs or more`,
      ...describe(study, report),
    );
  }
  return tellRejected(io, flags, rejected);
}

/** A field of a CSV. */
function quoted(field: string): string {
  return /[",\n\r]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
