/** The element with this id; the page is made by this library, so a missing one is a defect. */
export function byId<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`internal: report: expected an element with id ${id}`);
  return element as T;
}

/** An element with attributes and children; text stays text. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Tells whether a button is switched on; switches it when told. */
export function pressed(button: HTMLElement, to?: boolean): boolean {
  if (to !== undefined) button.setAttribute("aria-pressed", String(to));
  return button.getAttribute("aria-pressed") === "true";
}

/** A name that may break behind its signs, so that a narrow place need not break it inside a word. */
export function breakable(name: string): (Node | string)[] {
  return name
    .split(/(?<=[_/.-])(?=.)/)
    .flatMap((part, i) => (i === 0 ? [part] : [document.createElement("wbr"), part]));
}
