import { faceElement } from "./card.ts";
import { byId, element } from "./document.ts";
import type { Faces } from "./faces.ts";
import type { Thumbnails } from "./thumbnails.ts";

/** Thumbnails shown of a selection, at most. */
const SHOWN = 60;

/** Says below the map what is selected, with what can be done with it. */
export function showSelection(
  faces: Faces,
  thumbnails: Thumbnails,
  selection: ReadonlySet<number>,
  actions: { readonly list: () => void; readonly clear: () => void },
): void {
  const panel = byId("selection");
  panel.hidden = selection.size === 0;
  const counts = new Map<string, number>();
  for (const face of selection) counts.set(faces.personOf(face), (counts.get(faces.personOf(face)) ?? 0) + 1);
  const people = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const strip = element("div", { class: "strip" });
  for (const face of [...selection].slice(0, SHOWN)) strip.append(faceElement(faces, thumbnails, face, 48));
  const list = element("button", { type: "button" }, "list their neighbours");
  const clear = element("button", { type: "button" }, "let go");
  list.addEventListener("click", actions.list);
  clear.addEventListener("click", actions.clear);
  panel.replaceChildren(
    element(
      "p",
      {},
      element("b", {}, `${selection.size} ${selection.size === 1 ? "face" : "faces"} selected`),
      ` of ${people
        .slice(0, 12)
        .map(([person, count]) => `${person} (${count})`)
        .join(", ")}${people.length > 12 ? ` and ${people.length - 12} more` : ""}`,
    ),
    strip,
    ...(selection.size > SHOWN
      ? [element("p", { class: "quiet" }, `and ${selection.size - SHOWN} more`)]
      : []),
    element("span", { class: "group" }, list, clear),
  );
}
