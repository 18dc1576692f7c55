import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { BroadcastChannel } from "node:worker_threads";
import { FaceError, type Progress, reasonOf, systemCode, type WorkOptions } from "../core/index.ts";
import { cacheFolder } from "./cache-folder.ts";
import { lockAmongProcesses } from "./lock-among-processes.ts";
import { fetchFromTarball, type TarballReference } from "./tarball.ts";

/*
 * A package with native code for every platform, or with an install script that needs another host than the registry,
 * is no dependency: npm would run the script, warn of it, and put every platform's files on the disk. It is fetched
 * when it is first needed, the files of this platform only, unless the project has installed it itself.
 */

/** A package and what it needs to run, each at one version. */
export interface FetchedPackage {
  readonly name: string;
  /** The package itself, then what it requires. */
  readonly parts: readonly [PackagePart, ...PackagePart[]];
  /** Where there are native files, as `process.platform` and `process.arch` say, joined by a hyphen; "linux-x64-musl" for musl. */
  readonly platforms: readonly string[];
}

/** Some files of a package of the registry. */
export interface PackagePart extends TarballReference {
  /** The registry's answer, in bytes. */
  readonly tarballBytes: number;
  /** Beginnings of the paths within the package that are kept. */
  readonly keep: readonly string[];
}

/** The progress that is told while a package is fetched. */
export interface FetchNews {
  readonly package: string;
  readonly folder: string;
  readonly done: number;
  /** Bytes; `done` is this at the end. */
  readonly total: number;
}

/** No package has more than this to keep, in bytes. */
const MAX_KEPT_BYTES = 2 ** 28;

/** The file that says how many bytes each kept file has: one that was cut short ends the process when it is loaded. */
const SIZES = "sizes.json";

const CHANNEL = "arcface-ts: packages being fetched";

/**
 * Tells of packages, such as the engine, that any thread of this process fetches because it is the first to need them,
 * until the returned function is called.
 */
export function onFetch(listener: (news: FetchNews) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (event) => listener((event as { readonly data: FetchNews }).data);
  channel.unref();
  return () => channel.close();
}

/**
 * A package as `require` gives it: the project's own where it has this version, else the one in the cache folder, which
 * is fetched when it is not there.
 *
 * Throws    FaceError USAGE where it has no files for this platform; NETWORK, MODEL_DAMAGED, STORAGE; BAD_FILE when it
 *           does not load
 */
export async function loadPackage(wanted: FetchedPackage): Promise<unknown> {
  const folder = await fetchPackage(wanted);
  if (folder !== undefined) await expectWhole(folder, wanted);
  try {
    return createRequire(folder === undefined ? import.meta.url : join(folder, "packages.js"))(wanted.name);
  } catch (cause) {
    const advice = folder === undefined ? "install it anew" : `delete ${folder} to have it fetched again`;
    throw new FaceError("BAD_FILE", {
      where: specOf(wanted),
      expected: "it to load here",
      note: advice,
      cause,
    });
  }
}

/**
 * Makes sure that a package is on this machine, without loading it.
 *
 * Returns   its folder in the cache; undefined where the project has its own
 * Throws    as {@link loadPackage}
 */
export async function fetchPackage(wanted: FetchedPackage): Promise<string | undefined> {
  const [{ version }] = wanted.parts;
  if (versionFrom(import.meta.url, wanted.name) === version) return undefined;
  const platform = `${process.platform}-${process.arch}`;
  const folder = join(cacheFolder(), "packages", `${wanted.name.replace("/", "+")}-${version}-${platform}`);
  if (!existsSync(folder)) await fetchInto(folder, wanted);
  return folder;
}

/** Throws    FaceError BAD_FILE when a file of a kept package is missing or has another size than it was fetched with */
async function expectWhole(folder: string, wanted: FetchedPackage): Promise<void> {
  const sizes: Record<string, number> = await readFile(join(folder, SIZES), "utf8").then(
    JSON.parse,
    () => ({}),
  );
  for (const [path, bytes] of Object.entries(sizes)) {
    const found = await stat(join(folder, path)).then(
      ({ size }) => `${size} bytes`,
      (cause: unknown) => reasonOf(cause),
    );
    if (found === `${bytes} bytes`) continue;
    throw new FaceError("BAD_FILE", {
      where: specOf(wanted),
      expected: `${path} of ${bytes} bytes`,
      got: found,
      note: `delete ${folder} to have it fetched again`,
    });
  }
}

/** Bytes of each file below a folder, by its path within it. */
async function sizesOf(folder: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) sizes[relative(folder, path)] = (await stat(path)).size;
  }
  return sizes;
}

/** The version of a package that a file's `require` finds. */
function versionFrom(file: string, name: string): string | undefined {
  try {
    return (createRequire(file)(`${name}/package.json`) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

async function fetchInto(folder: string, wanted: FetchedPackage): Promise<void> {
  expectPlatform(wanted);
  const channel = new BroadcastChannel(CHANNEL);
  channel.unref();
  const onProgress = ({ done, total = done }: Progress): void =>
    channel.postMessage({ package: specOf(wanted), folder, done, total } satisfies FetchNews);
  let release: (() => Promise<void>) | undefined;
  try {
    await mkdir(dirname(folder), { recursive: true });
    release = await lockAmongProcesses(folder);
    // Another process may have finished while this one waited.
    if (existsSync(folder)) return;
    const draft = `${folder}.${randomUUID()}`;
    try {
      await keepPackage(wanted, join(draft, "node_modules"), { onProgress });
      await writeFile(join(draft, SIZES), JSON.stringify(await sizesOf(draft)));
      await rename(draft, folder);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  } catch (cause) {
    if (cause instanceof FaceError) throw cause;
    throw new FaceError("STORAGE", {
      where: folder,
      expected: `a place to keep ${wanted.name}`,
      got: systemCode(cause) === "ENOSPC" ? "a full disk" : reasonOf(cause),
      note: "set ARCFACE_HOME to a folder that can be written",
      cause,
    });
  } finally {
    await release?.();
    channel.close();
  }
}

/**
 * Puts a package's files for this platform, and what it requires, into a folder `node_modules`.
 *
 * Throws    FaceError NETWORK, MODEL_DAMAGED, ABORTED
 */
export async function keepPackage(
  wanted: FetchedPackage,
  modules: string,
  { signal, onProgress }: WorkOptions = {},
): Promise<void> {
  const total = wanted.parts.reduce((sum, { tarballBytes }) => sum + tarballBytes, 0);
  const stage = `download ${specOf(wanted)}`;
  let before = 0;
  for (const part of wanted.parts) {
    let kept = 0;
    const files = await fetchFromTarball(
      part,
      (path, bytes) => {
        if (!part.keep.some((beginning) => path.startsWith(`package/${beginning}`))) return false;
        kept += bytes;
        return kept <= MAX_KEPT_BYTES;
      },
      { signal, onProgress: ({ done }) => onProgress?.({ stage, done: before + done, total }) },
    );
    for (const [path, data] of files) {
      const to = join(modules, part.package, path.slice("package/".length));
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, data);
    }
    before += part.tarballBytes;
  }
}

function expectPlatform(wanted: FetchedPackage): void {
  const platform = `${process.platform}-${process.arch}${isMusl() ? "-musl" : ""}`;
  if (wanted.platforms.includes(platform)) return;
  const advice = platform.endsWith("-musl")
    ? "take an image with glibc, such as Debian's, for Alpine's"
    : undefined;
  throw new FaceError("USAGE", {
    where: specOf(wanted),
    expected: `one of ${wanted.platforms.join(", ")}`,
    got: platform,
    note: advice,
  });
}

const specOf = ({ name, parts: [{ version }] }: FetchedPackage): string => `${name} ${version}`;

/** Tells whether this process runs on musl rather than glibc. */
function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  // Otherwise the report looks up the names of network peers.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined;
}
