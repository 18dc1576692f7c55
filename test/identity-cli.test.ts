import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Recognizer, thumbnail } from "arcface-ts";
import type { IdentityJson } from "arcface-ts/identity";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { samplePhotographs, store } from "./pack.ts";
import { arcfaceHere as arcface } from "./run-cli.ts";

let folder: string;
const at = (path: string): string => join(folder, path);

/** Three people cut out of a photograph; of each a result, of the last one in which nobody is seen any more. */
beforeAll(async () => {
  const photographs = await samplePhotographs();
  for (const model of ["mtcnn-rfb", "fr-feature-512", "mobilefacenet-192"]) await store.pull(model);
  folder = await mkdtemp(join(tmpdir(), "arcface-identity-"));
  for (const name of ["source", "result", "target"]) await mkdir(at(name));
  await using recognizer = await Recognizer.open({ store });
  const { faces } = await recognizer.detect(photographs[3]!);
  const crops = await Promise.all(
    faces.slice(0, 3).map(async ({ box }) => Buffer.from(await thumbnail(photographs[3]!, box, 160))),
  );
  for (const [i, crop] of crops.entries()) {
    await writeFile(at(`source/p${i}.jpg`), crop);
    await writeFile(at(`target/p${i}.jpg`), crops[(i + 1) % 3]!);
    const result =
      i < 2
        ? sharp(crop).blur(1)
        : sharp({ create: { width: 160, height: 160, channels: 3, background: "#808080" } });
    await writeFile(at(`result/p${i}.png`), await result.png().toBuffer());
  }
});

const run = async (...args: string[]) =>
  await arcface(["identity", "--jobs", "1", ...args], { ARCFACE_HOME: store.home });

test("--json and --csv have each judge's pairs, the summary and the failures; a recognizer gives the same cosine", async () => {
  const csv = at("pairs.csv");
  const { out, err, code } = await run(
    ...["--source", at("source"), "--result", at("result"), "--target", at("target"), "--json", "--csv", csv],
    ...["--model", "fr-feature-512", "mobilefacenet-192", "--trained-with", "FR feature"],
  );
  expect([code, err]).toEqual([0, ""]);
  const report = JSON.parse(out) as IdentityJson;
  expect(Object.keys(report).slice(0, 3)).toEqual(["protocol", "judges", "failures"]);
  expect(report.protocol).toMatchObject({ id: "default", revision: 1 });
  expect(report.judges.map(({ model }) => model)).toEqual(["fr-feature-512", "mobilefacenet-192"]);
  const [{ pairs, summary }] = report.judges as [IdentityJson["judges"][number]];
  expect(pairs.map(({ source, result }) => [source, result])).toEqual(
    [0, 1, 2].map((i) => [at(`source/p${i}.jpg`), at(`result/p${i}.png`)]),
  );
  await using recognizer = await Recognizer.open({ store });
  const compared = await recognizer.compare(at("source/p0.jpg"), at("result/p0.png"));
  expect(pairs[0]!.cosine).toBeCloseTo(compared.kind === "compared" ? compared.cosine : Number.NaN, 6);
  expect(pairs[0]!.same).toBe(true);
  expect(pairs[0]!.target!.cosine!).toBeLessThan(0.5);
  expect(pairs[0]!.face!.interEyePx).toBeGreaterThan(20);
  expect(pairs[2]).toMatchObject({ cosine: null, same: null });
  expect(summary).toMatchObject({ pairs: 3, scored: 2, failed: 1, people: 3 });
  expect(summary.same!.threshold).toBe(recognizer.calibration!.threshold);
  expect(summary.same!.fmr!.rate).toBeLessThan(0.002);
  expect(summary.same!.share.rate).toBeCloseTo(2 / 3, 9);
  expect(summary.retrieval!.top1.rate).toBeCloseTo(2 / 3, 9);
  expect(report.failures).toEqual([
    { picture: at("result/p2.png"), role: "result", reason: "no-face", detail: "", pairs: 1 },
  ]);
  expect(report.warnings.join()).toMatch(/fr-feature-512 was the training loss .* report mobilefacenet-192/);
  expect(report.agreement).toEqual([{ judges: [0, 1], rankCorrelation: expect.any(Number), pairs: 2 }]);
  const [header, first, , last] = (await readFile(csv, "utf8")).split("\n");
  expect(header).toMatch(/^model,protocol,source,result,cosine,same,target,target_cosine,yaw,/);
  expect(first).toMatch(
    /^fr-feature-512,default,.*p0\.jpg,.*p0\.png,0\.\d{6},true,.*p0\.jpg,-?0\.\d{6},-?\d/,
  );
  expect(last).toMatch(/p2\.png,,,.*p2\.jpg,,,,,,,no-face$/);
});

test("under a protocol of another network a judge is fed by its own contract, uncalibrated; one file of each side is a pair", async () => {
  const sides = ["--source", at("source/p0.jpg"), "--result", at("result/p0.png")];
  const { out, code } = await run(...sides, "--protocol", "psp", "--model", "mobilefacenet-192");
  expect(code).toBe(0);
  expect(out).toMatch(/mobilefacenet-192 is another network, fed by its own contract/);
  expect(out).toMatch(/uncalibrated \(no calibration was measured on the crops of protocol psp\)/);
});
