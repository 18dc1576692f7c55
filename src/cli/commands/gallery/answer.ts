import { counted } from "../../../core/index.ts";
import { type Candidate, type Identification, TOO_CLOSE } from "../../../gallery/index.ts";
import type { Face } from "../../../recognise/index.ts";
import type { StrangerThreshold, Verdict } from "../../../verdict/index.ts";

/** A face of a photograph with who it is. */
export interface FaceAnswer {
  readonly face: Face;
  readonly who: Identification;
}

/** `identify --json`: a line for each photograph. */
export function answerAsJson(
  path: string,
  model: string,
  answers: readonly FaceAnswer[],
  strangers: StrangerThreshold | undefined,
): object {
  return {
    path,
    model,
    faces: answers.map(({ face, who }) => ({
      answer: who.answer,
      person: who.person?.name ?? null,
      cosine: who.cosine,
      similarity: who.similarity,
      threshold: who.threshold,
      rival: who.rival && candidateAsJson(who.rival),
      box: face.box,
      score: face.score,
      candidates: who.candidates.map(candidateAsJson),
    })),
    fpir: strangers?.fpir ?? null,
    thresholdSource: strangers?.source ?? "given",
    strangers: strangers ? { ...strangers, atMost: strangers.fpir.high } : null,
  };
}

function candidateAsJson({ person, cosine, similarity, face }: Candidate): object {
  return { person: person.name, cosine, similarity, face };
}

/** A line for each face of a photograph: the answer, then what it rests on. */
export function answerText(path: string, answers: readonly FaceAnswer[]): string[] {
  if (answers.length === 0) return [`${path}: no face found`];
  const lines = answers.map(({ face, who }) => {
    const { x, y } = face.box;
    const nearest = who.candidates.map(scored).join(", ");
    return `  ${sentence(who)}  (at ${Math.round(x)}, ${Math.round(y)}; nearest: ${nearest || "nobody there"})`;
  });
  return [path, ...lines, ...namedTwice(answers)];
}

/** A line for everyone who is named for several faces of one photograph. */
function namedTwice(answers: readonly FaceAnswer[]): string[] {
  const faces = new Map<string, number>();
  for (const { who } of answers) {
    if (who.person) faces.set(who.person.name, (faces.get(who.person.name) ?? 0) + 1);
  }
  return [...faces]
    .filter(([, count]) => count > 1)
    .map(
      ([name, count]) =>
        `  ${name} is named for ${count} faces: at most one of them is right, unless the photograph shows ${name} more than once`,
    );
}

function sentence({ answer, person, candidates, rival, threshold }: Identification): string {
  const [best] = candidates;
  if (answer === "too-close" && best && rival)
    return `too close to call between ${best.person.name} and ${scored(rival)}`;
  return person?.name ?? `unknown: nobody reaches ${threshold.toFixed(3)}`;
}

function scored({ person, similarity }: Candidate): string {
  return `${person.name} ${similarity.toFixed(3)}`;
}

/** The cost of leaving faces open that are too close to call. */
export function describeTooClose(): string {
  return `scores less than ${TOO_CLOSE} apart are too close to call: of 1,000 people of LFW with one photograph each that left about 1 in 1,000 right answers of fr-feature-512 open, and half of the dozen wrong names; two people who are always too close may be one`;
}

/** The rate that the threshold keeps, and by what evidence. */
export function thresholdText({ strangers, threshold, calibration }: Omit<Verdict, "same">): string {
  if (!strangers || !calibration)
    return `threshold ${threshold.toFixed(3)} is your own or the gallery's; how many strangers reach it was not measured`;
  const { source, fpir, target, faces, askedAmongOthers: asked, takenForAnother: taken } = strangers;
  const whose = {
    calibration: "",
    "own-people": ", raised because people of the gallery were taken for one another",
    given: ", your own or the gallery's",
  }[source];
  const { protocol } = calibration.data;
  const kept =
    fpir.high < 1 && (source === "given" || fpir.high <= target)
      ? `at most ${percent(fpir.high)} of strangers like those of its calibration (${protocol}) reach the score of one of them, on average over such galleries`
      : `its calibration (${protocol}) cannot bound the strangers who reach the score of one of them by ${percent(target)}`;
  const own =
    asked > 0
      ? `; of ${counted(asked, "person", "people")} of the gallery looked for among the others ${taken} would reach it`
      : "";
  return `threshold ${strangers.threshold.toFixed(3)} for ${counted(faces, "face")}${whose}: ${kept}${own}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
