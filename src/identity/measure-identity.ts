import { checkOptions, type FaceError, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { rankCorrelation } from "../statistics/index.ts";
import type { FaceFacts, SeenPicture } from "./face-reader.ts";
import { IdentityPool, type IdentityPoolOptions } from "./identity-pool.ts";
import type { IdentityJudge } from "./judge.ts";
import type { IdentityPairs } from "./pairs/identity-pairs.ts";
import {
  type JudgedPairs,
  type SeenPictures,
  SOURCE_RULES,
  type SourceRule,
  scoreJudge,
} from "./score-judge.ts";
import { trainingWarnings } from "./trained-with.ts";

/** Options of {@link measureIdentity}. */
export interface IdentityOptions extends IdentityPoolOptions, WorkOptions {
  /** The way in which several sources of a person are one. @default "template" */
  readonly sources?: SourceRule | undefined;
  /** Networks that the results' maker was trained to please: their verdict is biased, and the report says so. */
  readonly trainedWith?: readonly string[] | undefined;
}

/** A picture without a part in the scores, and why. */
export interface IdentityFailure {
  readonly picture: string;
  readonly role: "source" | "result" | "target";
  readonly reason: "no-face" | "unreadable";
  /** For people; empty where the reason says all. */
  readonly detail: string;
  /** Pairs that have no cosine, or no cosine to the target, because of it. */
  readonly pairs: number;
}

/** The agreement of two judges about the order of the pairs. */
export interface JudgeAgreement {
  /** Places among the judges. */
  readonly judges: readonly [number, number];
  /** Spearman's; null of fewer than two pairs that both scored. */
  readonly rankCorrelation: number | null;
  readonly pairs: number;
}

/** Everything one run found. */
export interface IdentityReport {
  readonly pairs: IdentityPairs;
  readonly sources: SourceRule;
  readonly judged: readonly JudgedPairs[];
  readonly agreement: readonly JudgeAgreement[];
  readonly failures: readonly IdentityFailure[];
  /** Faces by picture, with pose, size and sharpness; none of pictures that were arranged already. */
  readonly faces: ReadonlyMap<string, FaceFacts>;
  /** Things a reader of the numbers has to know, a sentence each. */
  readonly warnings: readonly string[];
  readonly aligned: boolean;
}

/**
 * Measures how much of a person is left in results: edits, swaps, restorations, generations.
 *
 * Every picture is read once, however many pairs and judges it is in. Pictures without a face are counted, never dropped: in
 * every share they count as not the same person.
 *
 * Throws    as {@link IdentityPool.open}; FaceError BAD_FILE for a picture that is not there, ABORTED
 *
 * ```ts
 * import { measureIdentity, pairByName } from "arcface-ts/identity";
 *
 * const report = await measureIdentity(await pairByName("sources/", "results/"));
 * for (const { judge, summary } of report.judged) console.log(judge.model, summary.cosine?.mean, summary.same?.share);
 * ```
 */
export async function measureIdentity(
  pairs: IdentityPairs,
  options: IdentityOptions = {},
): Promise<IdentityReport> {
  const { sources = SOURCE_RULES[0]! } = options;
  checkOptions("measureIdentity", { sources }, { sources: RULE });
  await using pool = await IdentityPool.open(options);
  const paths = [
    ...new Set([
      ...pairs.people.flatMap(({ pictures }) => pictures),
      ...pairs.pairs.flatMap(({ result, target }) => (target === undefined ? [result] : [result, target])),
    ]),
  ];
  const seen = new Map<string, SeenPicture>();
  const failed = new Map<string, FaceError>();
  for await (const result of pool.pictures(paths, options)) {
    if (result.kind === "seen") seen.set(result.path, result.picture);
    else if (isPicturesFault(result.error)) failed.set(result.path, result.error);
    else throw result.error;
  }
  throwIfAborted(options.signal);
  return reportOf(pairs, pool.judges, seen, failed, { ...options, sources });
}

/** The report about pictures that were seen, and those that could not be. */
export function reportOf(
  pairs: IdentityPairs,
  judges: readonly IdentityJudge[],
  seen: SeenPictures,
  failed: ReadonlyMap<string, FaceError>,
  {
    sources,
    trainedWith = [],
    aligned = false,
  }: Pick<IdentityOptions, "trainedWith" | "aligned"> & { readonly sources: SourceRule },
): IdentityReport {
  const judged = judges.map((judge, which) => scoreJudge(judge, which, pairs, seen, sources));
  const faces = new Map(
    [...seen].flatMap(([path, picture]) =>
      picture.kind === "face" && picture.face ? [[path, picture.face] as const] : [],
    ),
  );
  return {
    pairs,
    sources,
    judged,
    agreement: agreementOf(judged),
    failures: failuresOf(pairs, seen, failed),
    faces,
    warnings: [
      ...new Set(judges.flatMap(({ warnings }) => warnings)),
      ...trainingWarnings(trainedWith, judges),
    ],
    aligned,
  };
}

const RULE = {
  expected: SOURCE_RULES.join(", "),
  is: (value: unknown) => (SOURCE_RULES as readonly unknown[]).includes(value),
};

/** A picture that cannot be read counts as a failure; anything else is a reason to stop. */
function isPicturesFault({ code }: FaceError): boolean {
  return ["BAD_IMAGE", "BAD_FILE", "SHAPE", "ZERO_VECTOR", "SEVERAL_FACES"].includes(code);
}

function agreementOf(judged: readonly JudgedPairs[]): JudgeAgreement[] {
  return judged.flatMap((a, i) =>
    judged.slice(i + 1).map((b, k): JudgeAgreement => {
      const both = [...a.pairs.keys()].filter(
        (pair) =>
          a.pairs[pair]!.cosine !== null && b.pairs[pair]!.cosine !== null && a.pairs[pair]!.own !== false,
      );
      const of = ({ pairs }: JudgedPairs): number[] => both.map((pair) => pairs[pair]!.cosine!);
      return {
        judges: [i, i + 1 + k],
        rankCorrelation: rankCorrelation(of(a), of(b)),
        pairs: both.length,
      };
    }),
  );
}

/** Every picture that has no vector, in the order of roles, with the pairs that this costs. */
function failuresOf(
  { people, pairs }: IdentityPairs,
  seen: SeenPictures,
  failed: ReadonlyMap<string, FaceError>,
): IdentityFailure[] {
  const costOf = new Map<string, Omit<IdentityFailure, "reason" | "detail">>();
  const count = (picture: string, role: IdentityFailure["role"]): void => {
    const key = `${role} ${picture}`;
    const { pairs: before = 0 } = costOf.get(key) ?? {};
    costOf.set(key, { picture, role, pairs: before + 1 });
  };
  const hasFace = (path: string): boolean => seen.get(path)?.kind === "face";
  for (const { person, result, target } of pairs) {
    const { pictures } = people[person]!;
    // One source with a face is enough: the others are failures that cost no pair.
    for (const picture of pictures) if (!hasFace(picture)) count(picture, "source");
    if (!hasFace(result)) count(result, "result");
    if (target !== undefined && !hasFace(target)) count(target, "target");
  }
  const order = ["source", "result", "target"];
  return [...costOf.values()]
    .sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role))
    .map((each) => {
      const error = failed.get(each.picture);
      return { ...each, reason: error ? "unreadable" : "no-face", detail: error?.message ?? "" };
    });
}
