/** A cosine as people read it, with a true minus sign. */
export function cosineText(cosine: number, digits = 3): string {
  return cosine.toFixed(digits).replace("-", "−");
}

/** A share in per cent with two significant digits, as far as there are any. */
export function percentText(share: number): string {
  const value = 100 * share;
  if (value > 0 && share < 1e-5) return "< 0.001 %";
  if (value === 0 || value >= 99.995) return `${Math.round(value)} %`;
  return `${value >= 10 ? value.toFixed(1) : Number(value.toPrecision(2)).toString()} %`;
}

/** A number of things: `1 face`, `3 faces`. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : several}`;
}

/** A sentence with its first letter large. */
export function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}
