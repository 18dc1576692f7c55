import { HEIC_PACKAGE, PICTURE_KINDS } from "../image/index.ts";

/** The number of files of one kind that were passed over, and the first of them. */
export interface PassedOverFiles {
  readonly count: number;
  readonly first: string;
}

/** Things in a folder beside the photographs that were taken from it, told by {@link passedOverSentences}. */
export interface PassedOver {
  /** Pictures of kinds that are not read, by the kind's name, such as `HEIC`. */
  readonly kinds: Readonly<Record<string, PassedOverFiles>>;
  /** Files that are no pictures, by the ending of their names; `""` for those without one. */
  readonly others: Readonly<Record<string, PassedOverFiles>>;
  /** Files that look like pictures by their names, behind names that are hidden or a system's own. */
  readonly hidden: PassedOverFiles | undefined;
  /** Folders that were reached again through a link: each is read once. */
  readonly links: PassedOverFiles | undefined;
  /** Folders and files that could not be opened, each with the reason. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

/** Counts what is passed over while folders are walked. */
export class PassedOverTally {
  readonly #kinds = new Map<string, PassedOverFiles>();
  readonly #others = new Map<string, PassedOverFiles>();
  #hidden: PassedOverFiles | undefined;
  #links: PassedOverFiles | undefined;
  readonly #unreadable: { path: string; reason: string }[] = [];

  kind(name: string, path: string): void {
    this.#kinds.set(name, counted(this.#kinds.get(name), path));
  }

  other(ending: string, path: string): void {
    this.#others.set(ending, counted(this.#others.get(ending), path));
  }

  hidden(path: string): void {
    this.#hidden = counted(this.#hidden, path);
  }

  link(path: string): void {
    this.#links = counted(this.#links, path);
  }

  unreadable(path: string, reason: string): void {
    this.#unreadable.push({ path, reason });
  }

  /** The counts so far. */
  total(): PassedOver {
    return {
      kinds: Object.fromEntries(this.#kinds),
      others: Object.fromEntries(this.#others),
      hidden: this.#hidden,
      links: this.#links,
      unreadable: this.#unreadable,
    };
  }
}

function counted(before: PassedOverFiles | undefined, path: string): PassedOverFiles {
  return { count: (before?.count ?? 0) + 1, first: before?.first ?? path };
}

/** Unreadable folders that are told one by one. */
const LISTED = 5;

/** Sentences for a person about what was passed over, the most important first; none when there was nothing. */
export function passedOverSentences({ kinds, others, hidden, links, unreadable }: PassedOver): string[] {
  const lines = unreadable
    .slice(0, LISTED)
    .map(({ path, reason }) => `${path}: passed over, it could not be read: ${reason}`);
  if (unreadable.length > LISTED) {
    lines.push(`${unreadable.length - LISTED} more folders or files could not be read`);
  }
  for (const [kind, { count, first }] of Object.entries(kinds)) {
    lines.push(
      `${plural(count, `${kind} picture`)} passed over: ${kind} is not read here, ${remedy(kind)}convert ${count === 1 ? "it" : "them"} to JPEG or PNG (${example(count, first)})`,
    );
  }
  if (hidden) {
    lines.push(
      `${plural(hidden.count, "picture")} in hidden or system files and folders passed over (${example(hidden.count, hidden.first)})`,
    );
  }
  if (links) {
    lines.push(
      `${plural(links.count, "folder")} reached again through a link: read once (${example(links.count, links.first)})`,
    );
  }
  const files = Object.values(others).reduce((sum, { count }) => sum + count, 0);
  if (files > 0) {
    const endings = Object.entries(others)
      .sort(([, a], [, b]) => b.count - a.count)
      .slice(0, 3)
      .map(([ending, { count }]) => `${count} ${ending === "" ? "without an ending" : ending}`);
    const more = Object.keys(others).length > 3 ? ", …" : "";
    lines.push(
      `${plural(files, "file")} that ${files === 1 ? "is" : "are"} no picture passed over (${endings.join(", ")}${more})`,
    );
  }
  return lines;
}

/** Advice beside converting. */
function remedy(kind: string): string {
  return kind === PICTURE_KINDS.heic.name ? `install ${HEIC_PACKAGE} beside arcface-ts or ` : "";
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function example(count: number, first: string): string {
  return count === 1 ? first : `the first is ${first}`;
}
