import { aborted } from "../../core/index.ts";
import type { NewShare } from "../../gallery/index.ts";
import type { Work } from "./work.ts";

/** Shares that are added in one step. */
const AT_ONCE = 200;

/** The place of the last share, behind all others. */
export const LAST = 2 ** 48;

/** Adds shares to a job that is being planned, from place 1 on. Throws FaceError ABORTED when the job has ended. */
export async function addShares(
  { gallery, share, clock, signal }: Work,
  shares: Iterable<Omit<NewShare, "ordinal">>,
): Promise<void> {
  let ordinal = 1;
  let some: NewShare[] = [];
  const flush = async (): Promise<void> => {
    const added = await gallery.jobs.addShares(share, some, clock().toISOString());
    if (!added || signal.aborted) throw aborted();
    some = [];
  };
  for (const each of shares) {
    some.push({ ...each, ordinal: ordinal++ });
    if (some.length === AT_ONCE) await flush();
  }
  await flush();
}
