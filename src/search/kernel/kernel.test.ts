import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asSource, compileScan } from "../../../tools/build-wasm.ts";

test("the WebAssembly that ships is what scan.as compiles to", async () => {
  const shipped = await readFile(join(import.meta.dirname, "scan-bytes.ts"), "utf8");
  expect(shipped).toBe(asSource(await compileScan()));
});
