import type { Study } from "../run-study.ts";
import { html, type Markup } from "./html.ts";
import { MAX_APART } from "./page-data.ts";
import { count } from "./parts.ts";

/** Sections 2 and 3: the map and the grid of neighbours, which the page's script fills. */
export function mapSection(study: Study): Markup {
  const { layouts, scores, calibration } = study;
  if (study.faces.length === 0)
    return html`<section id="map" aria-labelledby="map-title"><h2 id="map-title">Map</h2><p>There is no face to show.</p></section>`;
  return html`<section id="map" aria-labelledby="map-title">
<h2 id="map-title">Map</h2>
<p>Faces that lie close look alike to the network, in so far as a plane can show it. Distances between groups and the directions of the axes mean nothing.${study.faces.length <= MAX_APART && " Pictures are pushed apart until each can be seen; without pictures, every face lies where the map has it."} A picture too small to show anything is a shape until you come closer.</p>
<div class="toolbar" role="toolbar" aria-label="Map">
<span class="group" role="group" aria-label="Method">${layouts.map(
    (layout, i) =>
      html`<button type="button" data-layout="${i}" aria-pressed="${i === 0 ? "true" : "false"}">${layout.label}</button>`,
  )}</span>
<label>person <select id="person"><option value="">everybody</option>${scores.people.map((name, i) => html`<option value="${i}">${name}</option>`)}</select></label>
<span class="group"><button type="button" id="lasso" aria-pressed="false">lasso</button><button type="button" id="pictures" aria-pressed="true">pictures</button>${
    calibration && html`<button type="button" id="links" aria-pressed="true">links below threshold</button>`
  }</span>
<span class="group"><button type="button" id="closer" aria-label="zoom in">+</button><button type="button" id="farther" aria-label="zoom out">−</button><button type="button" id="whole">whole map</button></span>
</div>
<div class="map"><canvas id="canvas" tabindex="0" role="application" aria-label="Map of ${count(study.faces.length, "face")}" aria-describedby="keys"></canvas><div id="card" hidden></div></div>
<p id="layout-note" class="quiet"></p>
<p id="keys" class="quiet">Drag or use the arrow keys to move, the wheel, two fingers or + and − to come closer, 0 for the whole map. N and P go from face to face, S selects, Enter opens the face's row below, Escape lets go.</p>
${
  calibration &&
  html`<p class="quiet">Red lines join two faces of one person whose cosine is below the threshold of ${calibration.threshold.toFixed(3)}.</p>`
}
<p id="spoken" class="unseen" aria-live="polite"></p>
<div id="selection" hidden></div>
</section>
<section id="neighbours" aria-labelledby="neighbours-title">
<h2 id="neighbours-title">Nearest neighbours</h2>
<p>Every face on the left, the faces most similar to it beside it, whoever they are, with their cosines.</p>
<div class="toolbar" role="toolbar" aria-label="Neighbours"><label>show <select id="which"><option value="all">every face</option><option value="wrong">with a wrong neighbour</option><option value="first">with a wrong first neighbour</option><option value="selected">the selection</option></select></label><span id="shown" class="quiet" aria-live="polite"></span></div>
<div id="grid"></div><button type="button" id="more" hidden>show more</button>
</section>`;
}
