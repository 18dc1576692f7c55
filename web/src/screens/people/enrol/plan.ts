import type { PlacedFile } from "./folder-files.ts";

/** Pictures that are one person's, under a name that can still be changed. */
export interface PlannedPerson {
  /** Empty where nothing says whose the pictures are. */
  readonly name: string;
  readonly files: readonly PlacedFile[];
}

/** People with their pictures, and how many files are no pictures. */
export interface Plan {
  /** In the order of their names; those without one first. */
  readonly people: readonly PlannedPerson[];
  readonly passedOver: number;
}

/**
 * People and their pictures, by folders.
 *
 * One folder with folders in it: these are the people. Several folders: they are. One folder with nothing but pictures is
 * somebody called as it is, perhaps. Pictures outside any folder are nobody's in particular.
 *
 * @param whose somebody whose pictures all of them are
 */
export function planOf(files: readonly PlacedFile[], whose?: string): Plan {
  const pictures = files.filter(isPicture);
  const passedOver = files.length - pictures.length;
  if (whose !== undefined)
    return { people: pictures.length > 0 ? [{ name: whose, files: pictures }] : [], passedOver };
  const parts = pictures.map(({ path }) => path.split("/").slice(0, -1));
  const roots = new Set(parts.map(([first]) => first));
  const isOneFolder = roots.size === 1 && !roots.has(undefined);
  const depth = isOneFolder && parts.some(({ length }) => length > 1) ? 1 : 0;
  const byName = new Map<string, PlacedFile[]>();
  for (const [i, picture] of pictures.entries()) {
    const name = (parts[i]![depth] ?? "").normalize("NFC").trim();
    const own = byName.get(name);
    if (own) own.push(picture);
    else byName.set(name, [picture]);
  }
  const { compare } = new Intl.Collator("en", { numeric: true });
  const people = [...byName]
    .map(([name, own]) => ({ name, files: own }))
    .sort((a, b) => Number(a.name !== "") - Number(b.name !== "") || compare(a.name, b.name));
  return { people, passedOver };
}

function isPicture({ file: { type, name } }: PlacedFile): boolean {
  if (name.startsWith(".")) return false;
  return type.startsWith("image/") || /\.(?:heic|heif|ppm|pgm)$/i.test(name);
}
