import type { WorkOptions } from "../core/index.ts";
import type { Policy, Verdict } from "../verdict/index.ts";
import type { Candidate } from "./people-search.ts";
import type { Person } from "./records.ts";

/** The rule by which a face is identified, and how much is told. */
export interface IdentifyOptions extends Policy, Pick<WorkOptions, "signal"> {
  /** Share of strangers that may be taken for someone, where no threshold is chosen. @default 0.01 */
  readonly strangers?: number | undefined;
  /** Candidates that are told. @default 1 */
  readonly k?: number | undefined;
  /**
   * People with a lower score are left out, who says so does not want to know of them: looking for strangers is shorter then.
   * Who a face is does not depend on it. @default none
   */
  readonly floor?: number | undefined;
}

/** The answer to who a face is: a person, one of two, or nobody who is known. */
export interface Identification {
  /** "too-close" when somebody reaches the threshold, and somebody else nearly the same score. */
  readonly answer: "person" | "unknown" | "too-close";
  /** null when the face is unknown, or it is too close to call who it is. */
  readonly person: Person | null;
  /** Of the first candidate's nearest face; null in an empty gallery, and where nobody reaches `floor`. */
  readonly cosine: number | null;
  /** Of the first candidate, which the threshold is for; null as `cosine` is. See {@link personScore}. */
  readonly similarity: number | null;
  readonly threshold: number;
  /** On which side of the threshold the first candidate is, and what the threshold keeps strangers from. */
  readonly verdict: Verdict;
  /** The second-best person; null when there is nobody else, or nobody else who reaches `floor`. */
  readonly rival: Candidate | null;
  /** The most similar people, by falling score, whatever the threshold, down to `floor`. */
  readonly candidates: readonly Candidate[];
}

/** The verdict on whether a face is a given person's: on the cosine with the most similar of the person's faces. */
export interface Verification extends Verdict {
  readonly person: Person;
  /** null when the person has no face; then it is not the same. */
  readonly cosine: number | null;
}
