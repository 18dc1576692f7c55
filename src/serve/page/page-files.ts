import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { FaceError } from "../../core/index.ts";

/** A file of the page as it goes over the wire. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Packed for browsers that take it; absent where that saves nothing. */
  readonly brotli?: Uint8Array<ArrayBuffer>;
  /** Of the bytes: what a browser has already is not sent again. */
  readonly etag: string;
  /** True of a file whose name changes with its bytes. */
  readonly immutable: boolean;
}

/** The page's files by their paths, `/index.html` among them. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/** The folder that `npm run build` writes, seen from the source and from the build alike. */
const BUILT = fileURLToPath(new URL("../../../dist/web/", import.meta.url));

/**
 * Reads the page as it was built.
 *
 * Throws    FaceError BAD_FILE where there is none
 */
export async function readPage(folder: string = BUILT): Promise<PageFiles> {
  const names = await readdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new FaceError("BAD_FILE", { where: folder, expected: "the page as it is built", cause });
  });
  const files = new Map<string, PageFile>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = new Uint8Array(await readFile(join(folder, name)));
    const brotli = await packed(bytes);
    const path = `/${name.replaceAll("\\", "/")}`;
    files.set(path, {
      type,
      bytes,
      ...(brotli.length < bytes.length && { brotli }),
      etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
      immutable: path.startsWith("/assets/"),
    });
  }
  return files;
}

/** Best packed takes 100 ms; nearly as small takes 5. */
async function packed(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return new Uint8Array(await promisify(brotliCompress)(bytes, { params }));
}
