import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type FetchedPackage, type FetchNews, loadPackage, onFetch } from "./index.ts";

const platform = `${process.platform}-${process.arch}`;

let folder: string;
let server: Server;
/** Addresses that the registry was asked for. */
let asked: string[] = [];
const tarballs = new Map<string, Buffer>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-packages-"));
  for (const [name, files] of Object.entries(FILES)) tarballs.set(name, await tarball(name, files));
  server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1));
    asked.push(path);
    const port = (server.address() as AddressInfo).port;
    if (path.endsWith(".tgz")) return void response.end(tarballs.get(path.replace(/\.tgz$/, "")));
    const dist = { tarball: `http://127.0.0.1:${port}/${path}.tgz` };
    response.end(
      JSON.stringify({ name: path, versions: { "1.0.0": { name: path, version: "1.0.0", dist } } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("npm_config_registry", `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
beforeEach(async () => {
  asked = [];
  vi.stubEnv("ARCFACE_HOME", await mkdtemp(join(folder, "home-")));
  vi.stubEnv("npm_config_cache", await mkdtemp(join(folder, "npm-")));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const FILES: Record<string, Record<string, string>> = {
  "made-engine": {
    "package.json": JSON.stringify({
      name: "made-engine",
      version: "1.0.0",
      main: "main.js",
      scripts: { postinstall: "exit 1" },
    }),
    "main.js": `exports.answer = require("made-part").answer; exports.here = require("fs").readdirSync(__dirname + "/bin");`,
    [`bin/${platform}/native.txt`]: "this platform's",
    "bin/another-platform/native.txt": "another's",
  },
  "made-part": {
    "package.json": JSON.stringify({ name: "made-part", version: "1.0.0", main: "main.js" }),
    "main.js": "exports.answer = 42;",
  },
};

async function tarball(name: string, files: Record<string, string>): Promise<Buffer> {
  const root = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, "package", path, ".."), { recursive: true });
    await writeFile(join(root, "package", path), text);
  }
  await create({ gzip: true, file: `${root}.tgz`, cwd: root }, ["package"]);
  return await readFile(`${root}.tgz`);
}

function made(changes: Partial<FetchedPackage> = {}): FetchedPackage {
  const part = (name: string, keep: string[]) => ({
    package: name,
    version: "1.0.0",
    integrity: `sha512-${createHash("sha512").update(tarballs.get(name)!).digest("base64")}`,
    tarballBytes: tarballs.get(name)!.length,
    keep,
  });
  return {
    name: "made-engine",
    platforms: [platform, `${platform}-musl`],
    parts: [
      part("made-engine", ["package.json", "main.js", `bin/${platform}/`]),
      part("made-part", ["package.json", "main.js"]),
    ],
    ...changes,
  };
}

test("a package is fetched with what it requires, this platform's files only, and its scripts are not run", async () => {
  const engine = (await loadPackage(made())) as { answer: number; here: string[] };
  expect(engine).toEqual({ answer: 42, here: [platform] });
  expect(await readdir(join(process.env["ARCFACE_HOME"]!, "packages"))).toEqual([
    `made-engine-1.0.0-${platform}`,
  ]);
});

test("it is fetched once, however many want it at once and later, and what is fetched is told", async () => {
  const news: FetchNews[] = [];
  const stop = onFetch((each) => news.push(each));
  const all = await Promise.all([loadPackage(made()), loadPackage(made()), loadPackage(made())]);
  expect(all).toHaveLength(3);
  await loadPackage(made());
  expect(asked.filter((path) => path.endsWith(".tgz"))).toEqual(["made-engine.tgz", "made-part.tgz"]);
  await vi.waitFor(() => expect(news.at(-1)?.done).toBe(news.at(-1)?.total));
  expect(news.every((each) => each.package === "made-engine 1.0.0")).toBe(true);
  stop();
});

test("what the project has installed at the same version is taken", async () => {
  const tar = (await loadPackage({
    ...made(),
    name: "tar",
    parts: [{ ...made().parts[0], package: "tar", version: (await installed("tar")).version }],
  })) as { create: unknown };
  expect(typeof tar.create).toBe("function");
  expect(asked).toEqual([]);
});

async function installed(name: string): Promise<{ version: string }> {
  const path = join(import.meta.dirname, "..", "..", "node_modules", name, "package.json");
  return JSON.parse(await readFile(path, "utf8")) as { version: string };
}

/** Tells whether this process runs on glibc. */
function isGlibc(): boolean {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}

test("without files for this platform the sentence names those there are, and nothing is asked for", async () => {
  await expect(loadPackage(made({ platforms: ["solaris-sparc"] }))).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringMatching(
      isGlibc()
        ? new RegExp(`^made-engine 1\\.0\\.0: expected one of solaris-sparc, got ${platform}$`)
        : /^made-engine 1\.0\.0: expected one of solaris-sparc, got /,
    ) as string,
  });
  expect(asked).toEqual([]);
});

test("other bytes than those known are refused, and nothing is kept", async () => {
  const [engine, part] = made().parts;
  const other = made({ parts: [{ ...engine, integrity: part!.integrity }, part!] });
  await expect(loadPackage(other)).rejects.toMatchObject({ code: "MODEL_DAMAGED" });
  expect(await readdir(join(process.env["ARCFACE_HOME"]!, "packages"))).toEqual([]);
  // The same process may try again.
  expect(await loadPackage(made())).toMatchObject({ answer: 42 });
});

test("without a connection the sentence says what to look at, and nothing is kept", async () => {
  const before = process.env["npm_config_registry"]!;
  vi.stubEnv("npm_config_registry", "http://127.0.0.1:9/");
  await expect(loadPackage(made())).rejects.toMatchObject({ code: "NETWORK" });
  vi.stubEnv("npm_config_registry", before);
  expect(await readdir(join(process.env["ARCFACE_HOME"]!, "packages"))).toEqual([]);
});

test("a package that does not load names the folder to delete", async () => {
  const [engine] = made().parts;
  const home = join(process.env["ARCFACE_HOME"]!, "packages", `made-engine-1.0.0-${platform}`);
  await expect(loadPackage(made({ parts: [engine] }))).rejects.toMatchObject({
    code: "BAD_FILE",
    message: expect.stringMatching(
      RegExp(`^made-engine 1\\.0\\.0: .*made-part.*; delete ${home} to have it fetched again$`),
    ) as string,
  });
});

test("a kept file that was cut short or is gone is named before anything is loaded", async () => {
  const home = join(process.env["ARCFACE_HOME"]!, "packages", `made-engine-1.0.0-${platform}`);
  await loadPackage(made());
  const native = join(home, "node_modules", "made-engine", "bin", platform, "native.txt");
  await writeFile(native, "this");
  const refused = (got: RegExp) =>
    expect(loadPackage(made())).rejects.toMatchObject({
      code: "BAD_FILE",
      message: expect.stringMatching(got) as string,
    });
  await refused(/native\.txt of 15 bytes, got 4 bytes; delete .* to have it fetched again$/);
  await rm(native);
  await refused(/native\.txt of 15 bytes, got (?!\d)/);
});
