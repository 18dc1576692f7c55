import { escapeXml } from "../../plot/index.ts";

/** Markup that is safe as it stands. Made only by {@link html} and {@link trusted}. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | undefined | false | readonly Part[];

/** Markup with values put in; whatever is not markup itself is escaped, so a name can never become an element. */
export function html(parts: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + render(values[i - 1]) + part));
}

/** Takes over text that this library made as markup, such as a figure. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/** A name that may break behind its signs, so that a narrow place need not break it inside a word. */
export function breakable(name: string): Markup {
  return new Markup(
    name
      .split(/(?<=[_/.-])(?=.)/)
      .map(escapeXml)
      .join("<wbr>"),
  );
}

/** A value as JSON that cannot end the script element it stands in. */
export function inertJson(value: unknown): Markup {
  return new Markup(
    JSON.stringify(value)
      .replaceAll("<", "\\u003c")
      .replaceAll("\u2028", "\\u2028")
      .replaceAll("\u2029", "\\u2029"),
  );
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(render).join("");
  return escapeXml(String(part));
}
