import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readImage } from "arcface-ts";
import { beforeAll, expect, test } from "vitest";
import { samplePhotographs } from "./pack.ts";
import { arcfaceHere as arcface, jsonLines } from "./run-cli.ts";

let folder: string;
let cut: string;
beforeAll(async () => {
  const sample = (await samplePhotographs())[1]!;
  folder = await mkdtemp(join(tmpdir(), "arcface-warnings-"));
  cut = join(folder, "people", "Ann", "cut.jpg");
  await mkdir(join(folder, "people", "Ann"), { recursive: true });
  await writeFile(cut, (await readFile(sample)).subarray(0, -2));
});

const WARNING = "read with a warning: its end marker is missing: it may have been cut off";

test.each<[string, () => string[]]>([
  ["detect", () => ["detect", cut]],
  ["align", () => ["align", cut, "--out", join(folder, "crops")]],
  ["compare", () => ["compare", cut, cut]],
  ["embed", () => ["embed", cut, "--out", join(folder, "faces.jsonl")]],
  ["cluster", () => ["cluster", join(folder, "people")]],
  ["data pack", () => ["data", "pack", join(folder, "people"), "--out", join(folder, "faces.pack")]],
])(
  "%s reads a JPEG that lacks its end, and says so",
  async (_, args) => {
    const { code, err } = await arcface(args());
    expect(err).toContain(`${cut}: ${WARNING}`);
    expect(code).toBe(0);
  },
  180_000,
);

test("detect --json carries the warnings with the faces, and on standard error as JSON", async () => {
  const result = await arcface(["detect", cut, "--json"]);
  const [photograph] = jsonLines<{ faces: unknown[]; warnings: string[] }>(result);
  expect(photograph?.faces.length).toBeGreaterThan(0);
  expect(photograph?.warnings).toEqual(["its end marker is missing: it may have been cut off"]);
  expect(JSON.parse(result.err)).toEqual({ warning: { path: cut, message: photograph!.warnings[0] } });
}, 180_000);

test("where nobody could be told, a picture with a fault is refused", async () => {
  await expect(readImage(cut, { strict: true })).rejects.toMatchObject({
    code: "BAD_IMAGE",
    message: `${cut}: expected a picture without faults, got one with: its end marker is missing: it may have been cut off`,
  });
});
