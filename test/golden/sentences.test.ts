import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { visibleLines } from "../../src/cli/visible-lines.ts";
import { encodeJpeg, RgbImage } from "../../src/image/index.ts";
import { Recognizer } from "../../src/recognise/index.ts";
import { expectGolden, goldenNames } from "./golden.ts";
import { useMadeIdentity } from "./made-identity.ts";
import { CALIBRATION, useMadeRecognizer } from "./made-recognizer.ts";

const home = process.cwd();
let folder: string;
// Each test has a folder of its own, so that it can be run alone and again.
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-golden-"));
  process.chdir(folder);
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.chdir(home);
  await rm(folder, { recursive: true, force: true });
});

const SINGLES = [
  "ann-000.jpg",
  "ann-010.jpg",
  "ann-050.jpg",
  "bo-060.jpg",
  "cy-120.jpg",
  "nobody.jpg",
  "party-000+060.jpg",
];
const ALBUM = [
  "album/ann-020.jpg",
  "album/ann-030.jpg",
  "album/bo-070.jpg",
  "album/nobody.jpg",
  "album/broken.jpg",
];
const PEOPLE = [
  "people/Ann/ann-000.jpg",
  "people/Ann/ann-010.jpg",
  "people/Bo/bo-060.jpg",
  "people/Bo/bo-070.jpg",
  "people/Cy/cy-120.jpg",
];
const DOORS = ["door-005.jpg", "door-031.jpg", "door-065.jpg", "door-170.jpg"];

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
    .replace(/"sha256":"[0-9a-f]{64}"/g, '"sha256":"…"')
    .replace(/(\d\.\d{6})\d+/g, "$1…")
    .replace(/\b\d+\.\d s\b/g, "… s")
    .replace(/, \d+ bytes: /g, ", … bytes: ")
    .replace(/(?<=, )\d+\.\d MB/g, "… MB");
}

test("compare: verdicts with a calibration", async () => {
  useMadeRecognizer(CALIBRATION);
  await photographs(...SINGLES);
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
  await photographs(...SINGLES);
  await expectGolden(
    "compare-uncalibrated.txt",
    await told("compare ann-000.jpg ann-010.jpg", "compare ann-000.jpg bo-060.jpg --threshold 0.438"),
  );
});

test("search: hits, marks and what they rest on", async () => {
  useMadeRecognizer(CALIBRATION);
  await photographs(...SINGLES, ...ALBUM);
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
  await photographs(...SINGLES, ...ALBUM, ...PEOPLE);
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

test("gallery: enrolment and answers", async () => {
  useMadeRecognizer(CALIBRATION);
  // The gallery asks for the file of a network that has no card.
  await writeFile("made-up.onnx", "");
  await photographs(
    ...[...SINGLES, ...PEOPLE, ...DOORS],
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
  await expectGolden(
    "gallery.txt",
    await told(
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
    ),
  );
});

/** A gallery of Ann, Bo and Cy. */
async function galleryOfThree(): Promise<void> {
  useMadeRecognizer(CALIBRATION);
  await writeFile("made-up.onnx", "");
  await photographs(...PEOPLE);
  await told("gallery create", "gallery calibrate", "gallery enrol --people people --expires 2999-01-31");
}

test("gallery: corrections and how they are undone", async () => {
  await galleryOfThree();
  await expectGolden(
    "gallery-corrections.txt",
    await told(
      'gallery rename Bo "Bo Example"',
      'gallery merge "Bo Example" Cy',
      'gallery list "Bo Example"',
      'gallery split "Bo Example" Di 3',
      'gallery split "Bo Example" Di 6 8',
      "gallery move Ann 3",
      "gallery move Ann 6 9",
      "gallery move Ann 6",
      "gallery undo",
      "gallery undo 7",
      "gallery undo 5",
      "gallery undo 6",
      "gallery undo 2",
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
    ),
  );
});

test("gallery: what is forgotten", async () => {
  await galleryOfThree();
  await told('gallery rename Bo "Bo Example"');
  // A gallery is searched for what was forgotten by a process that has to find this package.
  process.chdir(home);
  await expectGolden("gallery-forget.txt", await told('gallery forget Ann "Bo Example"', "gallery list"));
});

test("answers for programs: a JSON value a line", async () => {
  useMadeRecognizer(CALIBRATION);
  await photographs(...SINGLES, ...ALBUM);
  await expectGolden(
    "json.txt",
    await told(
      "compare ann-000.jpg ann-010.jpg --json",
      "compare ann-000.jpg nobody.jpg --json",
      "compare ann-000.jpg bo-060.jpg --threshold 0.4 --json",
      "search ann-000.jpg nobody.jpg --in album -k 2 --json",
      "detect party-000+060.jpg nobody.jpg --json",
      "embed ann-000.jpg --json",
      "compare ann-000.jpg --json",
    ),
  );
});

test("galleries for programs: a JSON value a line", async () => {
  await galleryOfThree();
  await photographs(...DOORS);
  await expectGolden(
    "gallery-json.txt",
    await told(
      "gallery identify door-005.jpg door-170.jpg --json",
      "gallery verify Ann door-065.jpg --json",
      "gallery search door-031.jpg -k 2 --json",
      "gallery list --json",
      "gallery list Bo --json",
      "gallery rename Bo Bea --json",
      "gallery merge Bea Cy --json",
      "gallery split Bea Di 8 --json",
      "gallery move Di 6 --json",
      "gallery delete --faces 2 --json",
      "gallery delete Ann --json",
      "gallery undo --json",
      "gallery retain Di 2999-12-31 --json",
      "gallery log --json",
      "gallery check --json",
      "gallery prune --json",
    ),
  );
});

/** Two photographs each of 24 people, 15° apart; the second of every fourth is nearer to the next person. */
async function setOfPairs(): Promise<void> {
  useMadeRecognizer(CALIBRATION);
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
}

test("evaluate: figures with their intervals", async () => {
  await setOfPairs();
  await expectGolden(
    "evaluate.txt",
    await told("evaluate folder set", "evaluate folder set --groups groups.csv"),
  );
});

test("calibrate: the threshold, and where it is kept", async () => {
  await setOfPairs();
  await writeFile("made-up.onnx", "");
  await expectGolden(
    "calibrate.txt",
    await told(
      "calibrate folder set --out made.json --target-fmr 0.1",
      "calibrate folder set --out made.json --target-fmr 0.1 --groups groups.csv --groups-figure groups.svg",
      "calibrate folder set --install --model made-up.onnx --target-fmr 0.1",
      "calibrate folder set --install --flip --target-fmr 0.1",
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
  useMadeRecognizer(CALIBRATION);
  await writeFile("made-up.onnx", "");
  await photographs(...SINGLES, ...ALBUM, ...DOORS);
  await told("gallery create", "gallery enrol Ann ann-000.jpg");
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
      "cluster album --threshold 1.5",
      "cluster album --threshold=",
      "gallery enrol Ann",
      "gallery enrol Ann ann-010.jpg --min-eyes -1",
      "gallery move Ann 0",
      "gallery move Ann 1.5",
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
    ...SINGLES,
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

test("identity: each figure, failures, leak, judges, conventions, video, and what is refused", async () => {
  useMadeIdentity(CALIBRATION);
  await photographs(
    ...["source/Ann-000.jpg", "source/Bo-060.jpg", "source/Cy-120.jpg", "source/Di-170.jpg"],
    ...["swapped/Ann/x-010.jpg", "swapped/Bo/x-090.jpg", "swapped/Bo/nobody.jpg", "swapped/Cy/broken.jpg"],
    ...["people/Ann/ann-000.jpg", "people/Ann/ann-010.jpg", "people/Bo/bo-060.jpg", "people/Cy/cy-120.jpg"],
    ...["goals/Ann/x-060.jpg", "goals/Bo/x-120.jpg", "goals/Bo/nobody.jpg", "me-000.jpg", "nobody.jpg"],
  );
  await mkdir("edits");
  for (let i = 0; i < 10; i++) await photographs(`edits/edit-${String(7 * i + 3).padStart(3, "0")}.jpg`);
  await mkdir("frames");
  for (const [i, angle] of [5, 8, 30, 255, 50, 6].entries()) {
    const data = new Uint8Array(64 * 64 * 3).fill(angle);
    await writeFile(
      `frames/${i}.png`,
      await sharp(data, { raw: { width: 64, height: 64, channels: 3 } })
        .png()
        .toBuffer(),
    );
  }
  await writeFile(
    "pairs.csv",
    "source,result,target\nme-000.jpg,swapped/Ann/x-010.jpg,goals/Ann/x-060.jpg\n",
  );
  await expectGolden(
    "identity.txt",
    await told(
      "identity --source me-000.jpg --result edits",
      "identity --source people --result swapped",
      "identity --source people --result swapped --all --several best",
      "identity --pairs pairs.csv --csv pairs-out.csv",
      "identity --source me-000.jpg --result edits --model one.onnx two.onnx --trained-with one.onnx psp",
      "identity --source me-000.jpg --result edits --conventions",
      "identity --source me-000.jpg --result edits/edit-010.jpg --protocol psp --model one.onnx",
      "identity --source me-000.jpg --result frames --video --report page",
      "identity --source me-000.jpg --result nobody.jpg",
      "identity --source me-000.jpg --result edits --threshold 0.9",
      "identity --source nobody.jpg --result edits --aligned",
      "identity --source me-000.jpg",
      "identity --source me-000.jpg --result edits --pairs pairs.csv",
      "identity --source source --result swapped",
      "identity --source me-000.jpg --result edits --protocol psp",
      "identity --source me-000.jpg --result edits --csv edits/edit-003.jpg",
      "identity --pairs pairs.csv --report .",
      "identity --source me-000.jpg --result frames --video --csv frames/0.png",
      "identity --pairs nowhere.csv",
      "identity --source me-000.jpg --result nowhere",
      "identity --source me-000.jpg --result nowhere.mp4",
      "identity --source me-000.jpg --result frames --video --fps 0",
      "identity --protocols",
    ),
  );
  useMadeIdentity(undefined);
  await expectGolden(
    "identity-uncalibrated.txt",
    await told(
      "identity --source me-000.jpg --result edits/edit-010.jpg",
      "identity --source me-000.jpg --result edits/edit-010.jpg --json",
    ),
  );
});

test("flags say how faces are looked for and embedded", async () => {
  useMadeRecognizer(CALIBRATION);
  await photographs(...SINGLES);
  await told("compare ann-000.jpg ann-010.jpg");
  expect(Recognizer.open).toHaveBeenLastCalledWith(
    expect.objectContaining({ flip: false, turned: false, model: undefined, detector: undefined }),
  );
  await told(
    "compare ann-000.jpg ann-010.jpg --flip --turned --min-face 30 --detector mtcnn --model made-up.onnx --threshold 0.3",
  );
  expect(Recognizer.open).toHaveBeenLastCalledWith(
    expect.objectContaining({
      flip: true,
      turned: true,
      minFacePx: 30,
      detector: "mtcnn",
      model: "made-up.onnx",
      threshold: 0.3,
    }),
  );
});

test("every golden text is one that is written", () => {
  const written = [
    "compare",
    "compare-uncalibrated",
    "search",
    "search-uncalibrated",
    "folders",
    "gallery",
    "gallery-corrections",
    "gallery-forget",
    "gallery-json",
    "identity",
    "identity-uncalibrated",
    "calibrate",
    "evaluate",
    "json",
    "models",
    "refusals",
    "options",
  ];
  const pages = goldenNames(".txt").filter((name) => /\.(?:html|json)\.txt$/.test(name));
  expect(goldenNames(".txt")).toEqual([...written.map((name) => `${name}.txt`), ...pages].sort());
});
