import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { samplePhotographs, sharedFolder, store } from "./pack.ts";
import { arcfaceHere as arcface, jsonLines } from "./run-cli.ts";
import { sharedFile } from "./shared-files.ts";

const scratch = async (): Promise<string> => await mkdtemp(join(tmpdir(), "arcface-evaluate-"));
const lfw = (name: string, n: number): string =>
  join(sharedFolder!, "data", "lfw", "images", name, `${name}_000${n}.jpg`);

interface Evaluation {
  readonly accuracy: { readonly mean: number; readonly std: number };
  readonly tarAtFar: Readonly<Record<string, number | string>>;
  readonly threshold: number;
  readonly pairs: number;
  readonly failures: { readonly pictures: number; readonly genuinePairs: number };
  readonly computed: number;
}

let crops: Uint8Array[];

beforeAll(async () => {
  await store.pull("mtcnn-rfb");
  await store.pull("fr-feature-512");
  const photographs = await samplePhotographs();
  const out = await scratch();
  await arcface(["align", photographs[1]!, photographs[2]!, photographs[3]!, "--out", out]);
  const names = (await readdir(out)).sort();
  crops = await Promise.all(names.map((name) => readFile(join(out, name))));
});

/** A pickle of pictures and labels in the manner of InsightFace's .bin, protocol 3. */
function binOf(pictures: readonly Uint8Array[], same: readonly boolean[]): Buffer {
  const bytes = pictures.map((picture) => {
    const header = Buffer.alloc(5);
    header.write("B", "latin1");
    header.writeUInt32LE(picture.length, 1);
    return Buffer.concat([header, picture]);
  });
  return Buffer.concat([
    Buffer.from("\x80\x03](", "latin1"),
    ...bytes,
    Buffer.from(`e](${same.map((label) => (label ? "\x88" : "\x89")).join("")}e\x86.`, "latin1"),
  ]);
}

describe("evaluate bin", () => {
  test("measures aligned pictures inside a pickle, counts one that is torn, and is quick the second time", async () => {
    const home = await scratch();
    await cp(join(store.home, "models", "fr-feature-512"), join(home, "models", "fr-feature-512"), {
      recursive: true,
    });
    const file = join(home, "made-up.bin");
    const [a, b, c, d] = crops;
    const torn = a!.subarray(0, 200);
    await writeFile(
      file,
      binOf([a!, a!, b!, c!, d!, d!, a!, b!, b!, b!, torn, a!], [true, false, true, false, true, true]),
    );
    const run = async (): Promise<Evaluation> => {
      const result = await arcface(["evaluate", "bin", file, "--json"], { ARCFACE_HOME: home });
      expect(result.code).toBe(5);
      expect(JSON.parse(result.err)).toMatchObject({
        unreadable: [expect.stringContaining("made-up.bin#10")],
      });
      return jsonLines<Evaluation>(result)[0]!;
    };
    const first = await run();
    expect(first.pairs).toBe(6);
    expect(first.failures).toMatchObject({ pictures: 1, genuinePairs: 1 });
    expect(first.accuracy.mean).toBeGreaterThan(0.5);
    expect(first.tarAtFar["1e-3"]).toBe("not enough impostors");
    expect(first.threshold).toBeGreaterThan(-1);
    expect(first.threshold).toBeLessThan(1);
    // Five pictures by their bytes, of which the torn one is tried again.
    expect(first.computed).toBe(5);
    expect((await run()).computed).toBe(1);
  });

  test("refuses a pickle that calls something, by name, and nothing of it runs", async () => {
    const folder = await scratch();
    const file = join(folder, "hostile.bin");
    await writeFile(file, Buffer.from(`cposix\nsystem\n(U\x20touch ${"x".repeat(26)}tR.`, "latin1"));
    const result = await arcface(["evaluate", "bin", file, "--json"]);
    expect(result.code).toBe(3);
    const { error } = JSON.parse(result.err) as { error: { code: string; message: string } };
    expect(error.code).toBe("BAD_FILE");
    expect(error.message).toContain("posix.system");
    expect(await readdir(folder)).toEqual(["hostile.bin"]);
  });
});

describe("bad input of evaluate and calibrate", () => {
  test("a picture that is not there is named with its line, before any work", async () => {
    const folder = await scratch();
    await writeFile(join(folder, "a.jpg"), crops[0]!);
    await writeFile(join(folder, "p.csv"), "a.jpg,b.jpg,1\n");
    const result = await arcface(["evaluate", "pairs", join(folder, "p.csv"), "--json"]);
    expect(result.code).toBe(2);
    await writeFile(join(folder, "p.csv"), "a.jpg,b.jpg,1\na.jpg,c.jpg,0\n");
    const missing = await arcface(["evaluate", "pairs", join(folder, "p.csv"), "--json"]);
    expect(missing.code).toBe(3);
    expect(missing.err).toContain("p.csv: line 1: expected the picture");
  });

  test("calibrate says that a result without a place would be lost, before any work", async () => {
    const result = await arcface(["calibrate", "folder", "nowhere"]);
    expect(result.code).toBe(2);
    expect(result.err).toContain("expected --out FILE or --install");
  });

  test("--calibration takes no other file, --threshold no other number", async () => {
    const folder = await scratch();
    await writeFile(join(folder, "c.json"), "{}");
    await writeFile(join(folder, "a.jpg"), crops[0]!);
    const compare = ["compare", join(folder, "a.jpg"), join(folder, "a.jpg")];
    const other = await arcface([...compare, "--calibration", join(folder, "c.json"), "--json"]);
    expect(other.code).toBe(3);
    expect(other.err).toContain("expected a calibration, got magic");
    expect((await arcface([...compare, "--threshold", "60"])).code).toBe(2);
  });
});

describe.skipIf(!sharedFolder)("with photographs of people, which lie beside the repository", () => {
  const people = [
    "Abel_Pacheco",
    "Alejandro_Toledo",
    "Ariel_Sharon",
    "Colin_Powell",
    "Tony_Blair",
    "Hugo_Chavez",
  ];
  const folder = async (): Promise<string> => {
    const root = await scratch();
    for (const name of people) {
      await mkdir(join(root, name));
      const all = (await readdir(join(sharedFolder!, "data", "lfw", "images", name))).sort().slice(0, 4);
      for (const file of all)
        await cp(join(sharedFolder!, "data", "lfw", "images", name, file), join(root, name, file));
    }
    return root;
  };

  test("a folder is evaluated one to one and one to many, with a page that shows the errors", async () => {
    const [root, report] = [await folder(), await scratch()];
    const result = await arcface(["evaluate", "folder", root, "--json", "--report", report]);
    expect(result).toMatchObject({ code: 0, err: "" });
    const [found] = jsonLines<
      Evaluation & {
        identification: { gallery: number; ranks: { k: number; accuracy: { rate: number } }[] };
        allPairs: { genuinePairs: number; impostorPairs: number; auc: number };
        page: string;
      }
    >(result);
    expect(found!.accuracy.mean).toBeGreaterThan(0.9);
    expect(found!.allPairs.genuinePairs).toBe(found!.pairs / 2);
    expect(found!.allPairs.auc).toBeGreaterThan(0.99);
    expect(found!.identification.ranks[0]!.accuracy.rate).toBeGreaterThan(0.9);
    const page = await readFile(found!.page, "utf8");
    expect(page).toContain("Evaluation of fr-feature-512");
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });

  test("a calibration is used where it was made for, and refused for another model with both contracts", async (ctx) => {
    const other = sharedFile("models/MobileFaceNet.onnx");
    ctx.skip(other === undefined, "the second network lies beside the repository, and does not here");
    const [root, out] = [await folder(), join(await scratch(), "own.json")];
    const made = await arcface(["calibrate", "folder", root, "--target-fmr", "0.05", "--out", out, "--json"]);
    expect(made).toMatchObject({ code: 0, err: "" });
    const [calibration] = jsonLines<{ threshold: number; data: { impostorPairs: number } }>(made);
    const pair = [lfw("Abel_Pacheco", 1), lfw("Abel_Pacheco", 4)];
    const judged = await arcface(["compare", ...pair, "--calibration", out, "--json"]);
    expect(jsonLines(judged)[0]).toMatchObject({
      verdict: {
        same: true,
        threshold: calibration!.threshold,
        fmr: { rate: 0 },
        calibration: { targetFmr: 0.05, impostorPairs: calibration!.data.impostorPairs },
      },
    });
    const refused = await arcface(["compare", ...pair, "--calibration", out, "--model", other!, "--json"]);
    expect(refused.code).toBe(3);
    const { error } = JSON.parse(refused.err) as { error: { code: string; message: string } };
    expect(error.code).toBe("MODEL_MISMATCH");
    expect(error.message).toMatch(
      /made for fr-feature-512 \(.*to 512\), not for MobileFaceNet\.onnx@.*to 128\)/,
    );
  });

  test("without a calibration for what is used there is no yes or no, unless with a threshold of one's own", async () => {
    const pair = [lfw("Abel_Pacheco", 1), lfw("Abel_Pacheco", 4), "--min-face", "40", "--detector", "mtcnn"];
    const copy = join(await scratch(), "own.onnx");
    await cp((await store.pull("fr-feature-512")).values().next().value!, copy);
    const contract = ["--model", copy, "--channels", "BGR", "--mean", "127.5", "--scale", "128"];
    const open = await arcface(["compare", ...pair, ...contract, "--json", "--exit-code"]);
    expect(open.code).toBe(0);
    expect(jsonLines(open)[0]).toMatchObject({ verdict: "uncalibrated" });
    const own = await arcface([
      "compare",
      ...pair,
      ...contract,
      "--json",
      "--threshold",
      "0.99",
      "--exit-code",
    ]);
    expect(own.code).toBe(1);
    expect(jsonLines(own)[0]).toMatchObject({
      verdict: { same: false, threshold: 0.99, evidence: "uncalibrated" },
    });
    const text = await arcface(["compare", ...pair, ...contract]);
    expect(text.out).toContain("uncalibrated: the calibration of");
  });

  test("search says of every hit what its score means, and how many chance would give", async () => {
    const root = await folder();
    const query = join(root, "Colin_Powell", (await readdir(join(root, "Colin_Powell"))).sort()[0]!);
    const result = await arcface(["search", query, "--in", root, "-k", "2", "--json"]);
    const [answer] = jsonLines<{
      hits: { cosine: number; verdict: { same: boolean; fmr: { rate: number } } }[];
    }>(result);
    expect(answer!.hits[0]!.verdict.same).toBe(answer!.hits[0]!.cosine >= 0.335);
    expect(answer!.hits[0]!.verdict.fmr.rate).toBeLessThan(0.01);
    const text = await arcface(["search", query, "--in", root, "-k", "2"]);
    expect(text.out).toMatch(/1\.= {2}0\./);
    expect(text.err).toMatch(
      /among 29 faces of strangers at most 0\.029 such hits are expected, if they are like those pairs/,
    );
  });
});
