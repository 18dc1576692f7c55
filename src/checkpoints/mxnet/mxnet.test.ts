import { describe, expect, test } from "vitest";
import { bytesSource, type Checkpoint, readCheckpoint } from "../index.ts";
import { type ArrayOfTest, mxnetFile } from "./made-file.ts";

const open = (bytes: Uint8Array): Checkpoint => readCheckpoint(bytesSource(bytes, "model-0000.params"));

const weight: ArrayOfTest = { name: "arg:fc_weight", shape: [2, 2], values: [1, 2, 3, 4] };
const mean: ArrayOfTest = { name: "aux:bn_moving_mean", shape: [1], values: [9] };

describe("MXNet's .params", () => {
  test.each(["before 1.0", "V1", "V2", "V3"] as const)(
    "arrays of the form %s are read with their names",
    (form) => {
      const checkpoint = open(mxnetFile(form, [weight, mean]));
      expect(checkpoint.format).toBe("mxnet");
      expect(
        [...checkpoint.tensors].map(([name, { shape, floats }]) => [name, shape, [...floats()]]),
      ).toEqual([
        ["arg:fc_weight", [2, 2], [1, 2, 3, 4]],
        ["aux:bn_moving_mean", [1], [9]],
      ]);
    },
  );

  test.each<[string, (bytes: Buffer) => void, RegExp]>([
    ["a sparse array", (b) => b.writeInt32LE(1, 28), /expected a dense array, got storage type 1/],
    ["more axes than there are", (b) => b.writeUInt32LE(33, 32), /at most 32 axes, got 33/],
    ["a size past the end", (b) => b.writeBigUInt64LE(2n ** 40n, 36), /more bytes/],
    ["more arrays than anybody has", (b) => b.writeBigUInt64LE(2n ** 40n, 16), /at most 100000/],
  ])("refuses %s with the file and the offset", (_what, damage, message) => {
    const bytes = Buffer.from(mxnetFile("V2", [weight, mean]));
    damage(bytes);
    expect(() => open(bytes)).toThrow(message);
    expect(() => open(bytes)).toThrow(/^model-0000\.params: mxnet: at offset \d+: expected .+, got .+/);
  });
});
