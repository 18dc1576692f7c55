import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import type { NamedTensor } from "../src/checkpoints/index.ts";
import { writeSafetensors } from "../src/checkpoints/safetensors/index.ts";
import { samplePhotographs, store } from "./pack.ts";
import { arcface, arcfaceHere } from "./run-cli.ts";

/** A name that would clear the screen, forge a line and turn what follows it around. */
const EVIL = "a\u001b[2J\u009b31m\nFORGED: all is well\u202Egpj";
/** Whatever acts on a terminal instead of being seen, but for the ends of lines. */
const ACTS = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u;

let folder: string;
let people: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  const photographs = await samplePhotographs();
  await store.pull("mtcnn-rfb");
  await store.pull("fr-feature-512");
  folder = await mkdtemp(join(tmpdir(), "arcface terminal-"));
  people = at(`people ${EVIL}`);
  for (const [person, files] of [
    [`p${EVIL}`, [3, 5]],
    ["Zed", [4, 6]],
  ] as const) {
    await mkdir(join(people, person), { recursive: true });
    for (const n of files)
      await sharp(photographs[n]!)
        .rotate()
        .resize(640)
        .toFile(join(people, person, `${n}${EVIL}.jpg`));
  }
  await writeFile(join(people, "Zed", `broken${EVIL}.jpg`), "not a picture");
  const weights = [...writeSafetensors([tensor(`w${EVIL}`)])];
  await writeFile(at(`net${EVIL}.safetensors`), Buffer.concat(weights));
});

const tensor = (name: string): NamedTensor => ({
  name,
  dtype: "float32",
  shape: [2],
  bytes: () => new Uint8Array(8),
  floats: () => new Float32Array(2),
});

async function expectPlain(
  args: readonly string[],
  codes: readonly number[],
  run: typeof arcfaceHere = arcfaceHere,
): Promise<string> {
  const { code, out, err } = await run(args);
  const text = out + err;
  expect(codes, `${args.join(" ")}\n${text}`).toContain(code);
  expect(text.replaceAll("\n", ""), args.join(" ")).not.toMatch(ACTS);
  expect(text.split("\n").filter((line) => line.startsWith("FORGED"))).toEqual([]);
  return text;
}

test("no command that lists files, people or tensors lets their names act on the terminal or forge a line", async () => {
  const bob = join(people, "Zed", `4${EVIL}.jpg`);
  const faces = at(`faces${EVIL}.jsonl`);
  const gallery = ["--gallery", `sqlite:${at("people.db")}`];
  const shown = "a\\u001b[2J\\u009b31m\\nFORGED: all is well\\u202egpj";
  // A process writes in the one way that all commands have.
  expect(await expectPlain(["detect", people], [0, 5], arcface)).toContain(`4${shown}.jpg: `);
  await expectPlain([`unknown${EVIL}`], [2], arcface);
  expect(await expectPlain(["embed", people, "--out", faces], [0, 5])).toContain(`broken${shown}`);
  expect(await expectPlain(["inspect", at(`net${EVIL}.safetensors`), "--tensors"], [0])).toContain(
    `w${shown}`,
  );
  expect(await expectPlain(["search", bob, "--in", people], [0, 5])).toContain(shown);
  for (const args of [
    ["align", people, "--out", at(`crops${EVIL}`)],
    ["compare", bob, join(people, "Zed", `broken${EVIL}.jpg`)],
    ["compare", bob, bob],
    ["cluster", people],
    ["map", faces, "--out", at(`map${EVIL}.svg`), "--method", "pca"],
    ["study", people, "--out", at(`study${EVIL}`)],
    ["evaluate", "folder", people, "--resamples", "10"],
    ["data", "pack", people, "--out", at(`faces${EVIL}.pack`)],
    ["inspect", at(`nothing${EVIL}.pth`)],
    ["models", "licence", EVIL],
    ["gallery", "create", ...gallery],
    ["gallery", "enrol", "Ann", bob, "--force", ...gallery],
    ["gallery", "enrol", "--people", people, "--force", ...gallery],
    ["gallery", "list", ...gallery],
    ["gallery", "list", "Ann", ...gallery],
    ["gallery", "log", ...gallery],
    ["gallery", "identify", people, ...gallery],
    ["gallery", "search", bob, ...gallery],
    ["detect", bob, `--unknown${EVIL}`],
  ]) {
    await expectPlain(args, [0, 1, 2, 3, 5]);
  }
}, 300_000);
