import type { WorkOptions } from "../core/index.ts";
import type { Calibration } from "../models/index.ts";
import { acceptedShare, rejectedShare } from "../statistics/index.ts";
import { evidenceOfPairs, impostorsFor, roundedRate, thresholdFor } from "./calibrate.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import type { PairList, PictureGroups } from "./protocols/index.ts";
import { tallyPeople } from "./tally-people.ts";

/**
 * A calibration with what its threshold means for each group of people, and the threshold that each group would need for the
 * same target. Pairs of two groups are in none.
 *
 * @param all whether all pairs of the pictures are counted, or those of the list
 * Throws    FaceError ABORTED
 */
export function withGroups(
  calibration: Calibration,
  list: PairList,
  measured: readonly MeasuredPicture[],
  { names, of }: PictureGroups,
  all: boolean,
  options: WorkOptions = {},
): Calibration {
  const { threshold, target } = calibration;
  const order = [...names.keys()].sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
  const groups = order.map((group): NonNullable<Calibration["groups"]>[number] => {
    const part = picturesOf(list, measured, (picture) => of[picture] === group);
    const tallied = all
      ? tallyPeople(part.list.person, part.measured, part.list.people, "people", {
          ...options,
          aliases: part.list.aliases,
        })
      : evidenceOfPairs(part.list, part.measured, options).tallied;
    const { genuine, impostor } = tallied;
    const at = (kind: typeof genuine): number => kind.threshold.indexOf(threshold);
    const own = impostor.pairs < impostorsFor(target.fmr) ? undefined : thresholdFor(tallied, target.fmr);
    const found = own !== undefined && own.threshold <= 1;
    return {
      group: names[group]!,
      people: part.list.people,
      genuinePairs: genuine.pairs,
      impostorPairs: impostor.pairs,
      fmr: impostor.pairs === 0 ? null : roundedRate(acceptedShare(impostor, at(impostor))),
      fnmr: genuine.pairs === 0 ? null : roundedRate(rejectedShare(genuine, at(genuine))),
      threshold: found ? own.threshold : null,
      kept: found ? (own.surely <= 1 ? "upper-bound" : "rate") : null,
    };
  });
  return { ...calibration, groups };
}

/** A list of some of its pictures: people numbered anew, and the pairs that are left. */
function picturesOf(
  list: PairList,
  measured: readonly MeasuredPicture[],
  keeps: (picture: number) => boolean,
): { readonly list: PairList; readonly measured: readonly MeasuredPicture[] } {
  const kept = [...measured.keys()].filter(keeps);
  const place = new Map(kept.map((picture, i) => [picture, i]));
  const people = [...new Set(kept.map((picture) => list.person[picture]!))].sort((a, b) => a - b);
  const number = new Map(people.map((person, i) => [person, i]));
  const pairs = [...list.a.keys()].filter((i) => place.has(list.a[i]!) && place.has(list.b[i]!));
  return {
    list: {
      ...list,
      pictures: kept.map((picture) => list.pictures[picture]!),
      person: Uint32Array.from(kept, (picture) => number.get(list.person[picture]!)!),
      people: people.length,
      aliases: (list.aliases ?? []).flatMap(([a, b]): [number, number][] =>
        number.has(a) && number.has(b) ? [[number.get(a)!, number.get(b)!]] : [],
      ),
      a: Uint32Array.from(pairs, (i) => place.get(list.a[i]!)!),
      b: Uint32Array.from(pairs, (i) => place.get(list.b[i]!)!),
      same: Uint8Array.from(pairs, (i) => list.same[i]!),
      fold: Uint16Array.from(pairs, (i) => list.fold[i]!),
    },
    measured: kept.map((picture) => measured[picture]!),
  };
}
