import type { Study } from "../run-study.ts";
import { breakable, html, type Markup, trusted } from "./html.ts";
import { angle, count, figure, percent, scrollTable } from "./parts.ts";

/** Section 5: how well faces find each other, and the angles between them. */
export function figuresSection(study: Study, histogram: string | undefined, roc: string | undefined): Markup {
  const { retrieval, separation, calibration } = study;
  const rows = [...retrieval.perPerson].sort(
    (a, b) => (a.mAP ?? 2) - (b.mAP ?? 2) || (a.person < b.person ? -1 : 1),
  );
  return html`<section id="figures" aria-labelledby="figures-title">
<h2 id="figures-title">Retrieval and angles</h2>
<p>${
    retrieval.all.queries === 0
      ? "Nobody has two faces here, so nothing can be found again."
      : html`Asked with each of the ${count(retrieval.all.queries, "face")} whose person has another, the same person comes first in ${percent(retrieval.all.top1)} and among the first three in ${percent(retrieval.all.top3)}; the mean average precision is ${figure(retrieval.all.mAP)}.`
  }${
    separation &&
    html` Cosines of one person's faces are ${figure(separation.genuineMean)} in the mean and those of different people's ${figure(separation.impostorMean)}; AUC ${figure(separation.auc, 5)}, d′ ${figure(separation.dPrime, 2)}, equal error rate ${percent(separation.equalErrorRate, 2)}${calibration ? "" : html` at ${figure(separation.equalErrorThreshold)}, which is these photographs' own and no calibrated threshold`}.`
  }</p>
<div class="row">${histogram !== undefined && html`<div class="figure">${trusted(histogram)}</div>`}${roc !== undefined && html`<div class="figure">${trusted(roc)}</div>`}</div>
<h3>Per person</h3><p class="quiet">Hardest first. Angles are means in degrees: within the person, and to everybody else.</p>
${scrollTable(
  "Figures of every person",
  html`<table><thead><tr><th scope="col">person</th><th scope="col" class="number">faces</th><th scope="col" class="number">top-1</th><th scope="col" class="number">top-3</th><th scope="col" class="number">mAP</th><th scope="col" class="number">within</th><th scope="col" class="number">to others</th><th scope="col">nearest other</th><th scope="col" class="number">cosine</th></tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row">${breakable(row.person)}</th><td class="number">${row.faces}</td><td class="number">${percent(row.top1, 0)}</td><td class="number">${percent(row.top3, 0)}</td><td class="number">${figure(row.mAP)}</td><td class="number">${angle(row.intraDeg)}</td><td class="number">${angle(row.interDeg)}</td><td>${row.nearest ? breakable(row.nearest.person) : "–"}</td><td class="number">${figure(row.nearest?.cosine)}</td></tr>`,
  )}</tbody></table>`,
)}
</section>`;
}
