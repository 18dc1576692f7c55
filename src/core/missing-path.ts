/**
 * A way out for somebody whose path has nothing there because no shell read it: `~` and `*` in quotes, or on Windows,
 * reach a program as they were typed. Undefined for any other path.
 */
export function noteOnMissingPath(path: string): string | undefined {
  if (/^~[\\/]/.test(path)) return 'a shell makes "~" a folder, but not inside quotes: write the whole path';
  if (/[*?]/.test(path))
    return `a shell fills in "${path.includes("*") ? "*" : "?"}", but not inside quotes: name the folder`;
  return undefined;
}
