import { counted, FaceError } from "../core/index.ts";
import {
  listPhotographs,
  type PassedOver,
  type PeopleFolder,
  type PhotographList,
  passedOverSentences,
  peopleFolderSentences,
  readPeopleFolder,
} from "../photographs/index.ts";
import { EXIT } from "./exit-codes.ts";
import type { CliIo } from "./io.ts";

/**
 * The photographs behind paths; what was passed over is told.
 *
 * Throws    FaceError as {@link listPhotographs}, BAD_FILE when there is no photograph
 */
export async function photographsOf(
  io: CliIo,
  paths: readonly string[],
  flags: { readonly json?: boolean },
): Promise<PhotographList> {
  const list = await listPhotographs(paths);
  tellPassedOver(io, flags, list.passedOver);
  if (list.paths.length > 0) return list;
  throw new FaceError("BAD_FILE", { where: paths.join(", "), expected: "pictures", got: "none" });
}

/** The people of a folder; what was passed over or read under another name is told. Throws as the reader. */
export async function peopleOf(
  io: CliIo,
  folder: string,
  flags: { readonly json?: boolean },
): Promise<PeopleFolder> {
  const found = await readPeopleFolder(folder);
  tellPeopleFolder(io, flags, found);
  return found;
}

/** Tells how a folder of people was read, where that is not as it looks. */
export function tellPeopleFolder(io: CliIo, flags: { readonly json?: boolean }, found: PeopleFolder): void {
  const { renamed, empty, stray, passedOver } = found;
  const data = { folder: found.folder, renamed, empty, stray, passedOver };
  tell(io, flags, peopleFolderSentences(found), data);
}

function tellPassedOver(io: CliIo, flags: { readonly json?: boolean }, passedOver: PassedOver): void {
  tell(io, flags, passedOverSentences(passedOver), { passedOver });
}

/** Pictures that are named one by one. */
const NAMED = 10;

/**
 * Tells of pictures that could not be read where the rest went on.
 *
 * @param reasons sentences that name the picture
 * Returns   the exit code: `partial` when there are any
 */
export function tellUnreadable(
  io: CliIo,
  flags: { readonly json?: boolean },
  reasons: readonly string[],
): number {
  if (reasons.length === 0) return EXIT.ok;
  const more = reasons.length - NAMED;
  const sentences = reasons.slice(0, NAMED).map((reason) => `arcface: ${reason}`);
  if (more > 0) sentences.push(`arcface: ${counted(more, "more picture")} could not be read`);
  tell(io, flags, sentences, { unreadable: reasons });
  return EXIT.partial;
}

/** Sentences on standard error, or what they say as one JSON line there; nothing when there is nothing to say. */
function tell(
  io: CliIo,
  flags: { readonly json?: boolean },
  sentences: readonly string[],
  data: object,
): void {
  if (sentences.length > 0) io.err(...(flags.json ? [JSON.stringify(data)] : sentences));
}
