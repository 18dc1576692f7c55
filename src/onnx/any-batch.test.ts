import { expect, test } from "vitest";
import { withAnyBatch } from "./any-batch.ts";
import { encodeOnnx } from "./encode.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { withUnitOutput } from "./normalize-output.ts";
import { Session } from "./session.ts";

/** [1, 2, 1, 2] flattened by a Reshape that was exported for one picture. */
function forOnePicture(opset: number) {
  const builder = new GraphBuilder();
  const x = builder.input("x", [1, 2, 1, 2]);
  builder.node("Reshape", [x, builder.int([1, -1])], {}, "y");
  builder.output("y", [1, 4]);
  return builder.finish({ producer: "test", opset });
}

test("a graph exported for one picture takes several, each as if it were alone", async () => {
  const model = withAnyBatch(forOnePicture(13));
  expect([model.inputs[0]!.dims, model.outputs[0]!.dims]).toEqual([
    ["N", 2, 1, 2],
    ["N", 4],
  ]);
  await using session = await Session.open(encodeOnnx(model));
  const { y } = await session.run({
    x: { dims: [2, 2, 1, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
  });
  expect([y!.dims, [...y!.data]]).toEqual([
    [2, 4],
    [1, 2, 3, 4, 5, 6, 7, 8],
  ]);
});

test.each([13, 18])("rows leave with length 1 where asked for, in operator set %i", async (opset) => {
  const model = withUnitOutput(withAnyBatch(forOnePicture(opset)));
  await using session = await Session.open(encodeOnnx(model));
  const { y } = await session.run({
    x: { dims: [2, 2, 1, 2], data: Float32Array.of(3, 0, 0, 4, 0, 2, 0, 0) },
  });
  expect([...y!.data].map((value) => Number(value.toFixed(6)))).toEqual([0.6, 0, 0, 0.8, 0, 1, 0, 0]);
});

test("only one output of two axes has rows to normalise", () => {
  const model = forOnePicture(13);
  expect(() => withUnitOutput({ ...model, outputs: [] })).toThrow("expected one output [N, D] to normalise");
});
