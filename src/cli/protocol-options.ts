import { type Command, Option } from "commander";
import { seeded } from "../core/index.ts";
import {
  countPairs,
  drawTemplatePairs,
  type EmbedPicturesOptions,
  embedPictures,
  type LabelledPeople,
  type ListedPicture,
  type MeasuredPicture,
  type MeasuredPictures,
  type PairList,
  type PoolingOptions,
  pairsOfPeople,
  peopleOfFolder,
  poolTemplates,
  readInsightFaceBin,
  readLfwPairs,
  readPairsCsv,
  readTemplatePairs,
  readTemplates,
} from "../evaluate/index.ts";
import type { ModelStore } from "../models/index.ts";
import type { PeopleFolder } from "../photographs/index.ts";
import { FACE_RULES, type FaceRule } from "../recognise/index.ts";
import { EXIT } from "./exit-codes.ts";
import type { CliIo } from "./io.ts";
import { addJobsFlag, addModelFlags, type ModelFlags, recognizerOptions, whole } from "./options.ts";
import { type ProgressBar, stopProgressBars } from "./progress-bar.ts";
import { tellUnreadable } from "./told-inputs.ts";

/** Flags of commands that go through pairs of known people. */
export interface ProtocolFlags extends ModelFlags {
  readonly face: FaceRule;
  readonly aligned?: boolean;
  readonly jobs?: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** A protocol read from its files: pairs, and the people where all of their pictures are known. */
export interface Protocol {
  readonly list: PairList;
  readonly people?: LabelledPeople;
  /** Folders or files of it could not be opened, which was told. */
  readonly incomplete?: boolean;
  /** Its pictures are aligned crops. */
  readonly aligned: boolean;
  /** Where what is compared are templates: the pictures to embed, and how they become templates. */
  readonly templates?: {
    readonly pictures: readonly ListedPicture[];
    readonly pool: (measured: readonly MeasuredPicture[]) => readonly MeasuredPicture[];
  };
}

/** Adds the flags of {@link ProtocolFlags} to a command. */
export function addProtocolFlags(command: Command): Command {
  command
    .addOption(
      new Option("--face <which>", "which face counts where a picture has several")
        .choices(FACE_RULES)
        .default("central"),
    )
    .option("--aligned", "the pictures are aligned crops already: look for no faces")
    .option("--seed <n>", "seed for drawing pairs, folds and strangers", whole, 1)
    .option("--json", "print JSON");
  return addJobsFlag(addModelFlags(command, { embeds: true }));
}

/** The protocols, each as a way to read it from its arguments. */
export const READERS = {
  lfw: async (images: string, pairs: string): Promise<Protocol> => ({
    list: await readLfwPairs(images, pairs),
    aligned: false,
  }),
  bin: (file: string): Protocol => ({ list: readInsightFaceBin(file), aligned: true }),
  pairs: async (file: string, seed: number): Promise<Protocol> => ({
    list: await readPairsCsv(file, seeded(seed)),
    aligned: false,
  }),
  /** @param most pairs of each kind; as many of the one kind as of the other when `balanced` */
  folder: async (found: PeopleFolder, most: number, balanced: boolean, seed: number): Promise<Protocol> => {
    const people = peopleOfFolder(found);
    const genuine = Math.min(most, countPairs(people).genuine);
    const draw = { genuine, impostor: balanced ? Math.max(genuine, 1) : most };
    return {
      list: pairsOfPeople(people, found.folder, draw, seeded(seed)),
      people,
      incomplete: found.passedOver.unreadable.length > 0,
      aligned: false,
    };
  },
  /** @param pairs file of pairs; without one `most` of each kind are drawn */
  templates: async (
    file: string,
    pairs: string | undefined,
    most: number,
    seed: number,
    pooling: PoolingOptions,
  ): Promise<Protocol> => {
    const all = await readTemplates(file);
    return {
      list:
        pairs === undefined
          ? drawTemplatePairs(file, all, most, seeded(seed))
          : await readTemplatePairs(pairs, all, seeded(seed)),
      people: all.people,
      aligned: false,
      templates: {
        pictures: all.pictures,
        pool: (measured) => poolTemplates(all.templates, measured, pooling),
      },
    };
  },
};

/**
 * A protocol's vectors: its pictures embedded, and pooled where they are of templates. What could not be read or kept is
 * told.
 *
 * Returns   with them the exit code: `partial` when something could not be read
 */
export async function embedProtocol(
  io: CliIo,
  flags: ProtocolFlags,
  { list, templates, incomplete }: Protocol,
  options: EmbedPicturesOptions,
): Promise<MeasuredPictures & { readonly exitCode: number }> {
  const pictures = templates?.pictures ?? list.pictures;
  const found = await embedPictures(pictures, options);
  stopProgressBars();
  if (found.notKept !== undefined) io.err(`faces are not kept for the next run: ${found.notKept}\n`);
  const unreadable = found.measured.flatMap(({ face }, i) =>
    face.kind === "unreadable" ? [named(pictures[i]!.name, face.reason)] : [],
  );
  const told = tellUnreadable(io, flags, unreadable);
  return {
    ...found,
    exitCode: incomplete ? EXIT.partial : told,
    ...(templates && { measured: templates.pool(found.measured) }),
  };
}

function named(name: string, reason: string): string {
  return reason.includes(name) ? reason : `${name}: ${reason}`;
}

/** The flags as options for going through the pictures. */
export async function pictureOptions(
  io: CliIo,
  flags: ProtocolFlags,
  protocol: Protocol,
  store: ModelStore,
  bar: ProgressBar,
): Promise<EmbedPicturesOptions> {
  return {
    ...(await recognizerOptions(flags, store, io)),
    store,
    face: flags.face,
    aligned: protocol.aligned || (flags.aligned ?? false),
    workers: flags.jobs,
    signal: io.signal,
    onProgress: bar.update,
  };
}
