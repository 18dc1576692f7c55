import { existsSync, statSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { samplePhotographs, sharedFolder, store } from "./pack.ts";
import { arcface, arcfaceHere, jsonLines } from "./run-cli.ts";

let photographs: Record<number, string>;
/** Four of the sample photographs, at half their size, in a folder with a space and a letter outside ASCII. */
let folder: string;

beforeAll(async () => {
  photographs = await samplePhotographs();
  await store.pull("mtcnn-rfb");
  await store.pull("fr-feature-512");
  folder = join(await mkdtemp(join(tmpdir(), "arcface-")), "Fotos ä 1");
  await mkdir(folder);
  for (const number of [1, 2, 3, 4])
    await sharp(photographs[number]!)
      .rotate()
      .resize(960)
      .toFile(join(folder, `photo ${number}.jpg`));
});

const photo = (number: number): string => join(folder, `photo ${number}.jpg`);
const scratch = async (): Promise<string> => await mkdtemp(join(tmpdir(), "arcface-out-"));

interface Detected {
  readonly path: string;
  readonly width: number;
  readonly faces: readonly {
    readonly score: number;
    readonly box: { readonly x: number; readonly width: number };
    readonly landmarks: unknown[];
  }[];
}

describe("detect", () => {
  test("finds the people of a group photograph, in pixels of the photograph, and draws them", async () => {
    const drawing = join(await scratch(), "faces.png");
    const result = await arcface(["detect", photographs[1]!, "--json", "--draw", drawing]);
    expect(result).toMatchObject({ code: 0, err: "" });
    const [found] = jsonLines<Detected>(result);
    expect(found!.width).toBe(1920);
    expect(found!.faces.length).toBeGreaterThanOrEqual(3);
    for (const face of found!.faces) {
      expect(face.score).toBeGreaterThan(0.7);
      expect(face.landmarks).toHaveLength(5);
      expect(face.box.x + face.box.width).toBeLessThan(1920);
    }
    expect((await sharp(drawing).metadata()).width).toBe(1920);
  });

  test("a picture without a face is an answer, not an error", async () => {
    const path = join(await scratch(), "sky.png");
    await sharp({ create: { width: 300, height: 200, channels: 3, background: "skyblue" } })
      .png()
      .toFile(path);
    const result = await arcfaceHere(["detect", path, "--json"]);
    expect(result.code).toBe(0);
    expect(jsonLines<Detected>(result)[0]!.faces).toEqual([]);
  });
});

describe("align", () => {
  test("writes an upright crop per face", async () => {
    const out = await scratch();
    const result = await arcface(["align", photo(1), "--out", out, "--json"]);
    expect(result.code).toBe(0);
    const crops = await readdir(out);
    expect(crops.length).toBe(jsonLines(result).length);
    const { width, height } = await sharp(join(out, crops[0]!)).metadata();
    expect([width, height]).toEqual([112, 112]);
  });
});

describe("compare", () => {
  test("a photograph with itself has cosine 1; the verdict carries its evidence", async () => {
    const result = await arcface(["compare", photo(1), photo(1), "--json"]);
    expect(result).toMatchObject({ code: 0, err: "" });
    const [comparison] = jsonLines<{
      cosine: number;
      model: string;
      verdict: { same: boolean; calibration: { impostorPairs: number } };
    }>(result);
    expect(comparison).toMatchObject({
      model: "fr-feature-512",
      verdict: { same: true, fmr: { rate: 0 }, calibration: { impostorPairs: 29_640_622 } },
    });
    expect(comparison!.cosine).toBeCloseTo(1, 5);
  });

  test("a photograph without a face gives no number and exit code 1", async () => {
    const path = join(await scratch(), "sky.png");
    await sharp({ create: { width: 300, height: 200, channels: 3, background: "skyblue" } })
      .png()
      .toFile(path);
    const result = await arcfaceHere(["compare", photo(1), path, "--json"]);
    expect(result.code).toBe(1);
    expect(jsonLines(result)).toEqual([{ cosine: null, model: "fr-feature-512", noFace: [path] }]);
  });

  test("--face only refuses a photograph of several people", async () => {
    const result = await arcfaceHere(["compare", photo(1), photo(2), "--face", "only", "--json"]);
    expect(result.code).toBe(3);
    expect(JSON.parse(result.err)).toMatchObject({ error: { code: "SEVERAL_FACES" } });
  });

  test.skipIf(!sharedFolder)(
    "photographs of one person are more alike than of two, with either end of the threshold",
    async () => {
      const lfw = (name: string, n: number): string =>
        join(sharedFolder!, "data", "lfw", "images", name, `${name}_000${n}.jpg`);
      const cosineOf = async (
        a: string,
        b: string,
      ): Promise<{ cosine: number; verdict: { same: boolean } }> =>
        jsonLines<{ cosine: number; verdict: { same: boolean } }>(
          await arcfaceHere(["compare", a, b, "--json"]),
        )[0]!;
      const same = await cosineOf(lfw("Abel_Pacheco", 1), lfw("Abel_Pacheco", 4));
      const different = await cosineOf(lfw("Abel_Pacheco", 1), lfw("Akhmed_Zakayev", 3));
      expect(same.cosine).toBeGreaterThan(0.6);
      expect(different.cosine).toBeLessThan(0.3);
      expect([same.verdict.same, different.verdict.same]).toEqual([true, false]);
    },
  );
});

describe("search", () => {
  test("lists for every query the k other photographs by falling cosine, and draws the grid", async () => {
    const grid = join(await scratch(), "grid.png");
    const result = await arcface(["search", folder, "--in", folder, "-k", "2", "--json", "--grid", grid]);
    expect(result).toMatchObject({ code: 0, err: "" });
    const answers = jsonLines<{ query: string; hits: { path: string; cosine: number }[] }>(result);
    expect(answers.map((answer) => answer.query)).toEqual([1, 2, 3, 4].map(photo));
    for (const { query, hits } of answers) {
      expect(hits).toHaveLength(2);
      expect(hits.map((hit) => hit.path)).not.toContain(query);
      expect(hits[0]!.cosine).toBeGreaterThanOrEqual(hits[1]!.cosine);
    }
    const { width, height } = await sharp(grid).metadata();
    expect(width).toBeGreaterThan(800);
    expect(height).toBeGreaterThan(1400);
  });

  test("a file written by embed can be searched instead of a folder", async () => {
    const out = join(await scratch(), "faces.parquet");
    await arcfaceHere(["embed", folder, "--out", out]);
    const inFolder = await arcfaceHere(["search", photo(2), "--in", folder, "-k", "3", "--json"]);
    const inFile = await arcfaceHere(["search", photo(2), "--in", out, "-k", "3", "--json"]);
    const hits = (result: { out: string }) =>
      (JSON.parse(result.out) as { hits: { path: string; cosine: number }[] }).hits;
    expect(hits(inFile).map((hit) => hit.path)).toEqual(hits(inFolder).map((hit) => hit.path));
    expect(hits(inFile)[0]!.cosine).toBeCloseTo(hits(inFolder)[0]!.cosine, 5);
  });
});

describe("embed", () => {
  test("writes one object a face, and a second run does nothing again", async () => {
    const out = join(await scratch(), "faces.jsonl");
    const first = await arcface(["embed", folder, "--out", out, "--json"]);
    const [summary] = jsonLines<{ pictures: number; newFaces: number; faces: number }>(first);
    expect(summary).toMatchObject({ pictures: 4, skipped: 0, failed: 0 });
    const [header, ...lines] = (await readFile(out, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(header).toMatchObject({
      format: "arcface-embeddings",
      version: 2,
      pipeline: { model: { id: "fr-feature-512" }, detector: { id: "mtcnn-rfb" }, flip: false },
    });
    expect(lines).toHaveLength(summary!.faces);
    expect(lines[0]).toMatchObject({
      path: photo(1),
      face: 0,
      score: expect.any(Number),
      model: "fr-feature-512",
    });
    expect(lines[0].embedding).toHaveLength(512);
    expect(Math.hypot(...lines[0].embedding)).toBeCloseTo(1, 5);
    const before = await readFile(out, "utf8");
    const second = jsonLines<object>(await arcfaceHere(["embed", folder, "--out", out, "--json"]));
    expect(second).toMatchObject([{ pictures: 4, skipped: 4, newFaces: 0, faces: summary!.faces }]);
    expect(await readFile(out, "utf8")).toBe(before);
  });

  // A machine that is busy with other things may not give the command the second that it has for stopping.
  test("Ctrl-C stops cleanly, and the next run goes on where this one was", { retry: 2 }, async () => {
    const many = await scratch();
    for (let i = 0; i < 24; i++)
      await symlink(photo(1 + (i % 4)), join(many, `${String(i).padStart(2, "0")}.jpg`));
    const out = join(many, "faces.jsonl");
    const partial = `${out}.partial.jsonl`;
    const started = (): boolean => existsSync(partial) && statSync(partial).size > 10_000;
    const stopped = await arcface(["embed", many, "--out", out], {}, started);
    expect(stopped.code).toBe(130);
    expect(stopped.err).toContain("run the same command again to go on");
    expect(existsSync(out)).toBe(false);
    const [summary] = jsonLines<{ pictures: number; skipped: number; faces: number }>(
      await arcfaceHere(["embed", many, "--out", out, "--json"]),
    );
    expect(summary!.pictures).toBe(24);
    expect(summary!.skipped).toBeGreaterThan(0);
    const faces = (await readFile(out, "utf8"))
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => JSON.parse(line) as { path: string; face: number });
    expect(new Set(faces.map(({ path, face }) => `${path} ${face}`)).size).toBe(summary!.faces);
    expect(new Set(faces.map((face) => face.path)).size).toBe(24);
  });

  test("an output that cannot be used ends the command in order, while pictures are being worked on too", async () => {
    const other = join(await scratch(), "faces.jsonl");
    await arcfaceHere(["embed", photo(1), "--out", other]);
    const text = (await readFile(other, "utf8")).replace(
      /"sha256":"[0-9a-f]{64}"/,
      `"sha256":"${"0".repeat(64)}"`,
    );
    await writeFile(other, text);
    const mismatch = await arcfaceHere(["embed", folder, "--out", other, "--json"]);
    expect(mismatch.code).toBe(3);
    expect(JSON.parse(mismatch.err)).toMatchObject({ error: { code: "MODEL_MISMATCH" } });
    expect(await readFile(other, "utf8")).toBe(text);
    for (let run = 0; run < 3; run++) {
      const full = await arcface(["embed", photo(1), photo(2), "--out", "/dev/full/x.jsonl", "--json"]);
      expect(full.code).toBe(3);
    }
  });

  test("goes on with an output of its own settings only, and search compares with those that compare only", async () => {
    const out = join(await scratch(), "faces.jsonl");
    await arcfaceHere(["embed", photo(1), "--out", out]);
    const text = await readFile(out, "utf8");
    for (const [flags, words] of [
      [["--flip"], "made with mtcnn-rfb without --flip, not with mtcnn-rfb with --flip"],
      [["--min-face", "60"], "made with no --min-face, not with --min-face 60"],
    ] as const) {
      const other = await arcfaceHere(["embed", photo(2), "--out", out, ...flags]);
      expect(other.code).toBe(3);
      expect(other.err).toContain(`${words}; choose another --out`);
      expect(await readFile(out, "utf8")).toBe(text);
    }
    const flipped = await arcfaceHere(["search", photo(2), "--in", out, "--flip"]);
    expect([flipped.code, flipped.out]).toEqual([3, ""]);
    expect(flipped.err).toContain("made with mtcnn-rfb without --flip, not with mtcnn-rfb with --flip");
    const larger = await arcfaceHere(["search", photo(2), "--in", out, "--min-face", "60"]);
    expect(larger.code).toBe(0);
    expect(larger.err).not.toContain("made with");
    await writeFile(out, text.slice(text.indexOf("\n") + 1));
    const unknown = await arcfaceHere(["search", photo(2), "--in", out]);
    expect(unknown.code).toBe(3);
    expect(unknown.err).toContain('does not say what made them; write it anew with "arcface embed"');
  });

  test("does a photograph anew that was replaced under its name, and not one that was only touched", async () => {
    const own = await scratch();
    const out = join(own, "faces.npy");
    const [kept, swapped, touched] = ["kept.jpg", "swapped.jpg", "touched.jpg"].map((name) =>
      join(own, name),
    );
    await cp(photo(1), kept!);
    await cp(photo(2), swapped!);
    await cp(photo(3), touched!);
    await arcfaceHere(["embed", own, "--out", out]);
    await cp(photo(4), swapped!);
    await utimes(touched!, new Date(0), new Date(0));
    const text = await arcfaceHere(["embed", own, "--out", out]);
    expect(text.out).toMatch(
      /of 3 pictures; 2 were there already, .*\nreplaced since they were written: 1 of the pictures; \d+ faces of the earlier ones were taken out\n$/s,
    );
    const fresh = join(own, "fresh.npy");
    await arcfaceHere(["embed", own, "--out", fresh]);
    const rowsOf = async (path: string) =>
      (await readFile(path.replace(".npy", ".names.jsonl"), "utf8"))
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => JSON.parse(line) as { path: string; face: number; score: number; sha256: string })
        .map(({ path, face, score, sha256 }) => [path, face, score, sha256].join(" "))
        .sort();
    expect(await rowsOf(out)).toEqual(await rowsOf(fresh));
    await writeFile(swapped!, "no picture any more");
    const [gone] = jsonLines<object>(await arcfaceHere(["embed", own, "--out", out, "--json"]));
    expect(gone).toMatchObject({ skipped: 2, replaced: 1, failed: 1, newFaces: 0 });
    expect((await rowsOf(out)).filter((row) => row.startsWith(swapped!))).toEqual([]);
  });

  test("in a batch the good pictures are written and the bad ones listed; exit code 5", async () => {
    const batch = await scratch();
    await cp(photo(1), join(batch, "good.jpg"));
    await writeFile(join(batch, "empty.jpg"), "");
    await writeFile(join(batch, "text.png"), "hello");
    await writeFile(join(batch, "cut.jpg"), (await readFile(photo(2))).subarray(0, 20_000));
    await symlink(join(batch, "loop.jpg"), join(batch, "loop.jpg"));
    const out = join(batch, "faces.jsonl");
    const result = await arcface(["embed", batch, "--out", out]);
    expect(result.code).toBe(5);
    expect(result.err).toContain("4 of 5 failed");
    for (const name of ["empty.jpg", "text.png", "cut.jpg", "loop.jpg"])
      expect(result.err).toContain(join(batch, name));
    const paths = (await readFile(out, "utf8"))
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => (JSON.parse(line) as { path: string }).path);
    expect(new Set(paths)).toEqual(new Set([join(batch, "good.jpg")]));
  });

  test("one bad picture alone: exit code 3, one line with its name and the reason", async () => {
    const path = join(await scratch(), "not a picture.jpg");
    await writeFile(path, "hello");
    const result = await arcfaceHere(["embed", path, "--out", `${path}.jsonl`]);
    expect(result.code).toBe(3);
    expect(result.err).toBe(
      `arcface: ${path}: expected JPEG, PNG, WebP, AVIF, TIFF, GIF or PNM, got another kind of file\n`,
    );
  });
});

describe("usage", () => {
  test("every command explains itself with an example", async () => {
    const { code, out } = await arcface(["detect", "--help"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^Examples?:\n {2}arcface detect /m);
    for (const command of ["align", "embed", "compare", "search", "doctor"])
      expect((await arcfaceHere([command, "--help"])).out).toMatch(
        new RegExp(`^Examples?:\\n  arcface ${command} ?`, "m"),
      );
  });

  test("an unknown flag is named, with the one that was meant; exit code 2", async () => {
    const result = await arcface(["compare", "a.jpg", "b.jpg", "--fliip"]);
    expect(result.code).toBe(2);
    expect(result.err).toContain("unknown option '--fliip'");
    expect(result.err).toContain("--flip");
    const asJson = await arcfaceHere(["compare", "a.jpg", "b.jpg", "--fliip", "--json"]);
    expect(JSON.parse(asJson.err)).toMatchObject({ error: { code: "USAGE" } });
  });

  test("an unknown model is answered with the ones there are", async () => {
    const result = await arcfaceHere(["compare", photo(1), photo(2), "--model", "facenet", "--json"]);
    expect(result.code).toBe(2);
    const { error } = JSON.parse(result.err) as { error: { code: string; message: string } };
    expect(error.code).toBe("MODEL_UNKNOWN");
    expect(error.message).toContain("mobilefacenet-192");
  });

  test("a model for research only is refused until its licence is accepted", async () => {
    const home = await scratch();
    const result = await arcfaceHere(["compare", photo(1), photo(2), "--model", "w600k-r50", "--json"], {
      ARCFACE_HOME: home,
    });
    const { error } = JSON.parse(result.err) as { error: { code: string; message: string } };
    expect([result.code, error.code]).toEqual([2, "LICENCE"]);
    expect(error.message).toContain("--accept-licence w600k-r50");
    expect(await readdir(home)).toEqual([]);
  });

  test("a network file without a contract is refused with what is missing", async () => {
    const home = process.env["ARCFACE_HOME"];
    await store.pull("fr-feature-512");
    const own = join(await scratch(), "own.onnx");
    const bytes = await readFile((await store.pull("fr-feature-512")).get("fr_feature.onnx")!);
    // The same network with a remark in its file: other bytes, so that no card knows it.
    await writeFile(own, Buffer.concat([bytes, Buffer.from([0x32, 1, 0x78])]));
    const missing = await arcfaceHere(
      ["compare", photo(1), photo(1), "--model", own, "--json"],
      home ? { ARCFACE_HOME: home } : {},
    );
    const { error } = JSON.parse(missing.err) as { error: { code: string; message: string } };
    expect([missing.code, error.code]).toEqual([3, "BAD_CONTRACT"]);
    for (const field of [
      "input.layout",
      "input.sizePx",
      "input.channels",
      "input.mean",
      "input.scale",
      "output.dimension",
    ]) {
      expect(error.message).toContain(field);
    }
    const contract = [
      "--layout",
      "NCHW",
      "--input-size",
      "112",
      "--channels",
      "BGR",
      "--mean",
      "127.5",
      "--scale",
      "128",
      "--dimension",
      "512",
    ];
    const given = await arcfaceHere(["compare", photo(1), photo(1), "--model", own, "--json", ...contract]);
    expect(given.err).toBe("");
    expect(JSON.parse(given.out)).toMatchObject({ cosine: expect.closeTo(1, 5), verdict: "uncalibrated" });
  });
});

describe("doctor", () => {
  test("finds this machine computing right", async () => {
    const [report] = jsonLines<{
      healthy: boolean;
      selfTest: { cosine: number };
      backends: Record<string, string>;
    }>(await arcface(["doctor", "--json"]));
    expect(report).toMatchObject({ healthy: true, backends: { cpu: "runs" } });
    expect(report!.selfTest.cosine).toBeGreaterThan(0.9999);
  });

  test("says one line when all is well, and the details when asked", async () => {
    const short = await arcfaceHere(["doctor"]);
    expect([short.code, short.out.trim().split("\n")]).toEqual([
      0,
      [expect.stringMatching(/^all is well: arcface \S+ computes right on Node 2\d\./)],
    ]);
    const long = await arcfaceHere(["doctor", "--verbose"]);
    expect(long.out).toMatch(/^healthy +true$/m);
    expect(long.out).toMatch(/^backends +cpu: runs/m);
  });
});

describe("models", () => {
  test("what is here can be listed, checked and found", async () => {
    const list = jsonLines<{ id: string; state: string }>(await arcfaceHere(["models", "list", "--json"]));
    expect(list.find((model) => model.id === "mtcnn")).toMatchObject({ state: "present" });
    const { out } = await arcfaceHere(["models", "path", "mobilefacenet-192"]);
    expect((await stat(out.trim())).size).toBe(5233396);
    expect((await arcfaceHere(["models", "verify", "mtcnn"])).code).toBe(0);
  });

  test("a damaged file is found and named", async () => {
    const home = await scratch();
    const [path] = [...(await store.pull("fr-feature-512")).values()];
    const pulled = await arcfaceHere(["models", "pull", "fr-feature-512", "--from", path!], {
      ARCFACE_HOME: home,
    });
    expect(pulled.code).toBe(0);
    const copy = pulled.out.trim().split(": ")[1]!;
    const bytes = await readFile(copy);
    bytes[1000]! ^= 1;
    await writeFile(copy, bytes);
    expect((await arcfaceHere(["models", "verify"], { ARCFACE_HOME: home })).out).toContain(
      "fr_feature.onnx: damaged",
    );
    const used = await arcfaceHere(["compare", photo(1), photo(2), "--json"], { ARCFACE_HOME: home });
    expect(used.code).toBe(3);
    expect(JSON.parse(used.err)).toMatchObject({ error: { code: "MODEL_DAMAGED" } });
  });
});
