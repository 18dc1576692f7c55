import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { visibleLines } from "../../src/cli/visible-lines.ts";
import { encodeJpeg, RgbImage } from "../../src/image/index.ts";
import { expectGolden, goldenNames } from "./golden.ts";
import { CALIBRATION, useMadeRecognizer } from "./made-recognizer.ts";

const home = process.cwd();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-golden-"));
  process.chdir(folder);
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true, force: true });
});

/** Pictures of one colour each, so that no two are the same file; their names say whose faces are on them. */
async function photographs(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(path), { recursive: true });
    const colour = [...path].reduce((sum, character) => (31 * sum + character.charCodeAt(0)) % 16_777_213, 7);
    const data = Uint8Array.from({ length: 400 * 200 * 3 }, (_, i) => (colour >> (8 * (i % 3))) & 255);
    await writeFile(path, await encodeJpeg(new RgbImage(400, 200, data), 80));
  }
}

/** The output of commands, one after the other: standard output as it is, standard error behind a bar. */
async function told(...commands: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const command of commands) {
    lines.push(`$ arcface ${command}`);
    const write =
      (mark: string) =>
      (...said: readonly string[]): void => {
        for (const line of visibleLines(said).trimEnd().split("\n")) lines.push(`${mark}${line}`.trimEnd());
      };
    const env = {
      ARCFACE_HOME: join(folder, "home"),
      ARCFACE_GALLERY: process.cwd() === folder ? "sqlite:people.db" : `sqlite:${join(folder, "people.db")}`,
    };
    const words = command.match(/"[^"]*"|\S+/g)!.map((word) => word.replace(/^"|"$/g, ""));
    const code = await main(words, {
      out: write(""),
      err: write("| "),
      interactive: false,
      env,
      signal: new AbortController().signal,
    });
    if (code !== 0) lines.push(`exit code ${code}`);
    lines.push("");
  }
  return lines
    .join("\n")
    .replaceAll(folder, "FOLDER")
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+Z)?/g, "DATE")
    .replace(/\b\d+\.\d s\b/g, "… s")
    .replace(/, \d+ bytes: /g, ", … bytes: ")
    .replace(/(?<=, )\d+\.\d MB/g, "… MB");
}

test("compare: verdicts with a calibration", async () => {
  useMadeRecognizer(CALIBRATION);
  await photographs(
    "ann-000.jpg",
    "ann-010.jpg",
    "ann-050.jpg",
    "bo-060.jpg",
    "cy-120.jpg",
    "nobody.jpg",
    "party-000+060.jpg",
  );
  await expectGolden(
    "compare.txt",
    await told(
      "compare ann-000.jpg ann-010.jpg",
      "compare ann-010.jpg ann-050.jpg",
      "compare ann-000.jpg bo-060.jpg",
      "compare ann-000.jpg cy-120.jpg --exit-code",
      "compare ann-000.jpg bo-060.jpg --threshold 0.438",
      "compare party-000+060.jpg bo-060.jpg --face only",
      "compare party-000+060.jpg bo-060.jpg --face 1",
      "compare party-000+060.jpg bo-060.jpg --face 1,0",
      "compare party-000+060.jpg bo-060.jpg --face-at 200,60,30,60",
      "compare ann-000.jpg nobody.jpg",
    ),
  );
});

test("compare: verdicts without a calibration", async () => {
  useMadeRecognizer(undefined);
  await expectGolden(
    "compare-uncalibrated.txt",
    await told("compare ann-000.jpg ann-010.jpg", "compare ann-000.jpg bo-060.jpg --threshold 0.438"),
  );
});

test("search: hits, marks and what they rest on", async () => {
  useMadeRecognizer(CALIBRATION);
  await photographs(
    "album/ann-020.jpg",
    "album/ann-030.jpg",
    "album/bo-070.jpg",
    "album/nobody.jpg",
    "album/broken.jpg",
  );
  await expectGolden(
    "search.txt",
    await told(
      "search ann-000.jpg nobody.jpg --in album -k 2",
      "search ann-000.jpg --in album -k 3 --threshold 0.9",
      "search album --in album -k 1",
    ),
  );
  useMadeRecognizer(undefined);
  await expectGolden(
    "search-uncalibrated.txt",
    await told("search ann-000.jpg --in album", "search ann-000.jpg --in album --threshold 0.9"),
  );
});

test("detect, embed, cluster and map: summaries", async () => {
  useMadeRecognizer(CALIBRATION);
  await photographs(
    ...["Ann/ann-000.jpg", "Ann/ann-010.jpg", "Bo/bo-060.jpg", "Bo/bo-070.jpg", "Cy/cy-120.jpg"].map(
      (path) => `people/${path}`,
    ),
  );
  await expectGolden(
    "folders.txt",
    await told(
      "detect party-000+060.jpg nobody.jpg",
      "embed album party-000+060.jpg --out album.jsonl",
      "embed album party-000+060.jpg --out album.jsonl",
      "cluster people",
      "cluster album --method density --threshold 0.9",
      "map album.jsonl --out map.svg --method pca",
    ),
  );
});

test("gallery: enrolment, answers, corrections and receipts", async () => {
  useMadeRecognizer(CALIBRATION);
  // The gallery asks for the file of a network that has no card.
  await writeFile("made-up.onnx", "");
  await photographs(
    ...["door-005.jpg", "door-031.jpg", "door-065.jpg", "door-170.jpg"],
    ...[
      "refused/nobody.jpg",
      "refused/party-000+060.jpg",
      "refused/small-010.jpg",
      "refused/soft-010.jpg",
      "refused/turned-010.jpg",
      "refused/ann-062.jpg",
      "refused/broken.jpg",
    ],
  );
  const lines = await told(
    "gallery create",
    "gallery identify door-005.jpg",
    "gallery calibrate",
    "gallery enrol Ann ann-000.jpg ann-010.jpg",
    "gallery enrol Bo bo-060.jpg",
    "gallery enrol Ann refused ann-000.jpg",
    "gallery enrol Ann refused/soft-010.jpg ann-000.jpg",
    "gallery enrol Ann refused/soft-010.jpg",
    "gallery enrol --people people --expires 2999-01-31",
    "gallery list",
    "gallery list Ann",
    "gallery identify door-005.jpg door-065.jpg door-170.jpg nobody.jpg -k 2",
    "gallery identify door-031.jpg --threshold 0.5",
    "gallery identify door-170.jpg",
    "gallery verify Ann door-005.jpg",
    "gallery verify Ann door-065.jpg",
    "gallery verify Ann nobody.jpg",
    "gallery search door-031.jpg -k 3",
    'gallery rename Bo "Bo Example"',
    'gallery merge "Bo Example" Cy',
    'gallery split "Bo Example" Di 3',
    "gallery move Ann 3",
    "gallery undo",
    "gallery undo 4",
    "gallery delete --faces 2",
    "gallery delete Ann",
    "gallery undo",
    "gallery retain Ann 2999-12-31",
    "gallery retain Ann",
    "gallery log",
    "gallery stats",
    "gallery check",
    "gallery export --out people.jsonl",
    "gallery prune",
  );
  // A gallery is searched for what was forgotten by a process that has to find this package.
  process.chdir(home);
  const receipts = await told('gallery forget Ann "Bo Example"', "gallery list");
  process.chdir(folder);
  await expectGolden("gallery.txt", lines + receipts);
});

test("evaluate and calibrate: figures with their intervals", async () => {
  useMadeRecognizer(CALIBRATION);
  // Two photographs each of 24 people, 15° apart; the second of every fourth is nearer to the next person.
  const people = Array.from({ length: 24 }, (_, i) => String.fromCharCode(65 + i));
  await photographs(
    ...people.flatMap((name, i) => [
      `set/${name}/${name}-${15 * i}.jpg`,
      `set/${name}/${name}-${15 * i + (i % 4 === 3 ? 12 : 3)}.jpg`,
    ]),
  );
  await writeFile(
    "groups.csv",
    people.map((name, i) => `${name},${["first", "second", "third"][i >> 3]}\n`).join(""),
  );
  await expectGolden(
    "evaluate.txt",
    await told(
      "evaluate folder set",
      "evaluate folder set --groups groups.csv",
      "calibrate folder set --out made.json --target-fmr 0.1",
      "calibrate folder set --out made.json --target-fmr 0.1 --groups groups.csv --groups-figure groups.svg",
    ),
  );
});

test("models: what is known of licences", async () => {
  await expectGolden(
    "models.txt",
    await told(
      "models list",
      "models licence fr-feature-512",
      "models licence w600k-r50",
      "models path nothing",
    ),
  );
});

test("refusals: a sentence each, and the exit code", async () => {
  useMadeRecognizer(undefined);
  await expectGolden(
    "refusals.txt",
    await told(
      "compare",
      "compare a.jpg",
      "compare ann-000.jpg ann-010.jpg --threshold 2",
      "compare ann-000.jpg ann-010.jpg --face left",
      "compare ann-000.jpg ann-010.jpg --face 0,1,2",
      "search ann-000.jpg",
      "search nowhere.jpg --in album",
      "search ann-000.jpg --in album --grid out.gif",
      "cluster album",
      "gallery enrol Ann",
      "gallery verify Nobody door-005.jpg",
      "gallery undo 999",
      "gallery undo one",
      "gallery delete",
      "evaluate folder nowhere",
      "calibrate folder set",
      "cmpare a b",
    ),
  );
});

test("options: values that are refused, outputs that would harm, and what comes of outputs", async () => {
  useMadeRecognizer(CALIBRATION);
  await photographs(
    "crew/ann/ann-000.jpg",
    "crew/ann/ann-010.jpg",
    "crew/bo/bo-060.jpg",
    "crew/cy/cy-120.jpg",
  );
  await mkdir("empty", { recursive: true });
  await expectGolden(
    "options.txt",
    await told(
      "bench search --n 0",
      "bench search --n 1000,many",
      "bench search --n 5000001",
      "compare ann-000.jpg ann-010.jpg --mean 1,2",
      "compare ann-000.jpg ann-010.jpg --scale 1,2,x",
      "compare ann-000.jpg ann-010.jpg --dimension 0",
      "compare ann-000.jpg ann-010.jpg --threshold=",
      "search crew/ann/ann-000.jpg --in empty",
      "search empty --in crew",
      "cluster crew --out groups",
      "cluster crew --out groups",
      "cluster crew --json",
      "models remove mobilefacenet-128",
      "models path mobilefacenet-128",
      "embed crew --out crew/ann/ann-000.jpg",
    ),
  );
  expect((await readdir("groups", { recursive: true })).sort()).toMatchInlineSnapshot(`
    [
      "clusters.json",
      "person-001",
      "person-001/ann-000.jpg",
      "person-001/ann-010.jpg",
      "person-002",
      "person-002/bo-060.jpg",
      "person-003",
      "person-003/cy-120.jpg",
    ]
  `);
});

test("every golden text is one that is written", () => {
  const written = [
    "compare",
    "compare-uncalibrated",
    "search",
    "search-uncalibrated",
    "folders",
    "gallery",
    "evaluate",
    "models",
    "refusals",
    "options",
  ];
  const pages = goldenNames(".txt").filter((name) => /\.(?:html|json)\.txt$/.test(name));
  expect(goldenNames(".txt")).toEqual([...written.map((name) => `${name}.txt`), ...pages].sort());
});
