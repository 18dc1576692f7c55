import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { z } from "zod";
import { parseJson, readText } from "../core/index.ts";
import { sha256 } from "./sha256.ts";

/** A network ready for a session, with what was done to it. */
export interface Prepared<R> {
  readonly onnx: Uint8Array;
  readonly report: R;
}

/**
 * A derived network from a folder of such, or made now and kept there.
 *
 * A file is found by the hash of what it was made from and how (`key`), and used only if its own hash is the one its
 * report names. Without a folder, or when it cannot be written, every opening prepares anew.
 *
 * @param key everything the bytes depend on, the recipe's number first
 */
export async function cachedNetwork<R extends { readonly sha256: string }>(
  folder: string | undefined,
  key: readonly unknown[],
  schema: z.ZodType<R>,
  prepare: () => Promise<Prepared<R>>,
): Promise<Prepared<R>> {
  if (folder === undefined) return await prepare();
  const path = join(folder, sha256(new TextEncoder().encode(JSON.stringify(key))));
  const cached = await readPrepared(path, schema);
  if (cached) return cached;
  const prepared = await prepare();
  await writePrepared(path, prepared);
  return prepared;
}

async function readPrepared<R extends { readonly sha256: string }>(
  path: string,
  schema: z.ZodType<R>,
): Promise<Prepared<R> | undefined> {
  try {
    const report = schema.parse(parseJson(await readText(`${path}.json`)));
    const onnx = await readFile(`${path}.onnx`);
    return sha256(onnx) === report.sha256 ? { onnx, report } : undefined;
  } catch {
    // Whatever is wrong with a derived file, it can be made again.
    return undefined;
  }
}

async function writePrepared<R>(path: string, { onnx, report }: Prepared<R>): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(`${path}.onnx`, Buffer.from(onnx.buffer, onnx.byteOffset, onnx.byteLength));
    await writeFileAtomic(`${path}.json`, JSON.stringify(report));
  } catch {
    // A cache that cannot be written costs time at the next start, nothing else.
  }
}
