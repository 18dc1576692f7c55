import { faceElement, hitElement } from "./card.ts";
import { breakable, byId, element } from "./document.ts";
import type { Faces } from "./faces.ts";
import type { Thumbnails } from "./thumbnails.ts";

/** Rows shown at first, and added at a time: a page of two thousand would take long to lay out and to scroll through. */
const FIRST_ROWS = 12;
const ROWS = 40;
/** Rows on paper: some eight pages. More take a browser minutes to print. */
const MOST_PRINTED = 80;

/** The grid of neighbours: a row for every face, as many as were asked for. */
export class Grid {
  readonly #faces: Faces;
  readonly #thumbnails: Thumbnails;
  readonly #selection: ReadonlySet<number>;
  readonly #rows = byId("grid");
  readonly #more = byId<HTMLButtonElement>("more");
  readonly #which = byId<HTMLSelectElement>("which");
  readonly #shown = byId("shown");
  #listed: number[] = [];
  #drawn = 0;

  constructor(faces: Faces, thumbnails: Thumbnails, selection: ReadonlySet<number>) {
    this.#faces = faces;
    this.#thumbnails = thumbnails;
    this.#selection = selection;
    this.#more.addEventListener("click", () => {
      const first = this.#drawn;
      this.#draw(this.#drawn + ROWS);
      this.#rows.children[first]?.querySelector<HTMLElement>(".query")?.focus();
    });
    this.#which.addEventListener("change", () => this.list());
    // On paper nobody can ask for more.
    addEventListener("beforeprint", () => this.#draw(MOST_PRINTED));
  }

  /** Lists the faces that the choice above the grid asks for. */
  list(): void {
    const which = this.#which.value;
    this.#listed = Array.from({ length: this.#faces.count }, (_, face) => face).filter((face) => {
      if (which === "selected") return this.#selection.has(face);
      if (which === "all") return true;
      const hits = this.#faces.neighbours(face);
      return which === "first" ? hits[0]?.right === false : hits.some((hit) => !hit.right);
    });
    this.#rows.replaceChildren();
    this.#drawn = 0;
    this.#draw(FIRST_ROWS);
  }

  /** Lists the selection. */
  listSelection(): void {
    this.#which.value = "selected";
    this.list();
    byId("neighbours").scrollIntoView();
  }

  /** Scrolls to a face's row, marks it, and moves the keyboard there. */
  open(face: number): void {
    if (!this.#listed.includes(face)) {
      this.#which.value = "all";
      this.list();
    }
    this.#draw(this.#listed.indexOf(face) + 1);
    const row = this.#rows.querySelector<HTMLElement>(`[data-row="${face}"]`);
    for (const found of this.#rows.querySelectorAll(".found")) found.classList.remove("found");
    row?.classList.add("found");
    row?.scrollIntoView({ block: "center" });
    row?.querySelector<HTMLElement>(".query")?.focus({ preventScroll: true });
  }

  /** Draws rows until so many are there. */
  #draw(count: number): void {
    const rows = document.createDocumentFragment();
    for (const face of this.#listed.slice(this.#drawn, count)) rows.append(this.#row(face));
    this.#rows.append(rows);
    this.#drawn = Math.min(this.#listed.length, Math.max(this.#drawn, count));
    this.#more.hidden = this.#drawn >= this.#listed.length;
    this.#shown.textContent = `${this.#drawn} of ${this.#listed.length}`;
  }

  #row(face: number): HTMLElement {
    const hits = element("div", { class: "hits" });
    for (const hit of this.#faces.neighbours(face))
      hits.append(hitElement(this.#faces, this.#thumbnails, hit, 72, true));
    return element(
      "div",
      { class: "rowline", "data-row": String(face) },
      element(
        "div",
        { class: "query", tabindex: "-1" },
        faceElement(this.#faces, this.#thumbnails, face, 88),
        element(
          "div",
          {},
          element("b", {}, ...breakable(this.#faces.personOf(face))),
          element("br"),
          element("small", {}, ...breakable(this.#faces.nameOf(face))),
        ),
      ),
      hits,
    );
  }
}
