import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { halfPhotographs } from "./pack.ts";
import { arcfaceHere as arcface } from "./run-cli.ts";
import { smallDisk } from "./small-disk.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface outputs-"));
  for (const person of ["Ann", "Ben"]) {
    await mkdir(join(folder, "people", person), { recursive: true });
    for (const name of ["1.jpg", "2.jpg"]) await writeFile(join(folder, "people", person, name), "");
  }
});

/** Commands with an output, with the arguments that come before its path, and whether it is a folder. */
const COMMANDS: readonly (readonly [string[], "file" | "folder"])[] = [
  [["align", "people", "--out"], "folder"],
  [["calibrate", "folder", "people", "--out"], "file"],
  [["cluster", "people", "--out"], "folder"],
  [["convert", "people/Ann/1.jpg", "--out"], "file"],
  [["data", "pack", "people", "--out"], "file"],
  [["detect", "people/Ann/1.jpg", "--draw"], "file"],
  [["embed", "people", "--out"], "file"],
  [["evaluate", "folder", "people", "--report"], "folder"],
  [["gallery", "export", "--gallery", "sqlite:none.db", "--out"], "file"],
  [["map", "none.npy", "--out"], "file"],
  [["reproduce", "lookalikes", "--images", "people", "--out"], "folder"],
  [["reproduce", "mnist", "--out"], "folder"],
  [["search", "people/Ann/1.jpg", "--in", "people", "--grid"], "file"],
  [["study", "people", "--out"], "folder"],
  [["train", "--data", "people", "--out"], "folder"],
];
const ENDING: Readonly<Record<string, string>> = {
  detect: "png",
  search: "png",
  map: "png",
  embed: "jsonl",
  gallery: "jsonl",
  convert: "onnx",
};

test.each(COMMANDS)(
  "%s: an output that cannot be written is found before the work and is no defect",
  async (args, kind) => {
    const name = `x.${ENDING[args[0]!] ?? "json"}`;
    const path = kind === "file" ? `/nowhere/at all/${name}` : "/proc/nowhere/x";
    const full = args.map((arg) => (/^people/.test(arg) ? join(folder, arg) : arg));
    const { code, err } = await arcface([...full, path]);
    expect(err).toContain(`arcface: ${path}: expected a place that can be written`);
    expect(code).toBe(3);
  },
);

test.each([
  ["--draw x.pdf", ["detect", "people/Ann/1.jpg", "--draw", "/tmp/x.pdf"]],
  ["--grid g.jpg", ["search", "people", "--in", "people", "--grid", "/tmp/g.jpg"]],
])("%s is refused before the work: a PNG is written", async (_, args) => {
  const { code, err } = await arcface(args.map((arg) => (/^people/.test(arg) ? join(folder, arg) : arg)));
  expect(code).toBe(2);
  expect(err).toMatch(/expected a file ending in \.png, got "\.(pdf|jpg)"/);
});

test("a disk that fills up amid the crops of several pictures ends the command with one sentence", async (ctx) => {
  const disk = await smallDisk(1);
  if ("missing" in disk) {
    ctx.skip(disk.missing);
    return;
  }
  try {
    const out = join(disk.path, "crops");
    await writeFile(join(disk.path, "filling"), Buffer.alloc(2 ** 20 - 40_000));
    const photographs = await halfPhotographs();
    const { code, err } = await arcface([
      "align",
      photographs[1]!,
      photographs[2]!,
      photographs[3]!,
      "--out",
      out,
    ]);
    expect(code).toBe(3);
    expect(err).toMatch(/^arcface: \S+\.png: expected a place that can be written, got a full disk\n$/);
  } finally {
    await disk.remove();
  }
});
