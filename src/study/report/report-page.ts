import { createHash } from "node:crypto";
import type { Study } from "../run-study.ts";
import { facesSection } from "./faces-section.ts";
import { figuresSection } from "./figures-section.ts";
import { html, inertJson, trusted } from "./html.ts";
import { mapSection } from "./map-section.ts";
import type { PageData } from "./page-data.ts";
import { pageHead } from "./page-head.ts";
import { count, figure, percent } from "./parts.ts";
import { similaritySection } from "./similarity-section.ts";
import { type HeatPictures, whySection } from "./why-section.ts";

/** The page's content beside the study's own numbers. Figures are SVG; each is absent when there is nothing to draw. */
export interface PageContent {
  readonly data: PageData;
  /** Atlases of the faces' thumbnails, JPEG. */
  readonly atlases: readonly Uint8Array[];
  readonly matrix: string | undefined;
  readonly matrixByPeople: boolean;
  readonly histogram: string | undefined;
  readonly roc: string | undefined;
  readonly heat: readonly HeatPictures[];
  /** Files that lie beside the page. */
  readonly files: readonly string[];
  /** The page's script, bundled. */
  readonly script: string;
}

const SECTIONS = [
  ["faces", "Faces"],
  ["map", "Map"],
  ["neighbours", "Neighbours"],
  ["similarity", "Similarity"],
  ["figures", "Retrieval"],
  ["why", "Why"],
] as const;

/**
 * The report as one page that needs nothing but itself: no network, no file beside it.
 *
 * Every name is escaped, data lie in elements that are never run, and the page forbids itself every script but its
 * own and every address but its own pictures.
 */
export function reportPage(study: Study, content: PageContent): string {
  const { model, calibration, retrieval, scores, faces } = study;
  const hash = createHash("sha256").update(content.script).digest("base64");
  const title = `Study of ${count(faces.length, "face")} of ${count(scores.people.length, "person", "people")}`;
  const sections = SECTIONS.filter(([id]) => id !== "neighbours" || faces.length > 0);
  return html`${pageHead(title, { pictures: "data: blob:", script: hash })}
<body>
<header class="top"><div>
<h1>${title}</h1>
<p>Model <b>${model}</b>. ${
    calibration
      ? html`Its threshold is <b>${figure(calibration.threshold)}</b> (${calibration.data.protocol}: there ${percent(calibration.fmr.rate, 3)} of pairs of different people lay above it, 95 % interval ${percent(calibration.fmr.low, 3)} to ${percent(calibration.fmr.high, 3)}, and ${percent(calibration.fnmr.rate, 2)} of pairs of one person below).`
      : "It was not calibrated, so there is no threshold, and nothing here says yes or no."
  }</p>
<ul class="cards"><li><b>${faces.length.toLocaleString("en")}</b>${faces.length === 1 ? "face" : "faces"}</li><li><b>${scores.people.length.toLocaleString("en")}</b>${scores.people.length === 1 ? "person" : "people"}</li><li><b>${percent(retrieval.all.top1)}</b>first neighbour right</li><li><b>${percent(retrieval.all.top3)}</b>right among three</li><li><b>${figure(retrieval.all.mAP)}</b>mean average precision</li></ul>
</div></header>
<nav aria-label="Sections"><ul>${sections.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<main>
<noscript><p><strong>The map and the thumbnails need scripts, which are switched off.</strong></p></noscript>
${facesSection(study)}
${mapSection(study)}
${similaritySection(study, content.matrix, content.matrixByPeople)}
${figuresSection(study, content.histogram, content.roc)}
${whySection(study, content.heat)}
</main>
<footer>Seed ${study.seed}. ${content.files.length > 0 && html`Beside this page: ${content.files.map((file, i) => html`${i > 0 && ", "}<a href="${file}">${file}</a>`)}.`} A cosine is no percentage, and these figures hold for these photographs and this model.</footer>
<script type="application/json" id="data">${inertJson(content.data)}</script>
${content.atlases.map((picture, i) => html`<script type="application/octet-stream" id="atlas-${i}">${trusted(Buffer.from(picture).toString("base64"))}</script>\n`)}
<script>${trusted(content.script)}</script>
</body>
</html>
`.text;
}
