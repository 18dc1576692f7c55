import type { Study } from "../run-study.ts";
import { html, type Markup, trusted } from "./html.ts";

/** A place for the thumbnail of a face; the page's script draws it. */
export function face(study: Pick<Study, "faces">, index: number, sidePx = 64): Markup {
  const { name, person } = study.faces[index]!;
  return html`<i class="face" data-face="${index}" data-side="${sidePx}" role="img" aria-label="${person}, ${name}"></i>`;
}

/** A share as percent. */
export function percent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined ? "–" : `${(share * 100).toFixed(digits)} %`;
}

/** A cosine, a change of one, or nothing. */
export function figure(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return "–";
  const text = value.toFixed(digits);
  // A value that rounds to nothing has no sign.
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** An angle in degrees, or nothing. */
export function angle(deg: number | null): string {
  return deg === null ? "–" : `${deg.toFixed(1)}°`;
}

export { counted as count } from "../../core/index.ts";

/** A table that scrolls sideways, and down when it is long, reachable by keyboard; on a phone each row is a small list. */
export function scrollTable(label: string, table: Markup): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${withLabels(table)}</div>`;
}

/** A table whose cells say their column's heading, which a phone shows beside them; one with a heading of two rows stays. */
function withLabels({ text }: Markup): Markup {
  const [, head = "", body = ""] = /^<table><thead>(.*?)<\/thead>(.*)$/s.exec(text) ?? [];
  const headings = [...head.matchAll(/<th[^>]*>(.*?)<\/th>/gs)].map(([, heading]) => heading!);
  if (headings.length === 0) return trusted(text);
  const labelled = body.replace(/<tr>(.*?)<\/tr>/gs, (row) => {
    let column = 0;
    return row.replace(/<t([dh])(?=[ >])/g, (cell) => `${cell} data-label="${headings[column++] ?? ""}"`);
  });
  return trusted(`<table class="stacks"><thead>${head}</thead>${labelled}`);
}
