import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { samplePhotographs } from "./pack.ts";
import { arcfaceHere as arcface } from "./run-cli.ts";

let folder: string;
let samples: Record<number, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-study-cli-"));
  samples = await samplePhotographs();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("three people, one of them called like an element, with a copy, a file that is no picture and a stray one", async () => {
  const people = join(folder, "people");
  for (const name of ["Åsa", "<script>alert(1)<", "Bo"]) await mkdir(join(people, name), { recursive: true });
  await copyFile(samples[1]!, join(people, "Åsa", "1.jpg"));
  await copyFile(samples[1]!, join(people, "Åsa", "copy.jpg"));
  await copyFile(samples[3]!, join(people, "Åsa", "3.jpg"));
  await copyFile(samples[5]!, join(people, "<script>alert(1)<", "5.jpg"));
  await copyFile(samples[6]!, join(people, "Bo", "6.jpg"));
  await writeFile(join(people, "Bo", "broken.jpg"), "no picture");
  const out = join(folder, "report");
  const { code, out: text, err } = await arcface(["study", people, "--out", out, "--no-why", "--json"]);
  expect(JSON.parse(err)).toEqual({ unreadable: [expect.stringContaining("broken.jpg")] });
  expect(code).toBe(5);
  expect(JSON.parse(text)).toMatchObject({ faces: 4, people: 3, rejected: 2 });
  const study = JSON.parse(await readFile(join(out, "study.json"), "utf8"));
  expect(study).toMatchObject({ format: "arcface-study", faces: 4, people: 3, retrieval: { queries: 2 } });
  expect(study.rejected.map((one: { reason: string }) => one.reason).sort()).toEqual([
    "identical",
    "unreadable",
  ]);
  const page = await readFile(join(out, "report.html"), "utf8");
  expect(page).not.toContain("<script>alert");
  expect(page).toContain("Åsa");
  expect(page).not.toMatch(/(src|href)="https?:/);
});

test("one image in all gives a report too, and a second run starts from the cache", async () => {
  const people = join(folder, "one");
  await mkdir(join(people, "Ana"), { recursive: true });
  await copyFile(samples[2]!, join(people, "Ana", "2.jpg"));
  const out = join(folder, "one-report");
  for (const _ of [1, 2]) {
    const { code, out: text } = await arcface(["study", people, "--out", out, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ faces: 1, retrieval: { queries: 0, top1: null } });
  }
  expect((await readFile(join(out, "faces.cache.jsonl"), "utf8")).trimEnd().split("\n")).toHaveLength(2);
});

test("a folder without people is bad input, and neither folder nor CSV wrong usage", async () => {
  const empty = await mkdtemp(join(folder, "empty-"));
  expect((await arcface(["study", empty, "--out", join(folder, "no")])).code).toBe(3);
  expect((await arcface(["study", "--out", join(folder, "no")])).code).toBe(2);
});

test("a CSV of photographs and people, with a pair said to look alike, is answered for that pair", async () => {
  const list = join(folder, "people.csv");
  const rows = [
    [samples[1], "Åsa"],
    [samples[3], "Åsa"],
    [samples[5], 'Bo, "the other"'],
    [samples[6], 'Bo, "the other"'],
  ];
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  await writeFile(
    list,
    `path,person\n${rows.map(([path, person]) => `${path},${quoted(person!)}`).join("\n")}\n`,
  );
  const pairs = join(folder, "pairs.csv");
  await writeFile(pairs, `person,person\nÅsa,${quoted(rows[2]![1]!)}\n`);
  const out = join(folder, "csv-report");
  const declared = ["study", "--csv", list, "--lookalikes", pairs, "--no-why", "--json", "--out", out];
  const { code, out: text, err } = await arcface(declared);
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(JSON.parse(text)).toMatchObject({ faces: 4, people: 2, rejected: 0 });
  const study = JSON.parse(await readFile(join(out, "study.json"), "utf8"));
  expect(study.declared).toHaveLength(1);
  const [pair] = study.declared;
  expect(pair.people).toEqual(["Åsa", 'Bo, "the other"']);
  expect([pair.genuine.length, pair.between.length]).toEqual([2, 4]);
  expect(pair.auc).toBeGreaterThanOrEqual(0);
  expect(pair.atThreshold.threshold).toBe(study.threshold);
  expect(pair.atThreshold.toldApart).toBe(pair.between.every((cosine: number) => cosine < study.threshold));
  const page = await readFile(join(out, "report.html"), "utf8");
  expect(page.includes("Bo, &#34;the other&#34;")).toBe(true);

  await writeFile(pairs, "Åsa,Nobody\n");
  const unknown = await arcface(declared);
  expect(unknown.code).toBe(2);
  expect(`${unknown.out}${unknown.err}`).toContain(
    'expected people with a face in the study, got \\"Nobody\\"',
  );
});
