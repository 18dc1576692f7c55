import type { MapData } from "./map-data.ts";

/** Single faces that an address lists at most: longer ones are cut off by some programs. */
const MOST_LISTED = 150;

/** Faces that were chosen by outline: too many for an address, they last as long as the tab. */
const kept = new Map<string, ReadonlySet<number>>();

/**
 * The chosen faces as the address has them: `p12` all of a person, `f7.9` these faces, `t3` those that this tab knows under a
 * number. By their numbers in the gallery, which stay what they are.
 */
export function chosenText(chosen: ReadonlySet<number>, data: MapData): string | undefined {
  if (chosen.size === 0) return undefined;
  const [first] = chosen;
  const person = data.people.get(data.persons[first!]!)!;
  if (person.faces.length === chosen.size && person.faces.every((face) => chosen.has(face)))
    return `p${person.id}`;
  const numbers = [...chosen].map((face) => data.faces[face]!);
  if (numbers.length <= MOST_LISTED) return `f${numbers.join(".")}`;
  const name = `t${kept.size + 1}`;
  kept.set(name, new Set(numbers));
  return name;
}

/** Indices of the faces that an address means; those that are not on the map are left out. */
export function chosenOf(text: string | undefined, data: MapData): ReadonlySet<number> {
  if (text === undefined) return new Set();
  if (text.startsWith("p")) return new Set(data.people.get(Number(text.slice(1)))?.faces);
  const numbers = text.startsWith("t") ? kept.get(text) : new Set(text.slice(1).split(".").map(Number));
  return new Set(data.faces.flatMap((face, i) => (numbers?.has(face) ? [i] : [])));
}
