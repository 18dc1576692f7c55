import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Gallery } from "../src/gallery/index.ts";
import { faceFor, STRESS_PIPELINE } from "./gallery-stress/made-vector.ts";
import { samplePhotographs } from "./pack.ts";
import { arcfaceHere as arcface, arcface as arcfaceApart, type CliResult, jsonLines } from "./run-cli.ts";
import { smallDisk } from "./small-disk.ts";

const run = promisify(execFile);

// Some twenty processes a test, several of which load a network.
vi.setConfig({ testTimeout: 300_000 });

let folder: string;
let address: string;
/** Photographs of single faces, cut from the samples: two of Ann, two of Cara, one of somebody else. */
const photo = (name: string): string => join(folder, `${name}.png`);
const CUTS = {
  ann1: { sample: 1, left: 1471, top: 211, width: 216, height: 235 },
  ann2: { sample: 3, left: 1052, top: 205, width: 228, height: 296 },
  cara1: { sample: 1, left: 832, top: 428, width: 193, height: 224 },
  cara2: { sample: 4, left: 262, top: 211, width: 174, height: 235 },
  stranger: { sample: 6, left: 257, top: 490, width: 210, height: 282 },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-gallery-cli-"));
  address = `sqlite:${join(folder, "people.db")}`;
  const samples = await samplePhotographs();
  for (const [name, { sample, left, top, width, height }] of Object.entries(CUTS)) {
    const [x, y] = [Math.round(width * 0.25), Math.round(height * 0.25)];
    const area = { left: left - x, top: top - y, width: width + 2 * x, height: height + 2 * y };
    await sharp(samples[sample]!).extract(area).png().toFile(photo(name));
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const gallery = async (...args: string[]): Promise<CliResult> =>
  await arcface(["gallery", ...args], { ARCFACE_GALLERY: address });
/** The lines of a command that has to succeed. */
async function lines<T = Record<string, unknown>>(...args: string[]): Promise<T[]> {
  const result = await gallery(...args, "--json");
  expect([result.code, result.err]).toEqual([0, ""]);
  return jsonLines<T>(result);
}
const names = async (): Promise<string[]> => {
  const result = await gallery("list", "--json");
  return jsonLines<{ name: string; faces: number }>(result).map(({ name, faces }) => `${name} ${faces}`);
};
const facesOf = async (name: string): Promise<number[]> =>
  (await lines<{ id: number }>("list", name)).map(({ id }) => id);

test("a gallery from its making to forgetting, as somebody at a terminal goes through it", async () => {
  const [made] = await lines("create", "--threshold", "0.4");
  expect(made).toMatchObject({ model: "fr-feature-512", dimension: 512, threshold: 0.4 });
  expect((await gallery("create")).code).toBe(3);
  expect((await gallery("list")).code).toBe(1);

  const enrolled = await lines("enrol", "Annabel", photo("ann1"), photo("ann2"), "--force");
  expect(enrolled.at(-1)).toEqual({ enrolled: 2, known: 0, rejected: 0, failed: 0 });
  await lines("enrol", "Caroline", photo("cara1"), "--force");
  const [known] = await lines("enrol", "Caroline", photo("cara1"), "--force");
  expect(known).toMatchObject({ kind: "known", person: "Caroline" });
  expect(await names()).toEqual(["Annabel 2", "Caroline 1"]);

  interface Seen {
    readonly faces: readonly {
      readonly person: string | null;
      readonly cosine: number;
      readonly similarity: number;
      readonly score: number;
      readonly rival: { readonly person: string } | null;
    }[];
    readonly fpir: { readonly rate: number; readonly low: number; readonly high: number };
    readonly strangers: { readonly faces: number };
  }
  const [seen, other] = await lines<Seen>("identify", photo("ann1"), photo("stranger"));
  expect(seen!.faces[0]).toMatchObject({ person: "Annabel", candidates: [{ person: "Annabel" }] });
  expect(seen!.faces[0]!.cosine).toBeGreaterThan(0.999);
  // Half of it is the mean of Annabel's two faces.
  expect(seen!.faces[0]!.similarity).toBeLessThan(seen!.faces[0]!.cosine);
  expect(seen!.faces[0]).toMatchObject({ answer: "person", threshold: 0.4, rival: { person: "Caroline" } });
  expect(seen!.faces[0]!.score).toBeGreaterThan(0.9);
  expect(seen).toMatchObject({ thresholdSource: "given", strangers: { faces: 3, target: 0.01 } });
  expect(seen!.fpir.low).toBe(0);
  expect(seen!.fpir.high).toBeGreaterThan(0);
  expect(seen!.fpir.high).toBeLessThan(0.01);
  expect(other!.faces[0]).toMatchObject({ answer: "unknown", person: null });
  expect(other!.faces[0]!.cosine).toBeLessThan(0.4);
  const stranger = await gallery("identify", photo("stranger"));
  expect(stranger.code).toBe(1);
  expect(stranger.out).toContain("unknown: nobody reaches 0.400");
  expect(stranger.err).toMatch(
    /^threshold 0\.400 for 3 faces, your own or the gallery's: at most [\d.e-]+ % of strangers like those of its calibration \(all pairs of 7,701 pictures of LFW\) reach the score of one of them/m,
  );

  const det = join(folder, "det.svg");
  const [explained] = await lines<{ curve: { fpir: { high: number } }[] }>("calibrate", "--det", det);
  expect(explained).toMatchObject({
    people: 2,
    faces: 3,
    threshold: 0.4,
    thresholdSource: "given",
    askedAmongOthers: 2,
    takenForAnother: 0,
    fpir: seen!.fpir,
  });
  const highs = explained!.curve.map(({ fpir }) => fpir.high);
  expect(highs).toEqual([...highs].sort((a, b) => b - a));
  expect(await readFile(det, "utf8")).toContain("strangers accepted (FPIR)");
  const told = await gallery("calibrate", "--threshold", "0.45", "--strangers", "0.1%");
  expect(told.out).toMatch(
    /^2 people, 3 faces; target: 0\.1 % of strangers accepted\nthreshold 0\.450 for 3 faces/,
  );
  expect(told.out).toMatch(
    /left out once each, 0 % \[0 %, [\d.]+ %\] of 2 people would be taken for somebody else/,
  );

  const [same] = await lines("verify", "Caroline", photo("cara2"));
  expect(same).toMatchObject({ person: "Caroline", same: true, threshold: 0.4 });
  expect((await gallery("verify", "Caroline", photo("ann1"))).code).toBe(1);
  const [search] = await lines<{ hits: { person: string }[] }>("search", photo("ann2"), "-k", "2");
  expect(search!.hits.map(({ person }) => person)).toEqual(["Annabel", "Caroline"]);
});

test("a face that two people of a gallery resemble alike is too close to call", async () => {
  const own = ["--gallery", `sqlite:${join(folder, "twice.db")}`];
  const copy = join(folder, "copy.jpg");
  await sharp(photo("ann1")).jpeg({ quality: 95 }).toFile(copy);
  await arcface(["gallery", "create", ...own]);
  await arcface(["gallery", "enrol", "Ann", photo("ann1"), "--force", ...own]);
  await arcface(["gallery", "enrol", "Anne", copy, "--force", ...own]);
  const found = await arcface(["gallery", "identify", photo("ann2"), ...own]);
  expect([found.code, found.out]).toEqual([
    0,
    expect.stringMatching(/too close to call between Anne? and Anne? 0\.\d{3}/),
  ]);
  expect(found.err).toContain("scores less than 0.05 apart are too close to call");
  expect(found.err).toMatch(/^threshold 0\.\d{3} for 2 faces: at most /m);
  const [line] = jsonLines<object>(await arcface(["gallery", "identify", photo("ann2"), "--json", ...own]));
  expect(line).toMatchObject({
    faces: [{ answer: "too-close", person: null, candidates: [{}] }],
    thresholdSource: "calibration",
    strangers: { faces: 2, askedAmongOthers: 2, takenForAnother: 2 },
  });
});

test("corrections, their log, and undoing them", async () => {
  const page = await lines<{ name: string }>("list", "--limit", "1");
  expect(page.map(({ name }) => name)).toEqual(["Annabel"]);
  const next = await lines<{ name: string }>("list", "--after", "Annabel");
  expect(next.map(({ name }) => name)).toEqual(["Caroline"]);

  await lines("rename", "Caroline", "Cara");
  const [first, second] = await facesOf("Annabel");
  await lines("split", "Annabel", "Twin", String(second));
  expect(await names()).toEqual(["Annabel 1", "Cara 1", "Twin 1"]);
  await lines("move", "Cara", String(second));
  expect(await names()).toEqual(["Annabel 1", "Cara 2", "Twin 0"]);
  expect((await lines("undo"))[0]).toMatchObject({ kind: "move" });
  await lines("merge", "Annabel", "Twin");
  expect(await facesOf("Annabel")).toEqual([first, second]);
  await lines("delete", "--faces", String(first));
  await lines("delete", "Cara");
  expect(await names()).toEqual(["Annabel 1"]);
  expect((await lines("undo"))[0]).toMatchObject({ kind: "delete" });
  expect((await lines("undo"))[0]).toMatchObject({ kind: "delete" });
  expect(await names()).toEqual(["Annabel 2", "Cara 1"]);

  const log = await lines<{ kind: string; sequence: number }>("log");
  expect(log.map(({ kind }) => kind)).toEqual(
    [
      "enrol",
      "enrol",
      "rename",
      "split",
      "move",
      "undo",
      "merge",
      "delete",
      "delete",
      "undo",
      "undo",
    ].reverse(),
  );
  expect((await gallery("log", "--limit", "1")).out).toMatch(/^11 .* undo {2}.*takes back 8/);
  const [stats] = await lines("stats");
  expect(stats).toMatchObject({ people: 2, faces: 3, deletedFaces: 0, changes: 11 });
  expect((await gallery("undo", "5")).code).toBe(3);
});

test("every format takes everyone to another gallery, and another model's gallery refuses them", async () => {
  for (const ending of ["jsonl", "npy", "parquet"]) {
    const file = join(folder, `out.${ending}`);
    expect((await lines("export", "--out", file))[0]).toMatchObject({ faces: 3 });
    const other = `sqlite:${join(folder, `${ending}.db`)}`;
    await lines("create", "--gallery", other, "--threshold", "0.5");
    expect((await lines("import", file, "--gallery", other))[0]).toMatchObject({ faces: 3, known: 0 });
    expect((await lines("import", file, "--gallery", other))[0]).toMatchObject({ faces: 0, known: 3 });
    await using copy = await Gallery.open(other, { clock: () => new Date(0) });
    await using original = await Gallery.open(address, { clock: () => new Date(0) });
    const vectorsOf = async (of: Gallery): Promise<number[][]> => {
      const { id } = await of.person("Annabel");
      const faces = await of.records.faces({ limit: 10 }, id);
      return [...(await of.records.vectors(faces.map((face) => face.id))).values()].map((vector) => [
        ...vector,
      ]);
    };
    expect(await vectorsOf(copy)).toEqual(await vectorsOf(original));
  }
  const foreign = `sqlite:${join(folder, "foreign.db")}`;
  await lines("create", "--gallery", foreign, "--model", "mobilefacenet-192");
  const refused = await gallery("import", join(folder, "out.jsonl"), "--gallery", foreign);
  expect(refused.code).toBe(3);
  expect(refused.err).toContain(
    "expected vectors of mobilefacenet-192 (192) as the gallery's, got vectors of fr-feature-512 (512)",
  );
  const wrongModel = await gallery("enrol", "Ann", photo("ann1"), "--model", "mobilefacenet-192");
  expect(wrongModel.code).toBe(3);
  expect(wrongModel.err).toContain("expected vectors of fr-feature-512 (512)");
});

test("forgetting leaves no byte of a person in any file, and says where it looked", async () => {
  await using open = await Gallery.open(address, { clock: () => new Date(0) });
  const { id } = await open.person("Annabel");
  const [face] = await open.records.faces({ limit: 1 }, id);
  const vector = (await open.records.vectors([face!.id])).get(face!.id)!;
  const crop = (await open.records.crop(face!.id))!;
  await open.close();
  const path = join(folder, "people.db");
  const pieces = [
    Buffer.from(Float32Array.from(vector).buffer).subarray(0, 64),
    Buffer.from(crop).subarray(crop.length - 64),
    Buffer.from("Annabel"),
  ];
  const found = async (): Promise<boolean[]> => {
    const files = [path, `${path}-wal`].map((file) => readFile(file).catch(() => Buffer.alloc(0)));
    const bytes = Buffer.concat(await Promise.all(files));
    return pieces.map((piece) => bytes.includes(piece));
  };
  expect(await found()).toEqual([true, true, true]);
  await mkdir(`${path}.derived`);
  await writeFile(join(`${path}.derived`, "map.bin"), pieces[0]!);
  const [receipt] = await lines<{ searched: { path: string; hits: number }[] }>("forget", "Annabel");
  expect(receipt).toMatchObject({ forgotten: ["Annabel", "Twin"], faces: 2, crops: 2, finished: true });
  expect(receipt!.searched.map((file) => file.path)).toContain(path);
  expect(receipt!.searched.every(({ hits }) => hits === 0)).toBe(true);
  expect(await found()).toEqual([false, false, false]);
  await expect(stat(`${path}.derived`)).rejects.toMatchObject({ code: "ENOENT" });
  expect((await gallery("identify", photo("ann1"))).code).toBe(1);
  expect((await gallery("undo", "1")).code).toBe(3);
});

test("a person whose date has passed is forgotten when told to, and nobody else", async () => {
  await lines("enrol", "Guest", photo("stranger"), "--force", "--expires", "2020-01-31");
  await lines("retain", "Cara", "2999-12-31");
  expect((await lines("prune"))[0]).toMatchObject({ forgotten: ["Guest"], faces: 1 });
  expect((await lines("prune"))[0]).toEqual({ forgotten: [], faces: 0 });
  expect(await names()).toEqual(["Cara 1"]);
});

test("what cannot be done is said in a sentence, with the exit code for it", async () => {
  const nowhere = await gallery("list", "--gallery", `sqlite:${join(folder, "none.db")}`);
  expect([nowhere.code, nowhere.err]).toEqual([3, expect.stringContaining("gallery create")]);
  const stranger = await gallery("verify", "Carra", photo("cara1"));
  expect(stranger.code).toBe(2);
  expect(stranger.err).toContain('"Carra"; did you mean "Cara"?');
  expect((await arcface(["gallery", "list"])).code).toBe(2);
  await writeFile(join(folder, "text.db"), "no database at all, but a text of some length");
  const text = await gallery("list", "--gallery", `sqlite:${join(folder, "text.db")}`);
  expect([text.code, text.err]).toEqual([3, expect.stringContaining("expected a gallery")]);
  for (const args of [["split", "Cara", "X", "0"], ["delete"], ["retain", "Cara", "soon"]])
    expect((await gallery(...args)).code).toBe(2);
});

test("a full disk and one that can only be read leave a gallery as it was, and are called by their names", async (ctx) => {
  const disk = await smallDisk(3);
  if ("missing" in disk) {
    ctx.skip(disk.missing);
    return;
  }
  try {
    const path = join(disk.path, "full.db");
    const clock = (): Date => new Date(0);
    const full = await Gallery.create(`sqlite:${path}`, STRESS_PIPELINE, { clock, threshold: 0.5 });
    let people = 0;
    const fill = async (): Promise<void> => {
      for (; people < 10_000; people++) {
        const faces = Array.from({ length: 20 }, (_, i) => faceFor(`${people}/${i}`));
        await full.enrol([{ name: `person ${people}`, faces }]);
      }
    };
    await expect(fill()).rejects.toMatchObject({
      code: "STORAGE",
      message: expect.stringContaining("room on the disk"),
    });
    expect(people).toBeGreaterThan(5);
    expect(await full.records.stats()).toMatchObject({ people, faces: 20 * people });
    await full.close();
    // Processes let go of their files when they end, and a disk that is in use cannot be unmounted.
    const command = async (...args: string[]): Promise<CliResult> =>
      await arcfaceApart(["gallery", ...args, "--gallery", `sqlite:${path}`]);
    expect(jsonLines(await command("stats", "--json"))[0]).toMatchObject({ people, faces: 20 * people });

    const readOnly = join(folder, "read-only");
    await mkdir(readOnly);
    await run("mount", ["--bind", disk.path, readOnly]);
    try {
      await run("mount", ["-o", "remount,bind,ro", readOnly]);
      const elsewhere = ["--gallery", `sqlite:${join(readOnly, "full.db")}`];
      const refused = await arcfaceApart(["gallery", "rename", "person 0", "somebody", ...elsewhere]);
      expect(refused.code).toBe(3);
      expect(refused.err).toMatch(/expected a gallery (in a folder )?that can be written/);
    } finally {
      await run("umount", [readOnly]);
    }
    await disk.enlarge(30);
    expect((await command("rename", "person 0", "somebody")).code).toBe(0);
    const after = await Gallery.open(`sqlite:${path}`, { clock });
    expect(await after.records.stats()).toMatchObject({ people, faces: 20 * people });
    expect((await after.identify(faceFor("1/3").vector)).person?.name).toBe("person 1");
    await after.close();
  } finally {
    await disk.remove();
  }
});
