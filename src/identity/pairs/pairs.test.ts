import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { IdentityPairs } from "./identity-pairs.ts";
import { pairByName } from "./pair-by-name.ts";
import { readIdentityPairs } from "./pairs-csv.ts";

const folder = mkdtempSync(join(tmpdir(), "identity-pairs-"));
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]);
for (const path of [
  "flat/anna.jpg",
  "flat/bert.png",
  "flat/carl.jpg",
  "people/anna/1.jpg",
  "people/anna/2.jpg",
  "people/bert/1.jpg",
  "results/anna.png",
  "results/bert.jpg",
  "results/zoe.jpg",
  "many/anna/first.jpg",
  "many/anna/second.jpg",
  "targets/anna.jpg",
]) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), JPEG);
}
const at = (path: string): string => join(folder, path);
/** Each pair as source names and a result, both below the folder. */
const told = ({ people, pairs }: IdentityPairs): string[] =>
  pairs.map(({ person, result, target, own }) =>
    [
      people[person]!.pictures.map((path) => path.slice(folder.length + 1)).join("+"),
      result.slice(folder.length + 1),
      ...(target === undefined ? [] : [target.slice(folder.length + 1)]),
      ...(own === undefined ? [] : [String(own)]),
    ].join(" "),
  );

test("a result belongs to the source of its name, whatever the endings; what belongs to none is told", async () => {
  const pairs = await pairByName(at("flat"), at("results"), { target: at("targets") });
  expect(told(pairs)).toEqual([
    "flat/anna.jpg results/anna.png targets/anna.jpg",
    "flat/bert.png results/bert.jpg",
  ]);
  expect(pairs.unpaired).toEqual({ sources: [at("flat/carl.jpg")], results: [at("results/zoe.jpg")] });
});

test("pictures in a sub-folder are one person, and so are results in one", async () => {
  expect(told(await pairByName(at("people"), at("results")))).toEqual([
    "people/anna/1.jpg+people/anna/2.jpg results/anna.png",
    "people/bert/1.jpg results/bert.jpg",
  ]);
  expect(told(await pairByName(at("people"), at("many")))).toEqual([
    "people/anna/1.jpg+people/anna/2.jpg many/anna/first.jpg",
    "people/anna/1.jpg+people/anna/2.jpg many/anna/second.jpg",
  ]);
});

test("one source file goes with every result, one target file with every result", async () => {
  const pairs = await pairByName(at("flat/carl.jpg"), at("results"), { target: at("targets/anna.jpg") });
  expect(told(pairs)).toEqual(
    ["anna.png", "bert.jpg", "zoe.jpg"].map((name) => `flat/carl.jpg results/${name} targets/anna.jpg`),
  );
});

test("accents may be written composed or not; two targets of one name are an error that names both", async () => {
  for (const path of ["nfc/Zo\u00e9.jpg", "nfd/Zoe\u0301.png", "twice/anna.jpg", "twice/anna.png"]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), JPEG);
  }
  expect((await pairByName(at("nfc"), at("nfd"))).pairs).toHaveLength(1);
  await expect(pairByName(at("flat"), at("results"), { target: at("twice") })).rejects.toThrow(
    /anna\.png: expected one target of a name, got .*anna\.jpg too/,
  );
});

test("the matrix has every result with every person, and knows which are its own", async () => {
  const pairs = await pairByName(at("people"), at("results"), { all: true });
  expect(told(pairs)).toHaveLength(6);
  expect(pairs.pairs.filter(({ own }) => own).map(({ person }) => pairs.people[person]!.name)).toEqual([
    "anna",
    "bert",
  ]);
});

test("names that have nothing in common are an error that says how to pair them", async () => {
  await expect(pairByName(at("targets"), at("flat/bert.png"))).rejects.toThrow(
    /expected results named like the sources of .*targets \(anna, for example\), got bert; a CSV file of source,result pairs them/,
  );
});

const csv = async (text: string): Promise<IdentityPairs> => {
  writeFileSync(at("pairs.csv"), text);
  return await readIdentityPairs(at("pairs.csv"));
};

test("a CSV file pairs whatever names there are; several sources of a result are one person", async () => {
  expect(told(await csv("flat/anna.jpg,results/zoe.jpg\nflat/bert.png,results/zoe.jpg\n"))).toEqual([
    "flat/anna.jpg+flat/bert.png results/zoe.jpg",
  ]);
  expect(told(await csv("source,result,target\nflat/anna.jpg,results/zoe.jpg,targets/anna.jpg\n"))).toEqual([
    "flat/anna.jpg results/zoe.jpg targets/anna.jpg",
  ]);
});

test("a column with the person joins results of different sources", async () => {
  const pairs = await csv("source,result,person\nflat/anna.jpg,r1.jpg,Anna\npeople/anna/1.jpg,r2.jpg,Anna\n");
  expect(pairs.people).toEqual([{ name: "Anna", pictures: [at("flat/anna.jpg"), at("people/anna/1.jpg")] }]);
  expect(pairs.pairs.map(({ person }) => person)).toEqual([0, 0]);
  await expect(csv("source,result,person\na.jpg,r1.jpg,Anna\nb.jpg,r1.jpg,Bert\n")).rejects.toThrow(
    /line 3: expected Anna, whose result this is by line 2, got Bert/,
  );
});
