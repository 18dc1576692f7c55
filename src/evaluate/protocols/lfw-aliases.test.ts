import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { normalize, seeded } from "../../core/index.ts";
import type { MeasuredPicture } from "../pictures/index.ts";
import { tallyPeople } from "../tally-people.ts";
import { LFW_ALIASES } from "./lfw-aliases.ts";
import { readLfwPairs } from "./lfw-pairs.ts";

test("no two aliases are the same, and each names two", () => {
  const names = LFW_ALIASES.map((two) => [...two].sort().join(" "));
  expect(new Set(names).size).toBe(names.length);
  for (const [a, b] of LFW_ALIASES) expect(a).not.toBe(b);
});

test("a list of LFW's knows those of its people who are one under two names, and their pairs are left out", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arcface-aliases-"));
  const names = ["Joseph_Blatter", "Sepp_Blatter", "Ann_Example", "John_Gruden"];
  for (const name of names) {
    await mkdir(join(folder, name));
    for (const n of [1, 2]) await writeFile(join(folder, name, `${name}_000${n}.jpg`), name + n);
  }
  const pairs = join(folder, "pairs.txt");
  const genuine = names.map((name) => `${name} 1 2`);
  const impostor = [
    "Joseph_Blatter 1 Sepp_Blatter 1",
    "Joseph_Blatter 2 Ann_Example 1",
    "Sepp_Blatter 2 John_Gruden 1",
    "Ann_Example 2 John_Gruden 2",
  ];
  const fold = (at: number): string[] => [...genuine.slice(at, at + 2), ...impostor.slice(at, at + 2)];
  await writeFile(pairs, `${["2 2", ...fold(0), ...fold(2)].join("\n")}\n`);
  const { person, people, aliases } = await readLfwPairs(folder, pairs);
  expect(aliases).toEqual([[0, 1]]);
  const random = seeded(1);
  const measured = Array.from(
    person,
    (): MeasuredPicture => ({
      sha256: "",
      face: {
        kind: "face",
        embedding: normalize(Float32Array.from({ length: 8 }, () => random.next() - 0.5)),
        norm: 1,
        score: 1,
      },
    }),
  );
  const all = tallyPeople(person, measured, people, "people");
  const without = tallyPeople(person, measured, people, "people", { aliases });
  expect(all.impostor.pairs).toBe(24);
  expect(without.impostor.pairs).toBe(20);
  expect(without.histogram.operatingPoints().impostorPairs).toBe(20);
  expect(without.genuine.pairs).toBe(all.genuine.pairs);
});
