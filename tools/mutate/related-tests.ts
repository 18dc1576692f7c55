import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";

/** The test files that reach a source file by imports, nearest first. */
export class RelatedTests {
  /** Files by what they import. */
  readonly #importers = new Map<string, Set<string>>();
  readonly #texts = new Map<string, string>();

  /** @param files every TypeScript file of the tree, relative to its root */
  constructor(root: string, files: readonly string[]) {
    for (const file of files) {
      const text = readFileSync(join(root, file), "utf8");
      this.#texts.set(file, text);
      for (const imported of importsOf(root, file, text)) {
        const importers = this.#importers.get(imported) ?? new Set();
        this.#importers.set(imported, importers.add(file));
      }
    }
  }

  /** Tests of a file: first those that bear its name or speak of what it exports, then by distance. */
  of(file: string): string[] {
    const distance = new Map([[file, 0]]);
    const queue = [file];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const importer of this.#importers.get(at) ?? []) {
        if (distance.has(importer)) continue;
        distance.set(importer, distance.get(at)! + 1);
        queue.push(importer);
      }
    }
    const exported = [
      ...this.#texts
        .get(file)!
        .matchAll(/^export (?:async )?(?:const|function\*?|class|abstract class) (\w+)/gm),
    ].map(([, name]) => new RegExp(`\\b${name}\\b`));
    const stem = basename(file, ".ts");
    const rank = (test: string): number => {
      const text = this.#texts.get(test)!;
      const speaks = exported.some((name) => name.test(text));
      return (
        (basename(test) === `${stem}.test.ts` ? -100 : 0) +
        (speaks ? -10 : 0) +
        (dirname(test) === dirname(file) ? -3 : 0) +
        distance.get(test)!
      );
    };
    return [...distance.keys()]
      .filter((path) => path.endsWith(".test.ts"))
      .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  }
}

/** The files that a file runs: imports and workers' addresses, not types. */
function importsOf(root: string, file: string, text: string): string[] {
  const specifiers = [
    ...text.matchAll(/^(?:import|export)(?! type\b)[^"'`;]*?from "(\.[^"]+)"/gms),
    ...text.matchAll(/^import "(\.[^"]+)"/gm),
    ...text.matchAll(/\bimport\(\s*"(\.[^"]+)"/g),
    ...text.matchAll(/new URL\(\s*"(\.[^"]+\.[jt]s)"/g),
  ].map(([, specifier]) => normalize(join(dirname(file), specifier!)));
  // A worker is started as it is built.
  const found = specifiers
    .map((path) => path.replace(/\.js$/, ".ts"))
    .filter((path) => existsSync(join(root, path)));
  // The command line's tests start what is built of it.
  return file === "test/run-cli.ts" ? [...found, "src/cli/bin.ts"] : found;
}
