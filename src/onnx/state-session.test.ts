import { expect, test } from "vitest";
import { decodeOnnx } from "./decode.ts";
import { encodeOnnx } from "./encode.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { ELEMENT_TYPE, type OnnxModel } from "./model.ts";
import { StateSession } from "./state-session.ts";

const COUNT = 4_000_000;

/** total += x, with the sum of x and whether it is positive as outputs. */
function adding(): OnnxModel {
  const graph = new GraphBuilder();
  const [x, total] = [graph.input("x", [COUNT]), graph.input("total", [COUNT])];
  graph.node("Add", [total, x], {}, "next");
  graph.output("next", [COUNT]);
  graph.node("ReduceSum", [x], { keepdims: 0 }, "sum");
  graph.output("sum", []);
  graph.node("Greater", ["sum", graph.scalar(0)], {}, "positive");
  graph.output("positive", [], ELEMENT_TYPE.bool);
  return graph.finish({ producer: "test", opset: 13 });
}

test.each([false, true])(
  "state goes round, and results of a run stay what they were (in place: %s)",
  async (inPlace) => {
    const data = new Float32Array(COUNT);
    const carried = [{ input: "total", output: "next", dims: [COUNT], data, inPlace }];
    await using session = await StateSession.open(adding(), carried);
    const run = async (value: number) =>
      await session.run({ x: { dims: [COUNT], data: new Float32Array(COUNT).fill(value) } });
    const first = await run(1);
    const second = await run(-2);
    expect(first["sum"]!.data[0]).toBe(COUNT);
    expect(second["sum"]!.data[0]).toBe(-2 * COUNT);
    expect(first["next"]).toBeUndefined();
    expect((await session.read()).get("total")!.every((v) => v === -1)).toBe(true);
    session.write(new Map([["total", new Float32Array(COUNT).fill(5)]]));
    await run(2);
    expect((await session.read()).get("total")!.every((v) => v === 7)).toBe(true);
  },
);

test("a run copies no state, whatever the engine hands back", async () => {
  await using session = await StateSession.open(adding(), [
    { input: "total", output: "next", dims: [COUNT], data: new Float32Array(COUNT) },
  ]);
  const x = { dims: [COUNT], data: new Float32Array(COUNT).fill(1) };
  await session.run({ x });
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 5; i++) await session.run({ x });
  // A copy of the state is 16 MB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8e6);
  expect((await session.read()).get("total")![COUNT - 1]).toBe(6);
});

test("a run that fails says what failed", async () => {
  await using session = await StateSession.open(adding(), [
    { input: "total", output: "next", dims: [COUNT], data: new Float32Array(COUNT) },
  ]);
  await expect(session.run({ x: { dims: [3], data: new Float32Array(3) } })).rejects.toMatchObject({
    code: "BAD_MODEL",
    message: expect.stringMatching(/x/),
  });
});

test("a sequence of tensors as an output is read as it was written", () => {
  const graph = new GraphBuilder();
  graph.node("SequenceConstruct", [graph.input("x", [2, "N"])], {}, "list");
  graph.sequenceOutput("list", [2, "N"]);
  const model = graph.finish({ producer: "test", opset: 13 });
  expect(decodeOnnx(encodeOnnx(model)).outputs).toEqual(model.outputs);
});
