import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { seeded } from "../../core/index.ts";
import { readPeopleFolder } from "../../photographs/index.ts";
import {
  countPairs,
  pairsOfPeople,
  peopleOfFolder,
  readGroups,
  readInsightFaceBin,
  readLfwPairs,
  readPairsCsv,
  readTemplatePairs,
  readTemplates,
} from "./index.ts";

async function folderWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "arcface protocol ñ-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

const empty = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, ""]));

describe("LFW's pairs.txt", () => {
  const images = ["A", "B", "C", "D"].flatMap((name) => [1, 2].map((n) => `${name}/${name}_000${n}.jpg`));
  const lines = ["2 1", "A 1 2", "A 1 B 2", "C 1 2", "C 2 D 1"];
  const read = async (text: readonly string[], files = images) => {
    const folder = await folderWith({ ...empty(...files), "pairs.txt": `${text.join("\n")}\n` });
    return { folder, list: await readLfwPairs(folder, join(folder, "pairs.txt")) };
  };

  test("gives the official folds, each picture once, and people by name", async () => {
    const { folder, list } = await read(lines);
    expect(list.pictures.map(({ name }) => name.slice(folder.length + 1))).toEqual([
      "A/A_0001.jpg",
      "A/A_0002.jpg",
      "B/B_0002.jpg",
      "C/C_0001.jpg",
      "C/C_0002.jpg",
      "D/D_0001.jpg",
    ]);
    expect([[...list.a], [...list.b]]).toEqual([
      [0, 0, 3, 4],
      [1, 2, 4, 5],
    ]);
    expect([...list.same]).toEqual([1, 0, 1, 0]);
    expect([...list.fold]).toEqual([0, 0, 1, 1]);
    expect([...list.person]).toEqual([0, 0, 1, 2, 2, 3]);
    expect(list.people).toBe(4);
  });

  test.each([
    [
      "a missing picture",
      lines,
      images.slice(0, -2),
      /pairs\.txt: line 5: expected the picture .*D_0001\.jpg, got no such file/,
    ],
    [
      "a line with a word for a number",
      lines.with(3, "C 1 two"),
      images,
      /line 4: expected a name and two numbers, got "C 1 two"/,
    ],
    ["an impostor pair of one name", lines.with(2, "A 1 A 2"), images, /line 3: expected two names/],
    ["a name that leads elsewhere", lines.with(1, "../A 1 2"), images, /line 2: expected a name/],
    ["a line too few", lines.slice(0, -1), images, /line 1: expected 4 pairs after it, got 3/],
    ["no header", ["A 1 2"], images, /line 1: expected two numbers/],
  ])("%s is refused with its line", async (_what, text, files, message) => {
    await expect(read(text, files)).rejects.toThrow(message);
  });
});

describe("pairs of a CSV file", () => {
  const files = empty("a.jpg", "b.jpg", "c.jpg", "sub/d.jpg");

  test("lie relative to the file; pictures of genuine pairs are one person, through others too", async () => {
    const folder = await folderWith({
      ...files,
      "p.csv": "left,right,same\na.jpg,b.jpg,1\nb.jpg,c.jpg,yes\na.jpg,sub/d.jpg,0\n",
    });
    const list = await readPairsCsv(join(folder, "p.csv"), seeded(1));
    expect(list.pictures.map(({ name }) => name)).toEqual(
      ["a.jpg", "b.jpg", "c.jpg", "sub/d.jpg"].map((f) => join(folder, f)),
    );
    expect([...list.person]).toEqual([0, 0, 0, 1]);
    expect([...list.same]).toEqual([1, 1, 0]);
  });

  test.each([
    ["no impostor pair", "a.jpg,b.jpg,1\nb.jpg,c.jpg,1\n", "got 2 genuine and 0 impostor pairs"],
    ["no genuine pair", "a.jpg,b.jpg,0\n", "got 0 genuine and 1 impostor pairs"],
    ["a label that is none", "a.jpg,b.jpg,1\na.jpg,c.jpg,maybe\n", "p.csv: line 2: expected path,path,same"],
    ["a picture that is not there", "a.jpg,b.jpg,1\na.jpg,x.jpg,0\n", "p.csv: line 2: expected the picture"],
    ["a pair of one picture", "a.jpg,a.jpg,1\n", "line 1: expected two pictures, got one twice"],
    [
      "labels that contradict each other",
      "a.jpg,b.jpg,1\nb.jpg,c.jpg,1\na.jpg,c.jpg,0\n",
      "line 3: expected pictures of two people",
    ],
  ])("%s is refused", async (_what, text, message) => {
    const folder = await folderWith({ ...files, "p.csv": text });
    await expect(readPairsCsv(join(folder, "p.csv"), seeded(1))).rejects.toThrow(message);
  });
});

describe("InsightFace's .bin", () => {
  const write = async (pickle: string): Promise<string> =>
    join(await folderWith({ "x.bin": Buffer.from(pickle, "latin1") }), "x.bin");
  /** Four pictures of one byte, as bytes, and two labels. */
  const bins = "](C\x01aC\x01bC\x01cC\x01de";

  test.each([
    ["bytes and booleans", `\x80\x03${bins}](\x88\x89e\x86.`],
    ["Python 2's strings and numbers", "\x80\x02](U\x01aU\x01bU\x01cU\x01de](K\x01K\x00e\x86."],
    [
      "NumPy's booleans",
      `\x80\x03${bins}](cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02b1\x85RC\x01\x01\x86Rcnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02b1\x85RC\x01\x00\x86Re\x86.`,
    ],
  ])("is read with %s", async (_what, pickle) => {
    const list = readInsightFaceBin(await write(pickle));
    expect(list.pictures.map(({ source }) => Buffer.from(source as Uint8Array).toString())).toEqual([
      "a",
      "b",
      "c",
      "d",
    ]);
    expect([[...list.a], [...list.b], [...list.same]]).toEqual([
      [0, 2],
      [1, 3],
      [1, 0],
    ]);
    expect([...list.person]).toEqual([0, 0, 1, 2]);
  });

  test.each([
    ["a call", "cposix\nsystem\n(U\x02lstR.", /posix\.system/],
    ["a call hidden in the labels", `\x80\x03${bins}cbuiltins\neval\n(U\x011tR\x86.`, /builtins\.eval/],
    [
      "a picture too few",
      "\x80\x03](C\x01ae](\x88\x89e\x86.",
      /expected two pictures for each .* got 1 pictures and 2 labels/,
    ],
    ["something else", "\x80\x03}.", /expected a pickle of pictures and labels/],
    [
      "a number among the pictures",
      "\x80\x03](C\x01aK\x05C\x01cC\x01de](\x88\x89e\x86.",
      /something else in place 1/,
    ],
    ["labels of one kind", `\x80\x03${bins}](\x88\x88e\x86.`, /got 2 genuine and 0 impostor/],
    ["an end before its end", `\x80\x03${bins}](\x88`, /at offset/],
  ])("with %s is refused and nothing of it runs", async (_what, pickle, message) => {
    const path = await write(pickle);
    expect(() => readInsightFaceBin(path)).toThrow(message);
  });
});

describe("a folder of people", () => {
  const files = empty(
    "ann/1.jpg",
    "ann/2.jpg",
    "ann/3.jpg",
    "bob/1.jpg",
    "bob/2.jpg",
    "cid/1.jpg",
    "notes.txt",
  );

  test("gives all pairs of each kind once, whatever the order", async () => {
    const folder = await folderWith(files);
    const people = peopleOfFolder(await readPeopleFolder(folder));
    expect(people.names).toEqual(["ann", "bob", "cid"]);
    expect(countPairs(people)).toEqual({ genuine: 4, impostor: 11 });
    const list = pairsOfPeople(people, folder, { genuine: 100, impostor: 100 }, seeded(1));
    const codes = [...list.a.keys()].map((i) => `${list.a[i]} ${list.b[i]} ${list.same[i]}`);
    expect(new Set(codes).size).toBe(15);
    for (const [i, same] of list.same.entries()) {
      expect(list.person[list.a[i]!] === list.person[list.b[i]!]).toBe(same === 1);
      expect(list.a[i]).toBeLessThan(list.b[i]!);
    }
  });

  test("gives as many of each as were asked for, the same for the same seed", async () => {
    const folder = await folderWith(files);
    const people = peopleOfFolder(await readPeopleFolder(folder));
    const draw = (seed: number) => pairsOfPeople(people, folder, { genuine: 2, impostor: 3 }, seeded(seed));
    expect([...draw(1).same].sort()).toEqual([0, 0, 0, 1, 1]);
    expect(draw(1)).toEqual(draw(1));
    const seen = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) {
      const list = draw(seed);
      for (const [i, a] of list.a.entries()) seen.add(`${a} ${list.b[i]}`);
    }
    expect(seen.size).toBe(15);
  });

  test("without two people, or without two pictures of one, is refused", async () => {
    const one = await folderWith(empty("ann/1.jpg"));
    const alone = await readPeopleFolder(one);
    expect(() => peopleOfFolder(alone)).toThrow("each of at least 2 people, got 1");
    const singles = peopleOfFolder(await readPeopleFolder(await folderWith(empty("ann/1.jpg", "bob/1.jpg"))));
    expect(() => pairsOfPeople(singles, "f", { genuine: 1, impostor: 1 }, seeded(1))).toThrow(
      "no genuine pair",
    );
  });
});

describe("templates", () => {
  const files = empty("1.jpg", "2.jpg", "3.jpg", "4.jpg");
  const text =
    "template,subject,media,path\nt2,zoe,9,4.jpg\nt1,ann,1,1.jpg\nt1,ann,1,2.jpg\nt1,ann,2,3.jpg\n";

  test("gather pictures by medium, ordered by subject; pairs are the same by subject", async () => {
    const folder = await folderWith({
      ...files,
      "t.csv": `${text}t3,ann,1,2.jpg\n`,
      "p.csv": "t1,t3\nt1,t2\n",
    });
    const all = await readTemplates(join(folder, "t.csv"));
    expect(all.templates).toEqual([
      { id: "t1", media: [[1, 2], [3]] },
      { id: "t3", media: [[2]] },
      { id: "t2", media: [[0]] },
    ]);
    const list = await readTemplatePairs(join(folder, "p.csv"), all, seeded(1));
    expect([[...list.a], [...list.b], [...list.same]]).toEqual([
      [0, 0],
      [1, 2],
      [1, 0],
    ]);
  });

  test("of two subjects, or unknown in a pair, are refused with the line", async () => {
    const folder = await folderWith({ ...files, "t.csv": `${text}t1,zoe,3,4.jpg\n`, "p.csv": "t1,t9\n" });
    await expect(readTemplates(join(folder, "t.csv"))).rejects.toThrow("t.csv: line 6: expected subject ann");
    const good = await folderWith({ ...files, "t.csv": text, "p.csv": "t1,t9\n" });
    const all = await readTemplates(join(good, "t.csv"));
    await expect(readTemplatePairs(join(good, "p.csv"), all, seeded(1))).rejects.toThrow(
      "p.csv: line 1: expected two templates",
    );
  });
});

test("groups may be folders of people's folders, with the pictures in them or elsewhere", async () => {
  const folder = await folderWith({ "g/women/ann/1.jpg": "", "g/men/bob/note.txt": "", "p/bob/1.jpg": "" });
  const pictures = ["g/women/ann/1.jpg", "g/men/new/1.jpg", "p/bob/1.jpg", "p/cid/1.jpg", "g/loose.jpg"].map(
    (name) => ({ name: join(folder, name), source: "" }),
  );
  const { names, of } = await readGroups(join(folder, "g"), pictures);
  expect(names).toEqual(["men", "women"]);
  expect([...of].map((group) => names[group])).toEqual(["women", "men", "men", undefined, undefined]);
  await expect(readGroups(join(folder, "p"), pictures.slice(0, 1))).rejects.toThrow("got none of theirs");
  const twice = await folderWith({ "men/bob/1.jpg": "", "women/bob/1.jpg": "" });
  await expect(readGroups(twice, pictures)).rejects.toThrow(
    "expected everybody in one group, got one who is in men too",
  );
});

test("groups are given to pictures or to their people, the picture's own line first", async () => {
  const folder = await folderWith({ "g.csv": "ann,women\nann/2.jpg,other\nbob,men\n" });
  const pictures = ["ann/1.jpg", "ann/2.jpg", "bob/1.jpg", "cid/1.jpg"].map((name) => ({
    name: join(folder, name),
    source: "",
  }));
  const { names, of } = await readGroups(join(folder, "g.csv"), pictures);
  expect([...of].map((group) => names[group])).toEqual(["women", "other", "men", undefined]);
  await expect(readGroups(join(folder, "g.csv"), [{ name: "x/y.jpg", source: "" }])).rejects.toThrow(
    "got none of theirs",
  );
});
