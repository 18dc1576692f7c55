import { FaceError, parseJson } from "../../core/index.ts";
import type { HeldShare, SharePart } from "../../gallery/index.ts";
import { ServiceError } from "../service-error.ts";
import type { Work } from "./work.ts";

/** The number of times that a share is tried: it may be what ends the processes that work on it. */
export const TRIES = 5;

/** Two halves of a share of several pictures; undefined for one picture, and for a step that is one piece. */
export function halvesOf(share: HeldShare): [SharePart, SharePart] | undefined {
  const pictures = picturesIn(share);
  if (pictures.length < 2) return undefined;
  const middle = Math.ceil(pictures.length / 2);
  return [
    { units: middle, input: JSON.stringify(pictures.slice(0, middle)) },
    { units: share.units - middle, input: JSON.stringify(pictures.slice(middle)) },
  ];
}

/** Tells whether a share is a single picture, which can be left out. */
export function isOnePicture(share: HeldShare): boolean {
  return picturesIn(share).length === 1;
}

/** Nobody looks at a picture with which so many processes ended: it is told with those that could not be read. */
export const GIVEN_UP: Work["look"] = {
  at: async () => ({ kind: "failed", error: new FaceError("INTERNAL", { where: "image", ...ENDED }) }),
};

/** The failure of a job that cannot go on without a share. */
export function givenUp({ ordinal }: HeldShare): ServiceError {
  return new ServiceError("REFUSED", { where: `share ${ordinal}`, ...ENDED });
}

const ENDED = {
  expected: "work that comes to an end",
  got: `${TRIES} processes that ended while they had it`,
} as const;

function picturesIn({ step, input }: HeldShare): readonly unknown[] {
  const value: unknown = step === "work" ? parseJson(input) : [];
  return Array.isArray(value) ? value : [];
}
