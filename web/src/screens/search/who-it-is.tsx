import { FacePicture } from "../../parts/face-picture.tsx";
import type { SeenFace } from "../../pictures/taken-picture.ts";
import { ask, type ClientAnswer } from "../../service.ts";
import { useAnswer } from "../../use-answer.ts";
import { cosineText, counted, percentText } from "../../words.ts";

interface WhoProps {
  readonly who: ClientAnswer<"who">["who"];
  readonly collection: string;
  readonly faces: readonly SeenFace[];
}

/** The answer in a sentence, and what it keeps strangers from. */
export function WhoItIs({ who, collection, faces }: WhoProps) {
  const { person, rival, candidates, threshold, similarity, verdict } = who;
  const [best] = candidates;
  const { strangers } = verdict;
  return (
    <>
      <div class="who">
        {person && best && <FacePicture collection={collection} face={best.face} />}
        <div>
          <h2>
            {who.answer === "person" && person!.name}
            {who.answer === "unknown" && (best ? "Nobody who is known here" : "The gallery is empty")}
            {who.answer === "too-close" && `${best!.person.name} or ${rival!.person.name}: too close to call`}
          </h2>
          {similarity !== null && (
            <p>
              Score <strong>{cosineText(similarity)}</strong>, threshold {cosineText(threshold)}
              {faces.length > 1 && (
                <span class="soft">, the mean over {counted(faces.length, "picture")}</span>
              )}
            </p>
          )}
          {strangers && (
            <p class="soft small">
              From this threshold on, {percentText(strangers.fpir.rate)} [{percentText(strangers.fpir.low)},{" "}
              {percentText(strangers.fpir.high)}] of strangers would be taken for somebody here.
            </p>
          )}
        </div>
      </div>
      <OnePerson faces={faces} />
    </>
  );
}

/** Says so where the pictures that are searched with seem to show several people. */
function OnePerson({ faces }: { readonly faces: readonly SeenFace[] }) {
  const [first, ...others] = faces;
  const judged = useAnswer(
    others.length === 0
      ? undefined
      : async (signal) =>
          await ask("judge", { cosines: others.map((other) => cosine(first!, other)) }, { signal }),
    [faces],
  );
  const state = judged.value;
  if (others.length === 0 || state.kind !== "there") return null;
  const apart = state.value.scores.flatMap(({ cosine: score, verdict }, i) =>
    verdict && !verdict.same ? [{ number: i + 2, score }] : [],
  );
  if (apart.length === 0) return null;
  return (
    <p class="doubt" role="alert">
      {apart.length === 1
        ? `Picture ${apart[0]!.number} does`
        : `Pictures ${apart.map(({ number }) => number).join(", ")} do`}{" "}
      not look like the person on the first (cosine {apart.map(({ score }) => cosineText(score)).join(", ")}).
      Is the right face chosen?
    </p>
  );
}

/** Unit vectors: the dot product is the cosine, up to their rounding. */
function cosine({ embedding: a }: SeenFace, { embedding: b }: SeenFace): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return Math.min(1, Math.max(-1, sum));
}
