import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeOnnx, GraphBuilder } from "../src/onnx/index.ts";
import { arcface } from "./run-cli.ts";

let folder: string;
/** A file of two hundred bytes that would ask for 6 GB. */
let bomb: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "arcface-refused-"));
  bomb = join(folder, "bomb.onnx");
  const builder = new GraphBuilder();
  const x = builder.input("x", ["N", 3, 112, 112]);
  const filled = builder.node("ConstantOfShape", [builder.int([40_000, 40_000])]);
  builder.node("Add", [x, builder.node("ReduceMax", [filled])], {}, "y");
  builder.output("y", ["N", 3, 112, 112]);
  // The photographs of `embed`; they are not looked at.
  writeFileSync(join(folder, "picture.jpg"), Uint8Array.of(0xff, 0xd8, 0xff));
  writeFileSync(bomb, encodeOnnx(builder.finish({ producer: "test", opset: 17 })));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const REFUSAL =
  'expected values of at most 67108864 numbers for one picture, got ConstantOfShape "node_2" of [40000, 40000]';

test("a network that would take the machine's memory is described and not run", async () => {
  const { code, out } = await arcface(["inspect", bomb]);
  expect(code).toBe(0);
  expect(out).toContain(`not run     ${REFUSAL}`);
});

test.each([
  ["convert", (path: string) => ["convert", path, "--out", join(folder, "out.onnx")]],
  ["embed", (path: string) => ["embed", folder, "--model", path, "--out", join(folder, "out.jsonl")]],
])("%s refuses it by its file's name, before the engine sees it", async (_command, args) => {
  const { code, err } = await arcface(args(bomb));
  expect([code, err]).toEqual([3, expect.stringContaining(`arcface: ${bomb}: onnx: ${REFUSAL}\n`)]);
});
