import fetch from "make-fetch-happen";
import { FaceError, reasonOf, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { npmOptions } from "./tarball.ts";

/**
 * Downloads one file over HTTPS, with the user's npm proxy and certificate settings and no credentials.
 *
 * @param bytes the size it must have; a longer answer is cut off and refused
 * Throws    FaceError NETWORK, MODEL_DAMAGED when the size differs, ABORTED
 */
export async function fetchFromUrl(
  url: string,
  bytes: number,
  { signal, onProgress }: WorkOptions = {},
): Promise<Uint8Array> {
  const { proxy, noProxy, ca, strictSSL } = await npmOptions();
  const stage = `download ${new URL(url).pathname.split("/").at(-1)}`;
  const data = new Uint8Array(bytes);
  let received = 0;
  try {
    const response = await fetch(url, {
      proxy,
      noProxy,
      ca,
      strictSSL,
      retry: { retries: 1, minTimeout: 500 },
    } as fetch.FetchOptions);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      throwIfAborted(signal);
      if (received + chunk.length > bytes) break;
      data.set(chunk, received);
      received += chunk.length;
      onProgress?.({ stage, done: received, total: bytes });
    }
  } catch (cause) {
    throwIfAborted(signal);
    throw new FaceError(
      "NETWORK",
      `${url}: expected a download, got: ${reasonOf(cause)}; check the connection, or fetch the file by hand and add it with "arcface models pull ID --from FILE"`,
      { cause },
    );
  }
  if (received !== bytes) {
    throw new FaceError(
      "MODEL_DAMAGED",
      `${url}: expected ${bytes} bytes, got another size; nothing was kept`,
    );
  }
  return data;
}
