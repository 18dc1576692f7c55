import { describe, expect, test } from "vitest";
import { type Checkpoint, openCheckpoint } from "./index.ts";

const fixture = (name: string): string => new URL(`./fixtures/${name}`, import.meta.url).pathname;

/** Name → values. */
const contents = ({ tensors }: Checkpoint): Record<string, number[]> =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, [...tensor.floats()]]));

describe("files as PyTorch writes them, from tools/make-checkpoint-fixtures.py", () => {
  test.each(["everyday.zip.pth", "everyday.legacy.pth"])(
    "%s: counters, deques, ranges, complex numbers, sizes, devices and numpy values lie beside the weights",
    (name) => {
      using checkpoint = openCheckpoint(fixture(name));
      expect(checkpoint.under).toEqual(["state_dict"]);
      expect(contents(checkpoint)).toEqual({ "conv.weight": [0, 1, 2, 3, 4, 5] });
      expect(checkpoint.unreadable.size).toBe(0);
    },
  );

  test.each(["mixed.zip.pth", "mixed.legacy.pth"])(
    "%s: a tensor of a kind that is not read is named, and the others are read",
    (name) => {
      using checkpoint = openCheckpoint(fixture(name));
      expect(contents(checkpoint)).toEqual({ first: [0, 1], last: [0, 1, 2] });
      expect(Object.fromEntries(checkpoint.unreadable)).toEqual({
        sparse: "a sparse tensor",
        rows: "a sparse tensor",
        meta: "a tensor without data (meta)",
        quantised: "a quantised tensor",
        complex: "a tensor of complex64",
        eight: "a tensor of float8_e4m3fn",
        turned: "a tensor stored with its signs turned",
      });
    },
  );

  test("a TorchScript program's weights are read by the names that its module gives them", () => {
    using checkpoint = openCheckpoint(fixture("script.pt"));
    expect(checkpoint.format).toBe("torchscript");
    expect(contents(checkpoint)).toEqual({
      "body.0.weight": [0, 1, 2, 3, 4, 5],
      "body.1.weight": [1, 1, 1],
      "body.1.bias": [0, 0, 0],
      "body.1.running_mean": [0, 0, 0],
      "body.1.running_var": [1, 1, 1],
      "body.1.num_batches_tracked": [0],
    });
  });

  test("a frozen TorchScript program has no names for its weights, and is refused with that", () => {
    expect(() => openCheckpoint(fixture("frozen.pt"))).toThrow(
      /frozen\.pt: at offset \d+: expected tensors by name, got a frozen TorchScript program/,
    );
  });

  test("an archive that was packed anew, with its entries deflated, holds what it held", () => {
    using deflated = openCheckpoint(fixture("deflated.zip.pth"));
    using stored = openCheckpoint(fixture("plain.zip.pth"));
    expect(contents(deflated)).toEqual(contents(stored));
    deflated.close();
    expect(() => deflated.tensors.get("weight")!.bytes()).toThrow(/closed/);
  });

  test("what torch.compile puts into names is taken out, wherever it stands", () => {
    using checkpoint = openCheckpoint(fixture("compiled.zip.pth"));
    expect(contents(checkpoint)).toEqual({
      "stem.weight": [0],
      "body.0.conv.weight": [1],
      "body.1.module.weight": [2],
    });
    expect([checkpoint.prefix, checkpoint.wrappers]).toEqual(["_orig_mod.", ["_orig_mod"]]);
  });

  test("averaged weights beside the others are taken where they are asked for", () => {
    using usual = openCheckpoint(fixture("averaged.zip.pth"));
    expect([usual.under, usual.elsewhere]).toEqual([["model"], ["ema"]]);
    using averaged = openCheckpoint(fixture("averaged.zip.pth"), { under: ["ema"] });
    expect(contents(averaged)).toEqual({ weight: [7, 8] });
  });

  test("of two networks of the same names and no usual place none is guessed", () => {
    expect(() => openCheckpoint(fixture("twins.zip.pth"))).toThrow(
      /twins\.zip\.pth: .*expected one network, got several of 1 tensors, under student, teacher: choose with --under NAME/,
    );
    using teacher = openCheckpoint(fixture("twins.zip.pth"), { under: ["teacher"] });
    expect(contents(teacher)).toEqual({ weight: [7, 8] });
  });
});
