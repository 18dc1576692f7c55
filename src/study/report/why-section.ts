import { jpegDataUrl } from "../../plot/index.ts";
import type { Study } from "../run-study.ts";
import type { FactorEffect, Measured, WhyReport } from "../why.ts";
import { html, type Markup, trusted } from "./html.ts";
import { count, figure, scrollTable } from "./parts.ts";

/** A pair's two crops and the maps over them, JPEG. */
export interface HeatPictures {
  readonly crops: readonly [Uint8Array, Uint8Array];
  readonly maps: readonly [Uint8Array, Uint8Array];
  readonly strongest: number;
}

const KINDS: Readonly<Record<string, string>> = {
  region: "what is covered",
  light: "light",
  quality: "quality",
  alignment: "alignment",
};

/** Section 6: what the scores go by. */
export function whySection(study: Study, heat: readonly HeatPictures[]): Markup {
  const { why } = study;
  return html`<section id="why" aria-labelledby="why-title">
<h2 id="why-title">Why</h2>
${
  why === undefined || why.faces === 0
    ? html`<p>Not asked: there are fewer than two faces, or the question was left out.</p>`
    : html`<p>The article ends with the guess that ArcFace goes by “hairstyle, facial expression, or the light condition”. Here one thing at a time is changed about ${count(why.faces, "face")}, and the cosines are measured again: of each face with itself, of ${count(why.genuinePairs, "pair")} of one person, and of ${count(why.lookAlikePairs, "pair")} of different people with the highest cosines. ${strongest(why)}</p>
<p class="quiet">Intervals are of 95 % and count that faces and pairs share people. Regions are those of the template that all faces are aligned to, not each face's own outline. Look-alike pairs were chosen because they score high, so nearly any change brings them down a little.</p>
${factorTable(why)}`
}
${
  heat.length > 0 &&
  html`<h3>Where look-alikes resemble each other</h3><p>A grey patch of a quarter of the side is moved over one of the two faces. <b class="less">Orange</b>: covering it makes them less alike, so the resemblance is there. <b class="moreso">Blue</b>: covering it makes them more alike.</p>
<div class="heat">${study.occluded.map((pair, i) => {
    const pictures = heat[i]!;
    const [a, b] = pair.faces.map((index) => study.faces[index]!.person);
    return html`<figure><div>${[0, 1].map((side) => html`<img alt="${side === 0 ? a : b}" width="112" height="112" src="${jpegDataUrl(pictures.crops[side]!)}"><img alt="occlusion map of ${side === 0 ? a : b}" width="112" height="112" src="${jpegDataUrl(pictures.maps[side]!)}">`)}</div><figcaption>${a} and ${b}: cosine ${figure(pair.cosine)}; full colour is a change of ${figure(pictures.strongest)}</figcaption></figure>`;
  })}</div>`
}
</section>`;
}

/** The factor that moves the genuine and the look-alike pairs most, in words. */
function strongest(why: WhyReport): Markup {
  const most = (of: (factor: FactorEffect) => Measured | undefined): FactorEffect | undefined =>
    why.factors
      .filter((factor) => of(factor) !== undefined)
      .reduce<FactorEffect | undefined>(
        (best, factor) => (best && Math.abs(of(best)!.mean) >= Math.abs(of(factor)!.mean) ? best : factor),
        undefined,
      );
  const genuine = most((factor) => factor.genuine?.one);
  const lookAlike = most((factor) => factor.lookAlike?.one);
  return html`${genuine && html`What moves genuine pairs most is <b>${genuine.label}</b> (${figure(genuine.genuine!.one.mean)})`}${lookAlike && html`${genuine ? "; what moves" : "What moves"} look-alike pairs most is <b>${lookAlike.label}</b> (${figure(lookAlike.lookAlike!.one.mean)})`}${(genuine ?? lookAlike) && "."}`;
}

function factorTable(why: WhyReport): Markup {
  const rows = why.factors.map(
    (factor, i) =>
      html`${why.factors[i - 1]?.kind !== factor.kind && html`<tr class="kind"><th scope="colgroup" colspan="6">${KINDS[factor.kind]}</th></tr>`}<tr><th scope="row">${factor.label}<br><span class="quiet">${factor.what}</span></th>${cell("cosine with itself", factor.self, false)}${cell("one person, one changed", factor.genuine?.one)}${cell("one person, both", factor.genuine?.both)}${cell("look-alikes, one changed", factor.lookAlike?.one)}${cell("look-alikes, both", factor.lookAlike?.both)}</tr>`,
  );
  return scrollTable(
    "Factors",
    html`<table class="factors stacks"><thead><tr><th scope="col" rowspan="2">changed</th><th scope="col" rowspan="2" class="number">cosine with itself</th><th scope="colgroup" colspan="2" class="number">pairs of one person</th><th scope="colgroup" colspan="2" class="number">look-alikes</th></tr><tr><th scope="col" class="number">one changed</th><th scope="col" class="number">both</th><th scope="col" class="number">one changed</th><th scope="col" class="number">both</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

/** @param label its column's heading, which a phone shows beside it */
function cell(label: string, value: Measured | null | undefined, signed = true): Markup {
  if (!value) return html`<td class="number" data-label="${label}">–</td>`;
  const { mean, interval } = value;
  return html`<td class="number" data-label="${label}">${signed && mean > 0 ? "+" : ""}${figure(mean)}${interval && html`<br><span class="quiet">[${figure(interval[0])}, ${figure(interval[1])}]</span>`}${signed && bar(mean)}</td>`;
}

/** A change as a bar from the middle; half the width is a change of 0.4. */
function bar(mean: number): Markup {
  const width = Math.min(50, (Math.abs(mean) / 0.4) * 50);
  return trusted(
    `<svg class="bar" viewBox="0 0 100 5" preserveAspectRatio="none" aria-hidden="true"><rect class="${mean < 0 ? "fall" : "rise"}" x="${(mean < 0 ? 50 - width : 50).toFixed(1)}" width="${width.toFixed(1)}" height="5"/><path d="M50,0V5" stroke="currentColor" stroke-opacity="0.4"/></svg>`,
  );
}
