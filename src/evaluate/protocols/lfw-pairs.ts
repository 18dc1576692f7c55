import { join } from "node:path";
import { FaceError, readText } from "../../core/index.ts";
import { LFW_ALIASES } from "./lfw-aliases.ts";
import { expectBothLabels, type PairList, PictureList } from "./pair-list.ts";

/**
 * The pairs of LFW's `pairs.txt`: a first line `folds pairs-per-kind`, then for each fold as many genuine pairs
 * (`name i j`) and as many impostor pairs (`name i name j`). Pictures lie in `images/NAME/NAME_0001.jpg`.
 *
 * Throws    FaceError BAD_FILE with the line that cannot be read or names a picture that is not there, USAGE without
 *           pairs of both kinds
 * Source    vis-www.cs.umass.edu/lfw, README.txt
 */
export async function readLfwPairs(images: string, pairsPath: string): Promise<PairList> {
  const text = await readText(pairsPath).catch((cause: unknown) => {
    throw new FaceError("BAD_FILE", { where: pairsPath, expected: "a list of pairs", cause });
  });
  const lines = text.split("\n").map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  const header = /^(\d+)\s+(\d+)$/.exec(lines[0] ?? "");
  const [folds, perKind] = [Number(header?.[1]), Number(header?.[2])];
  if (!header || folds < 2 || perKind < 1) {
    throw new FaceError("BAD_FILE", {
      where: `${pairsPath}: line 1`,
      expected: "two numbers, of at least 2 folds and of pairs of each kind in a fold",
      got: JSON.stringify((lines[0] ?? "").slice(0, 60)),
    });
  }
  const count = folds * perKind * 2;
  if (lines.length - 1 !== count) {
    throw new FaceError("BAD_FILE", {
      where: `${pairsPath}: line 1`,
      expected: `${count} pairs after it`,
      got: lines.length - 1,
    });
  }
  const pictures = new PictureList();
  const people = new Map<string, number>();
  const person: number[] = [];
  const picture = (name: string, number: string, line: number): number => {
    const path = join(images, name, `${name}_${number.padStart(4, "0")}.jpg`);
    const index = pictures.add(path, `${pairsPath}: line ${line}`);
    if (!people.has(name)) people.set(name, people.size);
    person[index] = people.get(name)!;
    return index;
  };
  const [a, b] = [new Uint32Array(count), new Uint32Array(count)];
  const same = new Uint8Array(count);
  const fold = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const line = i + 2;
    const fields = lines[i + 1]!.split(/\s+/);
    const genuine = i % (2 * perKind) < perKind;
    const [first, one, second, two] = genuine ? [fields[0], fields[1], fields[0], fields[2]] : fields;
    const sound =
      fields.length === (genuine ? 3 : 4) &&
      [one, two].every((n) => /^\d{1,6}$/.test(n!)) &&
      [first, second].every((name) => /^[^/\\]+$/.test(name!) && !/^\.+$/.test(name!)) &&
      (genuine || first !== second);
    if (!sound) {
      throw new FaceError("BAD_FILE", {
        where: `${pairsPath}: line ${line}`,
        expected: genuine ? "a name and two numbers" : "two names with a number each",
        got: JSON.stringify(lines[i + 1]!.slice(0, 80)),
      });
    }
    a[i] = picture(first!, one!, line);
    b[i] = picture(second!, two!, line);
    same[i] = Number(genuine);
    fold[i] = Math.floor(i / (2 * perKind));
  }
  expectBothLabels(pairsPath, same);
  await pictures.expectFiles();
  return {
    protocol: `LFW, ${count.toLocaleString("en")} official pairs in ${folds} folds`,
    pictures: pictures.pictures,
    a,
    b,
    same,
    person: Uint32Array.from(person),
    people: people.size,
    aliases: LFW_ALIASES.flatMap(([one, other]): [number, number][] => {
      const [first, second] = [people.get(one), people.get(other)];
      return first === undefined || second === undefined ? [] : [[first, second]];
    }),
    fold,
  };
}
