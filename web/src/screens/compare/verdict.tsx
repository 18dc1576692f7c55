import type { ModelAndCurve } from "../../calibration.ts";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { ScoreChart } from "../../parts/score-chart.tsx";
import type { SeenFace } from "../../pictures/taken-picture.ts";
import type { Answer } from "../../use-answer.ts";
import { cosineText, percentText, sentence } from "../../words.ts";
import type { Judged, Pair } from "./sides.ts";
import { Why } from "./why.tsx";

interface VerdictProps {
  readonly model: Answer<ModelAndCurve>;
  readonly pair: Pair;
  /** Its place among those that were judged. */
  readonly at: number;
  readonly others: readonly number[];
  readonly judged: Answer<Judged>;
  readonly faces: readonly [SeenFace, SeenFace];
}

/** The pair's two crops, and what their cosine means. */
export function Verdict({ model, pair, at, others, judged, faces }: VerdictProps) {
  const answer =
    judged.kind === "there" ? judged.value : judged.kind === "asking" ? judged.before : undefined;
  const score = answer?.scores[at];
  const verdict = score?.verdict ?? null;
  const [first = "", ...more] = score?.sentences ?? [];
  const [headline, strength] = first.split(/: (.*)/s);
  const side = verdict ? (verdict.same ? "same" : "other") : "open";
  const curve = model.kind === "there" ? model.value.curve : null;
  return (
    <section class="sheet verdict" aria-label="Verdict">
      <div class="crops">
        {faces.map((face, i) => (
          <figure key={i}>
            <img
              src={`data:image/jpeg;base64,${face.crop}`}
              width={144}
              height={144}
              alt={`${i === 0 ? "First" : "Second"} face, turned and cut as the network sees it`}
            />
            <figcaption class="soft small">{eyesText(face)}</figcaption>
          </figure>
        ))}
      </div>
      <div class={`answer ${side}`} aria-live="polite">
        {judged.kind === "failed" && <Failure thrown={judged.thrown} again={judged.again} />}
        {!score && judged.kind !== "failed" && <Waiting for="Judging the score …" />}
        {score && (
          <>
            <h2>{verdict ? sentence(headline!) : "No yes or no"}</h2>
            {verdict ? strength !== undefined && <p>{sentence(strength)}.</p> : <p>{sentence(first)}.</p>}
            <p>
              Cosine <strong>{cosineText(pair.cosine)}</strong>
              {verdict && <>, threshold {cosineText(verdict.threshold)}</>}
            </p>
          </>
        )}
      </div>
      {curve && (
        <div class="wide">
          <ScoreChart curve={curve} score={pair.cosine} others={others} threshold={verdict?.threshold} />
        </div>
      )}
      {verdict?.evidence && (
        <dl class="rates wide">
          <div class="fmr">
            <dt>Pairs of two people that score as high (FMR)</dt>
            <dd>{rateText(verdict.evidence.fmr)}</dd>
          </div>
          <div class="fnmr">
            <dt>Pairs of one person that score lower (FNMR)</dt>
            <dd>{rateText(verdict.evidence.fnmr)}</dd>
          </div>
        </dl>
      )}
      <Why faces={faces} />
      {more.length > 0 && (
        <details class="wide small">
          <summary>How that is known</summary>
          <div class="stack soft">
            {more.map((words) => (
              <p key={words}>{sentence(words)}.</p>
            ))}
          </div>
        </details>
      )}
    </section>
  );
}

function rateText({ rate, low, high }: { rate: number; low: number; high: number }) {
  return (
    <>
      {percentText(rate)}{" "}
      <small>
        [{percentText(low)}, {percentText(high)}]
      </small>
    </>
  );
}

/** Pixels between the eyes of the photograph: a crop drawn from few of them is a guess. */
function eyesText({ landmarks }: SeenFace): string {
  const [left, right] = landmarks;
  return `${Math.round(Math.hypot(right!.x - left!.x, right!.y - left!.y))} px between the eyes`;
}
