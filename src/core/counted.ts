/** A number with its noun: "1 face", "2 faces". @param plural where it is not the noun with an s */
export function counted(n: number, noun: string, plural = `${noun}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? noun : plural}`;
}
