/** The nearest of some names to one that was mistyped or cut short, if any is near at all. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const wanted = typed.toLowerCase();
  const limit = Math.max(2, Math.floor(typed.length / 3));
  let best: string | undefined;
  let smallest = limit + 1;
  for (const name of names) {
    const whole = name.toLowerCase();
    const distance = wanted.length > 2 && whole.startsWith(wanted) ? 1 : editDistance(wanted, whole);
    if (distance < smallest) [best, smallest] = [name, distance];
  }
  return best;
}

/**
 * Letters to insert, delete, replace or exchange with their neighbour to turn one word into another.
 *
 * Source    Damerau, Communications of the ACM 7 (1964); the variant that edits no part twice
 */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = least;
    }
  }
  return rows[a.length]![b.length]!;
}
