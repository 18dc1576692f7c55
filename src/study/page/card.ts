import { breakable, element } from "./document.ts";
import { type Faces, type ListedNeighbour, written } from "./faces.ts";
import type { Place, View } from "./plane/index.ts";
import type { Thumbnails } from "./thumbnails.ts";

/** A face as an element. */
export function faceElement(faces: Faces, thumbnails: Thumbnails, face: number, sidePx: number): HTMLElement {
  const made = element("i", {
    class: "face",
    role: "img",
    "aria-label": `${faces.personOf(face)}, ${faces.nameOf(face)}`,
  });
  thumbnails.show(made, face, sidePx);
  return made;
}

/** A neighbour with its cosine, marked right or wrong. */
export function hitElement(
  faces: Faces,
  thumbnails: Thumbnails,
  { face, cosine, right }: ListedNeighbour,
  sidePx: number,
  named: boolean,
): HTMLElement {
  return element(
    "div",
    { class: `hit ${right ? "is-right" : "is-wrong"}` },
    faceElement(faces, thumbnails, face, sidePx),
    element("b", {}, `${written(cosine)} ${right ? "✓" : "✗"}`),
    ...(named ? [element("br"), element("small", {}, ...breakable(faces.personOf(face)))] : []),
  );
}

/** The text beside a face of the map: whom it shows, and the faces most similar to it. */
export function fillCard(
  card: HTMLElement,
  faces: Faces,
  thumbnails: Thumbnails,
  face: number,
  place: Place,
  view: View,
): void {
  const strip = element("div", { class: "strip" });
  for (const hit of faces.neighbours(face)) strip.append(hitElement(faces, thumbnails, hit, 56, false));
  card.replaceChildren(
    element(
      "div",
      { class: "who" },
      faceElement(faces, thumbnails, face, 72),
      element(
        "div",
        {},
        element("b", {}, ...breakable(faces.personOf(face))),
        element("br"),
        element("small", {}, ...breakable(faces.nameOf(face))),
      ),
    ),
    strip,
  );
  card.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = card;
  const x = place.x + 30 + width > view.width ? place.x - 30 - width : place.x + 30;
  const held = (value: number, most: number): number => Math.max(4, Math.min(value, most - 4));
  card.style.transform = `translate(${held(x, view.width - width)}px, ${held(place.y - height / 2, view.height - height)}px)`;
}
