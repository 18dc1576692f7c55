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

test("--json has the protocol, each judge's pairs and summary, and the failures; a recognizer gives the same cosine", async () => {
  const { out, code } = await run(
    ...["--source", at("source"), "--result", at("result"), "--target", at("target"), "--json"],
    ...["--model", "fr-feature-512", "mobilefacenet-192", "--trained-with", "FR feature"],
  );
  expect(code).toBe(0);
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
});

test("the words say what failed and what the threshold means; --csv has every pair with what explains its score", async () => {
  const csv = at("pairs.csv");
  const { out, err } = await run("--source", at("source"), "--result", at("result"), "--csv", csv);
  expect(out).toMatch(
    /same person 66\.7 % \[.*\] of 3 pairs, 1 of them without a face reach 0\.\d+, where 0\.0\d+ % .* \(FMR\)/,
  );
  expect(out).toContain(`failure     result ${at("result/p2.png")}: no face found, in 1 pair`);
  expect(err).toBe("");
  const [header, first, , last] = (await readFile(csv, "utf8")).split("\n");
  expect(header).toMatch(/^model,protocol,source,result,cosine,same,target,target_cosine,yaw,/);
  expect(first).toMatch(/^fr-feature-512,default,.*p0\.jpg,.*p0\.png,0\.\d{6},true,,,-?\d/);
  expect(last).toMatch(/p2\.png,,,,,,,,,,no-face$/);
});

test("a protocol whose network cannot be had names the file and its checksum; with another network it says so", async () => {
  const sides = ["--source", at("source"), "--result", at("result")];
  const wanted = await run(...sides, "--protocol", "instantid");
  expect(wanted.code).toBe(2);
  expect(wanted.err).toMatch(
    /protocol instantid: expected a model: .* a file glintr100\.onnx, sha256 4ab1d643/,
  );
  const other = await run(...sides, "--protocol", "psp", "--model", "mobilefacenet-192");
  expect(other.code).toBe(0);
  expect(other.out).toMatch(/mobilefacenet-192 is another network, fed by its own contract/);
  expect(other.out).toMatch(/uncalibrated \(no calibration was measured on the crops of protocol psp\)/);
});

test("sides that are missing, names that do not fit and results without any face have their own exit codes", async () => {
  expect((await run("--source", at("source"))).err).toMatch(
    /expected --source and --result, or --pairs, got --source alone/,
  );
  expect((await run("--source", at("source"), "--result", at("result"), "--protocol", "pps")).err).toMatch(
    /did you mean "psp"/,
  );
  const { code, out } = await run("--source", at("source/p0.jpg"), "--result", at("result/p2.png"));
  expect([code, out]).toEqual([1, expect.stringContaining("none: no pair has a face on both sides")]);
});
