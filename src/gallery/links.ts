import type { Effect, LinkState } from "./change.ts";

/** A word that stands. */
export interface Link extends LinkState {
  readonly id: number;
  /** The change in which it was said. */
  readonly sequence: number;
}

/** Tells whether two words are one. */
export function sameLink(a: LinkState | null, b: LinkState | null): boolean {
  if (!a || !b) return a === b;
  return (
    a.kind === b.kind && a.faces.length === b.faces.length && a.faces.every((face, i) => face === b.faces[i])
  );
}

/** Those words of a log that nobody took back. */
export function standingLinks(
  effects: readonly { readonly sequence: number; readonly effect: Effect }[],
): Link[] {
  const links = new Map<number, Link>();
  for (const { sequence, effect } of effects) {
    if (effect.subject !== "link") continue;
    links.delete(effect.id);
    if (effect.after) links.set(effect.id, { ...effect.after, id: effect.id, sequence });
  }
  return [...links.values()];
}

/** Tells whether a word is about one of the faces. */
export function mentions(faces: Iterable<number>): (link: LinkState) => boolean {
  const wanted = new Set(faces);
  return (link) => link.faces.some((face) => wanted.has(face));
}

/** All faces that words make one person with one of these, themselves among them. */
export function saidSame(links: readonly LinkState[], faces: Iterable<number>): Set<number> {
  const others = new Map<number, number[]>();
  for (const { kind, faces: pair } of links) {
    if (kind !== "same") continue;
    const [a, b] = pair as readonly [number, number];
    others.set(a, [...(others.get(a) ?? []), b]);
    others.set(b, [...(others.get(b) ?? []), a]);
  }
  const reached = new Set(faces);
  // A set that grows while it is walked is walked to its end.
  for (const face of reached) for (const other of others.get(face) ?? []) reached.add(other);
  return reached;
}

/** The first word by which a face of one side and a face of the other are different people. */
export function saidDifferent(
  links: readonly Link[],
  some: ReadonlySet<number>,
  others: ReadonlySet<number>,
): Link | undefined {
  return links.find(({ kind, faces: [a, b] }) => {
    if (kind !== "different") return false;
    return (some.has(a!) && others.has(b!)) || (some.has(b!) && others.has(a!));
  });
}
