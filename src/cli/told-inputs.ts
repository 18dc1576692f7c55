import { FaceError } from "../core/index.ts";
import {
  listPhotographs,
  type PassedOver,
  type PeopleFolder,
  type PhotographList,
  passedOverSentences,
  peopleFolderSentences,
  readPeopleFolder,
} from "../photographs/index.ts";
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
  throw new FaceError("BAD_FILE", `${paths.join(", ")}: expected pictures, got none`);
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

/** Sentences on standard error, or what they say as one JSON line there; nothing when there is nothing to say. */
function tell(
  io: CliIo,
  flags: { readonly json?: boolean },
  sentences: readonly string[],
  data: object,
): void {
  if (sentences.length > 0) io.err(...(flags.json ? [JSON.stringify(data)] : sentences));
}
