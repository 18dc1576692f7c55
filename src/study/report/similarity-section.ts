import type { DeclaredPair } from "../declared-pairs.ts";
import type { Study } from "../run-study.ts";
import { breakable, html, type Markup, trusted } from "./html.ts";
import { count, face, figure, percent, scrollTable } from "./parts.ts";

/** Section 4: the matrix, who looks alike, and the pairs that were said to. @param matrix SVG, absent without faces */
export function similaritySection(study: Study, matrix: string | undefined, byPeople: boolean): Markup {
  const { lookAlikes, calibration } = study;
  const threshold = calibration?.threshold;
  return html`<section id="similarity" aria-labelledby="similarity-title">
<h2 id="similarity-title">Similarity</h2>
${matrix !== undefined && html`<p>${byPeople ? "The mean cosine of every person's faces with every other's (too many faces to show each)" : "The cosine of every face with every other"}, people in order of their names. Bright beside the diagonal: somebody who looks like somebody else.</p><div class="figure" tabindex="0" role="region" aria-label="Similarity matrix">${trusted(matrix)}</div>`}
${study.declared.length > 0 && declaredPairs(study)}
<h3>Look-alikes</h3>
${
  lookAlikes.length === 0
    ? html`<p>There are no two people to compare.</p>`
    : html`<p>The two different people of each line have the highest cosines. The percentile is the share of all pairs of different people that score below, with its interval of 95 %, which counts that pairs share people.</p>
${scrollTable(
  "Look-alikes",
  html`<table><thead><tr><th scope="col">faces</th><th scope="col">people</th><th scope="col" class="number">cosine</th><th scope="col" class="number">percentile</th><th scope="col" class="number">95 %</th>${threshold !== undefined && html`<th scope="col">at ${figure(threshold)}</th>`}</tr></thead><tbody>${lookAlikes.map(
    (pair) =>
      html`<tr><td class="faces">${face(study, pair.faces[0])}${face(study, pair.faces[1])}</td><td>${breakable(pair.people[0])}<br>${breakable(pair.people[1])}</td><td class="number">${figure(pair.cosine)}</td><td class="number">${percent(pair.percentile, 3)}</td><td class="number">${pair.percentileInterval ? `${percent(pair.percentileInterval[0], 2)} – ${percent(pair.percentileInterval[1], 2)}` : "–"}</td>${threshold !== undefined && html`<td>${pair.cosine >= threshold ? html`<strong class="wrong">taken for one</strong>` : "told apart"}</td>`}</tr>`,
  )}</tbody></table>`,
)}`
}
</section>`;
}

function declaredPairs(study: Study): Markup {
  return html`<h3>Does ArcFace tell them apart?</h3>
<p>The pairs that were said to look alike. AUC is how often, among these photographs, two of one of them score above one of each.</p>
<div class="declared">${study.declared.map((pair) => declaredPair(study, pair))}</div>`;
}

function declaredPair(study: Study, pair: DeclaredPair): Markup {
  const { people, atThreshold, auc, confused, between, genuine } = pair;
  const [a, b] = people.map((person) => study.scores.facesOf[study.scores.people.indexOf(person)]!) as [
    readonly number[],
    readonly number[],
  ];
  const answer =
    atThreshold === null
      ? html`no threshold is known for this model`
      : atThreshold.toldApart
        ? html`<strong class="right">told apart</strong>: none of ${count(between.length, "pair")} reaches ${figure(atThreshold.threshold)}`
        : html`<strong class="wrong">taken for one person</strong>: ${atThreshold.falseMatches} of ${count(between.length, "pair")} across ${atThreshold.falseMatches === 1 ? "reaches" : "reach"} the threshold of ${figure(atThreshold.threshold)}`;
  return html`<article><h4>${breakable(people[0])} and ${breakable(people[1])}</h4>
<div class="strip">${a.slice(0, 8).map((i) => face(study, i, 56))}</div><div class="strip">${b.slice(0, 8).map((i) => face(study, i, 56))}</div>
${dotRows(genuine, between, atThreshold?.threshold)}
<p>${answer}${atThreshold && atThreshold.falseNonMatches > 0 && html`; ${atThreshold.falseNonMatches} of ${count(genuine.length, "pair")} of one of them ${atThreshold.falseNonMatches === 1 ? "falls" : "fall"} below it`}.<br>
AUC ${figure(auc)}; ${confused.length === 0 ? html`${atThreshold && !atThreshold.toldApart && "yet "}everyone is nearest to themselves` : html`${count(confused.length, "photograph is", "photographs are")} nearer to the other person:`}</p>
${confused.length > 0 && html`<div class="strip">${confused.map((one) => html`<span class="couple">${face(study, one.face, 48)}${face(study, one.nearest, 48)}<small>${figure(one.cosine)}</small></span>`)}</div>`}
</article>`;
}

/** Both kinds of cosines as strokes on one line, each kind above or below it. */
function dotRows(
  genuine: readonly number[],
  between: readonly number[],
  threshold: number | undefined,
): Markup {
  const x = (cosine: number): string => (((Math.max(-0.3, cosine) + 0.3) / 1.3) * 300).toFixed(1);
  const strokes = (values: readonly number[], from: number, to: number): string =>
    values.map((value) => `M${x(value)},${from}V${to}`).join("");
  const text = `${count(genuine.length, "cosine")} of one person, ${count(between.length, "cosine")} between the two`;
  return trusted(
    `<svg class="strokes" viewBox="0 0 300 58" role="img" aria-label="${text}"><path class="own" d="${strokes(genuine, 10, 24)}"/><path class="other" d="${strokes(between, 28, 42)}"/><path class="axis" d="M0,26H300"/>${
      threshold === undefined ? "" : `<path class="cut" d="M${x(threshold)},4V48"/>`
    }<text x="0" y="55">−0.3</text><text x="300" y="55" text-anchor="end">cosine 1</text><text x="0" y="8">one person above the line, one with the other below</text></svg>`,
  );
}
