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

  test("an iResNet's tensors are given the names and meaning of InsightFace's PyTorch code", () => {
    const names = [
      "arg:conv0_weight",
      "arg:relu0_gamma",
      "aux:bn0_moving_var",
      "arg:stage1_unit1_conv1_weight",
      "arg:stage1_unit1_relu1_gamma",
      "arg:stage1_unit1_bn3_gamma",
      "aux:stage1_unit1_bn3_moving_mean",
      "arg:stage4_unit1_conv1sc_weight",
      "arg:stage4_unit2_sc_beta",
      "arg:bn1_gamma",
      "arg:pre_fc1_weight",
      "arg:pre_fc1_bias",
      "arg:fc1_gamma",
      "arg:fc7_weight",
    ];
    const { tensors } = open(
      mxnetFile(
        "V2",
        names.map((name) => ({ name, shape: [1], values: [0.5] })),
      ),
    );
    expect(Object.fromEntries([...tensors].map(([name, { floats }]) => [name, floats()[0]]))).toEqual({
      "conv1.weight": 0.5,
      "prelu.weight": 0.5,
      "bn1.running_var": Math.fround(0.50001),
      "layer1.0.conv1.weight": 0.5,
      "layer1.0.prelu.weight": 0.5,
      "layer1.0.bn3.weight": 0.5,
      "layer1.0.bn3.running_mean": 0.5,
      "layer4.0.downsample.0.weight": 0.5,
      "layer4.1.downsample.1.bias": 0.5,
      "bn2.weight": 0.5,
      "fc.weight": 0.5,
      "fc.bias": 0.5,
      "features.weight": 1,
      "arg:fc7_weight": 0.5,
    });
    expect([...tensors].every(([name, tensor]) => tensor.name === name)).toBe(true);
    for (const more of ["aux:bn_data_moving_mean", "arg:stage1_unit1_se_conv1_weight"]) {
      const arrays = [...names, more].map((name) => ({ name, shape: [1], values: [0.5] }));
      expect([...open(mxnetFile("V2", arrays)).tensors.keys()]).toEqual([...names, more]);
    }
  });

  test("an array that was never filled is named", () => {
    const { tensors, unreadable } = open(mxnetFile("V2", [{ name: "arg:empty", shape: [], values: [] }]));
    expect([tensors.size, [...unreadable]]).toEqual([0, [["arg:empty", "an array that was never filled"]]]);
  });

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
