import fetch from "make-fetch-happen";
import { FaceError, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { npmOptions } from "../registry/index.ts";

/** The response. */
interface Answer {
  readonly bytes: Uint8Array;
  /** Its media type. */
  readonly type: string;
}

/**
 * Downloads one file over HTTPS, with the user's npm proxy and certificate settings and no credentials.
 *
 * @param bytes the size it must have; a longer answer is cut off and refused
 * Throws    FaceError NETWORK, MODEL_DAMAGED when the size differs, ABORTED
 */
export async function fetchFromUrl(
  url: string,
  bytes: number,
  options: WorkOptions = {},
): Promise<Uint8Array> {
  const answer = await fetchBytes(url, bytes, options);
  if (answer.bytes.length === bytes) return answer.bytes;
  throw new FaceError("MODEL_DAMAGED", {
    where: withoutCredentials(url),
    expected: `${bytes} bytes`,
    got: answer.bytes.length,
    note: "nothing was kept",
  });
}

/**
 * Downloads at most so many bytes.
 *
 * Throws    FaceError NETWORK, MODEL_DAMAGED for a longer answer, ABORTED
 */
export async function fetchBytes(
  url: string,
  limit: number,
  { signal, onProgress, accept }: WorkOptions & { readonly accept?: string } = {},
): Promise<Answer> {
  const { proxy, noProxy, ca, strictSSL } = await npmOptions();
  const stage = `download ${new URL(url).pathname.split("/").filter(Boolean).at(-1)}`;
  const parts: Buffer[] = [];
  let received = 0;
  let type = "";
  try {
    const response = await fetch(url, {
      proxy,
      noProxy,
      ca,
      strictSSL,
      retry: { retries: 1, minTimeout: 500 },
      ...(accept && { headers: { accept } }),
    } as unknown as fetch.FetchOptions);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    type = response.headers.get("content-type") ?? "";
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      throwIfAborted(signal);
      received += chunk.length;
      if (received > limit) break;
      parts.push(chunk);
      onProgress?.({ stage, done: received, total: limit });
    }
  } catch (cause) {
    throwIfAborted(signal);
    throw new FaceError("NETWORK", {
      where: withoutCredentials(url),
      expected: "a download",
      note: 'check the connection, or fetch the file by hand and add it with "arcface-ts models pull ID --from FILE"',
      cause,
    });
  }
  if (received > limit) {
    throw new FaceError("MODEL_DAMAGED", {
      where: withoutCredentials(url),
      expected: `at most ${limit} bytes`,
      got: "more",
      note: "nothing was kept",
    });
  }
  return { bytes: Buffer.concat(parts), type };
}

function withoutCredentials(url: string): string {
  const clean = new URL(url);
  clean.username = "";
  clean.password = "";
  return clean.href;
}
