import { legibleName } from "../core/index.ts";

/** A name of a gallery of an earlier version that is spelled otherwise now. */
export interface Respelling {
  readonly from: string;
  readonly to: string;
  /** True if another name became, or was, what this one looks like: the two stay two, and this one has a number. */
  readonly numbered: boolean;
}

/** Names are cut to this length before a number is put behind them. */
const CUT = 190;

/**
 * New spellings for the names of a gallery of an earlier version. Different names stay different, so whatever the
 * gallery and its log say of people stays so: of those that look alike one keeps the name, the one that was spelled so
 * already if there is one, and the others get a number.
 *
 * @param names all that the gallery has or had, the oldest first
 */
export function respellings(names: Iterable<string>): Respelling[] {
  const all = new Set(names);
  const taken = new Set([...all].filter((name) => legibleName(name) === name));
  const changed: Respelling[] = [];
  for (const from of all) {
    if (taken.has(from) && legibleName(from) === from) continue;
    const base = legibleName(from) || "unnamed";
    let to = base;
    for (let n = 2; taken.has(to); n++) to = `${legibleName(base.slice(0, CUT))} (${n})`;
    taken.add(to);
    changed.push({ from, to, numbered: to !== base });
  }
  return changed;
}
