import type { RejectedPhotograph } from "../collect-faces.ts";
import { NEAR_DUPLICATE_COSINE } from "../near-duplicates.ts";
import type { Study } from "../run-study.ts";
import { breakable, html, type Markup } from "./html.ts";
import { count, face, figure, scrollTable } from "./parts.ts";

const REASONS: Readonly<Record<RejectedPhotograph["reason"], string>> = {
  "no-face": "no face found",
  unreadable: "not a readable picture",
  identical: "the same file as",
};
const SHOWN = 200;

/** Section 1: what was found, what was left out and why, and what looks like one photograph twice. */
export function facesSection(study: Study): Markup {
  const { faces, rejected, nearDuplicates, scores } = study;
  const several = faces.filter((one) => one.others > 0).length;
  const alone = scores.facesOf.filter((own) => own.length === 1).length;
  return html`<section id="faces" aria-labelledby="faces-title">
<h2 id="faces-title">Faces found</h2>
<p>${count(study.photographs, "photograph")}, of which ${count(faces.length, "gives a face", "give a face")} of ${count(scores.people.length, "person", "people")} and ${rejected.length === 0 ? "none was" : rejected.length === 1 ? "one was" : `${rejected.length} were`} left out.
${several > 0 && html` ${count(several, "photograph shows", "photographs show")} more than one face; the one was taken that is nearest the middle, weighed against its size.`}
${alone > 0 && html` ${count(alone, "person has", "people have")} one face only: nothing of theirs can be found again, so they count as strangers to everybody else.`}</p>
${rejected.length > 0 && rejectedTable(rejected)}
<h3>Near-duplicates</h3>
${
  nearDuplicates.length === 0
    ? html`<p>No two faces have a cosine of ${NEAR_DUPLICATE_COSINE} or more: no photograph seems to be there twice.</p>`
    : html`<p>${count(nearDuplicates.length, "pair")} with a cosine of ${NEAR_DUPLICATE_COSINE} or more: mostly one photograph in two versions, which makes every figure below look better than it is.</p>
<ul class="pairs">${nearDuplicates.slice(0, SHOWN).map(
        (pair) => html`<li>${face(study, pair.faces[0])}${face(study, pair.faces[1])}
<span><b>${figure(pair.cosine)}</b> ${pair.identical ? "the same file" : ""}<br>${study.faces[pair.faces[0]]!.name}<br>${study.faces[pair.faces[1]]!.name}${!pair.samePerson && html`<br><strong class="wrong">under two names</strong>`}</span></li>`,
      )}</ul>${nearDuplicates.length > SHOWN && html`<p class="quiet">and ${nearDuplicates.length - SHOWN} more, in study.json</p>`}`
}
</section>`;
}

function rejectedTable(rejected: readonly RejectedPhotograph[]): Markup {
  const rows = rejected
    .slice(0, SHOWN)
    .map(
      ({ name, person, reason, detail }) =>
        html`<tr><td>${breakable(name)}</td><td>${breakable(person)}</td><td>${REASONS[reason]}${detail && html` <span class="quiet">${detail}</span>`}</td></tr>`,
    );
  return html`<h3>Left out</h3>${scrollTable(
    "Photographs left out",
    html`<table><thead><tr><th scope="col">photograph</th><th scope="col">person</th><th scope="col">why</th></tr></thead><tbody>${rows}</tbody></table>`,
  )}${rejected.length > SHOWN && html`<p class="quiet">and ${rejected.length - SHOWN} more, in study.json</p>`}`;
}
