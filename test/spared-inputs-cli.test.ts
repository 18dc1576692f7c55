import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { cp, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { halfPhotographs, store } from "./pack.ts";
import { arcfaceHere as arcface, jsonLines } from "./run-cli.ts";

let photographs: Record<number, string>;
let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  photographs = await halfPhotographs();
  await store.pull("mtcnn");
  await store.pull("mobilefacenet-192");
  folder = await mkdtemp(join(tmpdir(), "arcface spared-"));
  await mkdir(at("in"));
  await cp(photographs[1]!, at("in/a.jpg"));
  await cp(photographs[1]!, at("g.png"));
  await link(at("g.png"), at("in/g.png"));
});

describe("a photograph is never written over", () => {
  test.each([
    ["detect --draw", () => ["detect", at("g.png"), "--draw", at("in/g.png")]],
    [
      "search --grid, the query",
      () => ["search", at("g.png"), "--in", at("in"), "--grid", at("in/../g.png")],
    ],
    [
      "search --grid, a picture searched",
      () => ["search", at("in/a.jpg"), "--in", at("in"), "--grid", at("g.png")],
    ],
  ])("%s", async (_, args) => {
    const before = await readFile(at("g.png"));
    const { code, err } = await arcface(args());
    expect(err).toContain("expected an output of its own, got a file that is read: ");
    expect(code).toBe(2);
    expect((await readFile(at("g.png"))).equals(before)).toBe(true);
  });

  test("align takes a free name and says so", async () => {
    const out = at("crops");
    await mkdir(out);
    await writeFile(join(out, "a-0.png"), "mine");
    const { code, err } = await arcface(["align", at("in/a.jpg"), "--out", out]);
    expect(code).toBe(0);
    expect(await readFile(join(out, "a-0.png"), "utf8")).toBe("mine");
    expect(await readdir(out)).toContain("a~2-0.png");
    expect(err).toContain("got another name, because their own was taken; the first: ");
  });
});

describe("what could not be read", () => {
  test("a path with nothing there is told and the rest is done; with nothing but such it is an error", async () => {
    const some = await arcface(["detect", at("in/a.jpg"), at("nothere.jpg")]);
    expect(some.code).toBe(5);
    expect(some.out).toContain("a.jpg: ");
    expect(some.err).toContain(`${at("nothere.jpg")}: passed over, it could not be read`);
    const none = await arcface(["detect", at("none.jpg"), at("nothere.jpg")]);
    expect(none.code).toBe(3);
    expect(none.err).toMatch(/none\.jpg: expected .*nothere\.jpg: expected/);
  });

  test.each([
    ["evaluate folder", () => ["evaluate", "folder", at("people")]],
    ["study", () => ["study", at("people"), "--out", at("report"), "--no-why"]],
  ])(
    "%s names pictures that cannot be read, ten of them, and ends as partly done",
    async (_, args) => {
      for (const [person, numbers] of [
        ["Ann", [1, 2]],
        ["Ben", [3, 4]],
      ] as const) {
        await mkdir(at(`people/${person}`), { recursive: true });
        for (const n of numbers) await cp(photographs[n]!, at(`people/${person}/${n}.jpg`));
      }
      for (let i = 10; i < 22; i++) await writeFile(at(`people/Ann/bad${i}.jpg`), `no picture ${i}`);
      const { code, err } = await arcface(args());
      expect(err).toContain("bad10.jpg");
      expect(err).toContain("bad19.jpg");
      expect(err).not.toContain("bad20.jpg");
      expect(err).toContain("2 more pictures could not be read");
      expect(code).toBe(5);
      const json = await arcface([...args(), "--json"]);
      expect(json.code).toBe(5);
      expect(jsonLines(json)).toHaveLength(1);
      const told = jsonLines<{ unreadable: string[] }>({ ...json, out: json.err });
      expect(told.at(-1)!.unreadable).toHaveLength(12);
    },
    180_000,
  );
});

describe("a photograph under another spelling or link", () => {
  test("is embedded once and keeps its rows; those of files that are gone are counted", async () => {
    await mkdir(at("twice"));
    await cp(photographs[1]!, at("twice/a.jpg"));
    await cp(photographs[2]!, at("twice/b.jpg"));
    await symlink(at("twice"), at("link"));
    const out = at("faces.jsonl");
    const first = await arcface(["embed", relative(process.cwd(), at("twice")), "--out", out, "--json"]);
    const [{ faces }] = jsonLines<{ faces: number }>(first) as [{ faces: number }];
    for (const spelling of [at("twice"), at("link")]) {
      const again = await arcface(["embed", spelling, "--out", out, "--json"]);
      expect(jsonLines(again)).toMatchObject([{ faces, newFaces: 0, skipped: 2, notFound: 0 }]);
    }
    await cp(photographs[3]!, at("twice/b.jpg"));
    await rm(at("twice/a.jpg"));
    const after = await arcface(["embed", at("link"), "--out", out, "--json"]);
    expect(jsonLines(after)).toMatchObject([{ replaced: 1, notFound: 1 }]);
    const told = await arcface(["embed", at("link"), "--out", out]);
    expect(told.out).toContain("1 of the pictures with faces in ");
    expect(told.out).toContain("are not found from here any more");
  }, 180_000);

  test("is never a hit of its own", async () => {
    await mkdir(at("album"));
    await cp(photographs[1]!, at("album/a.jpg"));
    await cp(photographs[2]!, at("album/b.jpg"));
    await symlink(at("album/a.jpg"), at("album/soft.jpg"));
    await link(at("album/a.jpg"), at("album/hard.jpg"));
    const query = relative(process.cwd(), at("album/a.jpg"));
    const found = await arcface(["search", query, "--in", at("album"), "--json"]);
    const [{ hits }] = jsonLines<{ hits: { path: string }[] }>(found) as [{ hits: { path: string }[] }];
    expect(hits.map(({ path }) => path)).toEqual([at("album/b.jpg")]);
  });

  test("a search where there are no faces says so", async () => {
    await mkdir(at("blank"));
    await writeFile(
      at("blank/blank.pgm"),
      Buffer.concat([Buffer.from("P5 160 160 255\n"), Buffer.alloc(160 * 160, 127)]),
    );
    const { err } = await arcface(["search", at("in/a.jpg"), "--in", at("blank")]);
    expect(err).toContain(`${at("blank")}: no face found, so there was nothing to search`);
    expect(err).not.toContain("on average");
  });
});

test.runIf(process.platform === "linux")(
  "standard output that cannot be written stops the command at the first line, said once",
  async () => {
    const bin = join(import.meta.dirname, "..", "bin", "arcface.js");
    for (const more of [[], ["--json"]]) {
      const child = spawn(process.execPath, [bin, "detect", at("in"), ...more], {
        stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
      });
      let err = "";
      child.stderr!.on("data", (chunk: Buffer) => {
        err += chunk.toString();
      });
      const code = await new Promise((resolve) => child.on("close", resolve));
      expect(code).toBe(3);
      expect(err.match(/standard output: expected it to be written, got/g)).toHaveLength(1);
      expect(err).not.toContain("failed");
    }
  },
);
