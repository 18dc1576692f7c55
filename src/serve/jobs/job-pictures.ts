import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { z } from "zod";
import { FaceError, parseJson } from "../../core/index.ts";
import type { NewShare } from "../../gallery/index.ts";
import { readPhotograph } from "../../image/index.ts";
import type { Work } from "./work.ts";

/** A picture of a job: a file of its folder, or bytes that came with it. */
export const JobPicture = z.union([
  z.strictObject({ path: z.string(), person: z.string().optional() }),
  z.strictObject({ file: z.number().int(), person: z.string().optional() }),
]);
export type JobPicture = z.infer<typeof JobPicture>;

/** The pictures of a share. */
export function picturesOf({ share }: Work): JobPicture[] {
  return z.array(JobPicture).parse(parseJson(share.input));
}

/** A folder of photographs that a job is about. */
export const JobFolder = z.looseObject({
  folder: z.string().optional(),
  /** The folder that no photograph may lie outside of. */
  within: z.string().optional(),
});

/** The folder of a job on this machine. Throws FaceError BAD_FILE where it is not there. */
export async function folderOf({ share, places }: Work): Promise<string> {
  const { folder } = JobFolder.parse(parseJson(share.jobInput));
  const place = places.photographs ?? folder ?? "";
  return await realpath(place).catch((cause: unknown) => {
    throw new FaceError("BAD_FILE", {
      where: place,
      expected: "the job's folder of photographs on this machine",
      cause,
      note: "--photographs says where it is",
    });
  });
}

/** The bytes of a picture. Throws FaceError BAD_FILE; ABORTED when somebody was forgotten, whose it was. */
export async function bytesOf(work: Work, picture: JobPicture, folder: string): Promise<Uint8Array> {
  if ("path" in picture) {
    const { within } = JobFolder.parse(parseJson(work.share.jobInput));
    return await readPhotograph(await expectInside(join(folder, picture.path), within));
  }
  const bytes = await work.gallery.jobs.file(work.share.job, picture.file);
  if (bytes) return bytes;
  throw new FaceError("ABORTED", { where: nameOf(picture), expected: "the bytes", got: "none any more" });
}

/** A picture's place in the gallery: its path, or what tells its bytes from others. */
export function sourceOf(picture: JobPicture, folder: string, bytes: () => Uint8Array): string {
  if ("path" in picture) return join(folder, picture.path);
  return `upload:${createHash("sha256").update(bytes()).digest("hex")}`;
}

/** A picture as it is told: its path in the folder, or its number among those that came. */
export function nameOf(picture: JobPicture): string {
  return "path" in picture ? picture.path : `picture ${picture.file}`;
}

/** Throws FaceError BAD_FILE for a file that a link leads out of the folder that is allowed. */
export async function expectInside(path: string, within: string | undefined): Promise<string> {
  if (within === undefined) return path;
  const real = await realpath(path).catch(() => path);
  if (isInside(real, within)) return path;
  throw new FaceError("BAD_FILE", {
    where: path,
    expected: "a file of the folder that the service may read",
    got: "a link to another",
  });
}

/** Tells whether a path lies in a folder, or is it. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || !(way.startsWith("..") || isAbsolute(way));
}

/** Pictures in shares of about so many. */
export function* sharesOf(
  groups: Iterable<readonly JobPicture[]>,
  size: number,
): Generator<Omit<NewShare, "ordinal">> {
  let share: JobPicture[] = [];
  const made = (pictures: readonly JobPicture[]): Omit<NewShare, "ordinal"> => ({
    step: "work",
    units: pictures.length,
    input: JSON.stringify(pictures),
  });
  for (const group of groups) {
    share.push(...group);
    while (share.length >= 4 * size) yield made(share.splice(0, 4 * size));
    if (share.length < size) continue;
    yield made(share);
    share = [];
  }
  if (share.length > 0) yield made(share);
}
