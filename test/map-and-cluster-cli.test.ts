import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddingsWriter, type FaceRecord, openEmbeddings } from "arcface-ts";

import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { seeded } from "../src/core/index.ts";
import { Gallery } from "../src/gallery/index.ts";
import { MadeFaces, madePipeline } from "../src/gallery/made-faces.ts";
import { samplePhotographs, store } from "./pack.ts";
import { arcfaceHere as arcface, jsonLines } from "./run-cli.ts";

let photographs: Record<number, string>;
let folder: string;

beforeAll(async () => {
  photographs = await samplePhotographs();
  await store.pull("mtcnn-rfb");
  await store.pull("fr-feature-512");
  folder = await mkdtemp(join(tmpdir(), "arcface-map-"));
});

/** Three labels far apart in 6 dimensions. */
async function vectors(name: string): Promise<string> {
  const random = seeded(2);
  const rows = Array.from({ length: 60 }, (_, i) => ({
    label: ["red", "<green>", "blü"][i % 3],
    vector: Array.from({ length: 6 }, (_, d) => (d === i % 3 ? 5 : 0) + random.next()),
  }));
  const path = join(folder, name);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

interface MapSummary {
  readonly count: number;
  readonly klDivergence?: number;
  readonly quality: { readonly trustworthiness: number };
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: string }[];
}

describe("map", () => {
  test.each(["tsne", "umap", "pca"])("draws vectors by %s, with labels apart", async (method) => {
    const out = join(folder, `${method}.svg`);
    const result = await arcface([
      "map",
      await vectors("v.jsonl"),
      "--out",
      out,
      "--method",
      method,
      "--json",
    ]);
    expect(result).toMatchObject({ code: 0, err: "" });
    const [summary] = jsonLines<MapSummary>(result);
    expect(summary!.count).toBe(60);
    expect(summary!.quality.trustworthiness).toBeGreaterThan(0.85);
    expect(summary!.klDivergence === undefined).toBe(method !== "tsne");
    const { points } = summary!;
    const own = points.filter((a, i) => {
      const distance = (b: (typeof points)[number]): number => Math.hypot(a.x - b.x, a.y - b.y);
      const others = points.filter((_, j) => j !== i).sort((b, c) => distance(b) - distance(c));
      return others[0]!.label === a.label;
    });
    expect(own).toHaveLength(60);
    const svg = await readFile(out, "utf8");
    expect(svg).toMatch(/^<svg/);
    expect(svg).not.toContain("<green>");
  });

  test("is the same for the same seed, as page and as picture, whatever the threads", async () => {
    const path = await vectors("w.jsonl");
    const run = async (...flags: string[]) =>
      await arcface(["map", path, "--iterations", "100", ...flags, "--json"]);
    const [a] = jsonLines<MapSummary>(await run("--out", join(folder, "a.png"), "--jobs", "1"));
    const [b] = jsonLines<MapSummary>(await run("--out", join(folder, "b.html"), "--jobs", "2"));
    expect(b!.points).toEqual(a!.points);
    expect((await readFile(join(folder, "a.png"))).subarray(1, 4).toString()).toBe("PNG");
    expect(await readFile(join(folder, "b.html"), "utf8")).toMatch(
      /^<!doctype html>[\s\S]*<svg[\s\S]*<\/html>\n$/,
    );
  });

  test("takes what embed writes, in each of its formats", async () => {
    const written = join(folder, "faces.jsonl");
    expect((await arcface(["embed", photographs[2]!, "--out", written])).code).toBe(0);
    const records: FaceRecord[] = [];
    const { pipeline, records: rows } = await openEmbeddings(written);
    for await (const record of rows) records.push(record);
    for (const format of ["jsonl", "npy", "parquet"]) {
      const faces = join(folder, `copy.${format}`);
      const writer = await EmbeddingsWriter.open(faces, pipeline!);
      await writer.append(records);
      await writer.finish();
      const result = await arcface(["map", faces, "--out", join(folder, `${format}.svg`), "--json"]);
      expect(result).toMatchObject({ code: 0, err: "" });
      expect(jsonLines<MapSummary>(result)[0]!.count).toBe(records.length);
    }
  });

  test("one vector has a map; a wrong ending and vectors that are none are said", async () => {
    const one = join(folder, "one.jsonl");
    await writeFile(one, '{"vector":[1,2,3]}\n');
    expect(await arcface(["map", one, "--out", join(folder, "one.svg")])).toMatchObject({ code: 0 });
    const ending = await arcface(["map", one, "--out", join(folder, "one.gif")]);
    expect(ending).toMatchObject({ code: 2, err: expect.stringContaining(".svg, .png, .html") });
    await writeFile(one, "hello\n");
    const broken = await arcface(["map", one, "--out", join(folder, "x.svg"), "--json"]);
    expect(broken.code).toBe(3);
    expect(JSON.parse(broken.err)).toMatchObject({ error: { code: "BAD_FILE" } });
    await expect(stat(join(folder, "x.svg"))).rejects.toThrow();
  });
});

interface ClusteredFace {
  readonly path: string;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

interface ClusterSummary {
  readonly threshold: number;
  readonly faces: number;
  readonly groups: readonly { readonly id: string; readonly faces: readonly ClusteredFace[] }[];
  readonly scores: { readonly faces: number; readonly bCubed: { readonly f: number } } | null;
}

describe("cluster", () => {
  test("groups the sample photographs: no group has two faces of one picture, and folders hold the groups", async () => {
    const dir = join(folder, "holiday ä");
    await mkdir(dir);
    for (const n of [1, 2, 3, 4]) await cp(photographs[n]!, join(dir, `${n}.jpg`));
    const out = join(folder, "people");
    const result = await arcface(["cluster", dir, "--out", out, "--json"]);
    expect(result).toMatchObject({ code: 0, err: "" });
    const [summary] = jsonLines<ClusterSummary>(result);
    expect(summary!.threshold).toBeCloseTo(0.335, 3);
    expect(summary!.scores).toBeNull();
    expect(summary!.groups.flatMap((group) => group.faces)).toHaveLength(summary!.faces);
    for (const { id, faces } of summary!.groups) {
      const paths = faces.map(({ path }) => path);
      expect(new Set(paths).size).toBe(paths.length);
      expect(await readdir(join(out, id))).toEqual(paths.map((path) => path.slice(dir.length + 1)).sort());
    }
    // One woman is in photographs 1, 2 and 3; the second is less like the others, and only a lower threshold joins it.
    const [joined] = jsonLines<ClusterSummary>(
      await arcface(["cluster", dir, "--model", "mobilefacenet-192", "--threshold", "0.397", "--json"]),
    );
    expect(joined!.groups[0]!.faces.map(({ path }) => path.at(-5))).toEqual(["1", "2", "3"]);
    expect(JSON.parse(await readFile(join(out, "clusters.json"), "utf8"))).toEqual(summary);
    const again = await arcface(["cluster", dir, "--out", out]);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining("new or empty folder") });
  });

  test("scores itself where folders name the people, and links instead of copying", async () => {
    const dir = join(folder, "known");
    for (const [person, n] of [
      ["A", 1],
      ["B", 5],
      ["C", 6],
    ] as const) {
      await mkdir(join(dir, person), { recursive: true });
      for (const copy of ["x", "y"]) await cp(photographs[n]!, join(dir, person, `${copy}.jpg`));
    }
    const out = join(folder, "linked");
    const result = await arcface(["cluster", dir, "--out", out, "--link", "--json", "--threshold", "0.6"]);
    expect(result).toMatchObject({ code: 0, err: "" });
    const [summary] = jsonLines<ClusterSummary>(result);
    // Every picture is there twice, so every face has its double and nothing else is that alike.
    expect(summary!.scores).toMatchObject({ faces: 6, people: 3, bCubed: { precision: 1, recall: 1, f: 1 } });
    const first = summary!.groups[0]!;
    expect(first.faces).toHaveLength(2);
    const [name] = await readdir(join(out, first.id));
    expect((await stat(join(out, first.id, name!))).nlink).toBeGreaterThan(1);
  });

  test("follows the answers of a gallery: two people stay apart however alike, and what is no face is left out", async () => {
    const dir = join(folder, "answered");
    await mkdir(dir);
    for (const n of [1, 3]) await cp(photographs[n]!, join(dir, `${n}.jpg`));
    const run = async (...more: string[]) => await arcface(["cluster", dir, "--threshold", "0.3", ...more]);
    const [before] = jsonLines<ClusterSummary>(await run("--json"));
    const [one, other] = before!.groups[0]!.faces;
    const third = before!.groups[1]!.faces[0]!;
    const address = `sqlite:${join(folder, "answers.db")}`;
    {
      const clock = () => new Date(0);
      await using gallery = await Gallery.create(address, madePipeline(64, "another-model"), { clock });
      const made = new MadeFaces(3);
      const faces = [one!, other!, third].map(({ path, box }) => {
        const face = made.face(made.direction());
        const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
        return { ...face, provenance: { ...face.provenance, sha256, box } };
      });
      const { result } = await gallery.enrol(
        faces.map((face, i) => ({ name: `Person ${i}`, faces: [face] })),
      );
      const ids = result.map((person) => person.faces[0]!);
      await gallery.answer({ kind: "different", faces: [ids[0]!, ids[1]!] });
      await gallery.answer({ kind: "no-face", faces: [ids[2]!] });
    }
    const out = join(folder, "answered-groups");
    const told = await run("--gallery", address, "--out", out);
    expect(told.err).toContain(
      "by the gallery's answers: 1 pair held together or apart, 1 face left out as no face",
    );
    const after = JSON.parse(await readFile(join(out, "clusters.json"), "utf8"));
    expect(after.answers).toEqual({ pairs: 1, noFaces: 1 });
    const groupsWith = (face: object) =>
      after.groups.filter((group: ClusterSummary["groups"][number]) =>
        group.faces.some((each) => JSON.stringify(each) === JSON.stringify(face)),
      );
    expect(groupsWith(one!)).toHaveLength(1);
    expect(groupsWith(other!)).toHaveLength(1);
    expect(groupsWith(one!)).not.toEqual(groupsWith(other!));
    expect(groupsWith(third)).toEqual([]);
    expect(await run("--gallery", `sqlite:${join(folder, "none.db")}`)).toMatchObject({ code: 3, out: "" });
  });

  test("a folder without faces matches nothing; a wrong threshold and no folder are said", async () => {
    const sky = join(folder, "sky");
    await mkdir(sky);
    await sharp({ create: { width: 300, height: 200, channels: 3, background: "skyblue" } })
      .png()
      .toFile(join(sky, "sky.png"));
    expect(await arcface(["cluster", sky])).toMatchObject({ code: 1, out: "" });
    expect(await arcface(["cluster", sky, "--threshold", "2"])).toMatchObject({ code: 2 });
    const empty = join(folder, "empty");
    await mkdir(empty);
    expect(await arcface(["cluster", empty])).toMatchObject({ code: 3, out: "" });
    expect(await arcface(["cluster", join(folder, "nowhere")])).toMatchObject({ code: 3 });
  });
});
