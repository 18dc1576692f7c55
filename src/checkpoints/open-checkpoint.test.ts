import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeOnnx, GraphBuilder } from "../onnx/index.ts";
import {
  bytesSource,
  type Checkpoint,
  encodeCheckpoint,
  floatTensorOf,
  memoryTensor,
  openCheckpoint,
  readCheckpoint,
  writeCheckpoint,
} from "./index.ts";

const fixture = (name: string): string => new URL(`./fixtures/${name}`, import.meta.url).pathname;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "arcface-checkpoint-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Contents of plain.*.pth, from tools/make-checkpoint-fixtures.py. */
const PLAIN: Record<string, unknown> = {
  weight: ["float32", [2, 3], [0, 1, 2, 3, 4, 5]],
  half: ["float16", [4], [-0.5, -0.25, 0, 0.25]],
  brain: ["bfloat16", [4], [0, 3, 6, 9]],
  double: ["float64", [3], [0, Math.fround(1 / 3), Math.fround(2 / 3)]],
  counter: ["int64", [], [41]],
  flags: ["bool", [3], [1, 0, 1]],
  bytes: ["uint8", [3], [0, 1, 2]],
  whole: ["float32", [4, 6], Array.from({ length: 24 }, (_, i) => i)],
  column: ["float32", [4], [2, 8, 14, 20]],
  transposed: ["float32", [6, 2], [6, 12, 7, 13, 8, 14, 9, 15, 10, 16, 11, 17]],
  empty: ["float32", [0, 4], []],
};

/** The tensors of the small module in module.*.pth, as its state_dict() names them. */
const MODULE_NAMES = [
  "conv.weight",
  "bn.weight",
  "bn.bias",
  "bn.running_mean",
  "bn.running_var",
  "bn.num_batches_tracked",
];

describe("openCheckpoint", () => {
  test.each([
    ["zip", "pytorch-zip"],
    ["legacy", "pytorch-legacy"],
  ])(
    "reads every element type, shared storages and strides of PyTorch's %s container",
    (container, format) => {
      using checkpoint = openCheckpoint(fixture(`plain.${container}.pth`));
      expect(checkpoint.format).toBe(format);
      expect(contents(checkpoint)).toEqual(PLAIN);
    },
  );

  test.each(["zip", "legacy"])(
    "walks a whole pickled module of the %s container without running it",
    (container) => {
      using checkpoint = openCheckpoint(fixture(`module.${container}.pth`));
      expect([...checkpoint.tensors.keys()]).toEqual(MODULE_NAMES);
      expect([...checkpoint.tensors.get("conv.weight")!.floats()]).toEqual([0, 1, 2, 3, 4, 5]);
    },
  );

  test("finds a state dictionary inside a training checkpoint and cuts off what wrapped the network", () => {
    using checkpoint = openCheckpoint(fixture("nested.zip.pth"));
    expect(checkpoint.under).toEqual(["state_dict"]);
    expect(checkpoint.prefix).toBe("module.");
    expect([...checkpoint.tensors.keys()]).toEqual(MODULE_NAMES);
  });

  test("finds a module that was saved while spread over devices", () => {
    using checkpoint = openCheckpoint(fixture("spread-module.zip.pth"));
    expect(checkpoint.under).toEqual(["model"]);
    expect(checkpoint.prefix).toBe("module.");
    expect([...checkpoint.tensors.keys()]).toEqual(MODULE_NAMES);
  });

  test("takes the dictionary that was asked for, or says which there are", () => {
    using checkpoint = openCheckpoint(fixture("nested.zip.pth"), { under: ["state_dict"] });
    expect(checkpoint.tensors.size).toBe(6);
    expect(() => openCheckpoint(fixture("nested.zip.pth"), { under: ["ema"] })).toThrow(
      /expected tensors under "ema", got them under state_dict/,
    );
  });

  test("reads views of a storage as old files describe them", () => {
    const pickles = [
      fixtureHead(),
      // {"part": a tensor of 2 over elements 3 and 4 of a storage of 6, seen through a view from element 2}
      "\x80\x02}U\x04partctorch._utils\n_rebuild_tensor\n(",
      "(U\x07storagectorch\nFloatStorage\nU\x01aU\x03cpuK\x06U\x01vK\x02K\x03\x87tQ",
      "K\x01K\x02\x85K\x01\x85tRs.",
      "\x80\x02]U\x01aa.",
    ].map((part) => Buffer.from(part, "latin1"));
    const count = Buffer.from(BigUint64Array.of(6n).buffer);
    const data = Buffer.from(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);
    using checkpoint = readCheckpoint(bytesSource(Buffer.concat([...pickles, count, data])));
    expect(contents(checkpoint)).toEqual({ part: ["float32", [2], [3, 4]] });
  });

  test("refuses a dictionary inside itself", () => {
    const pickles = [fixtureHead(), "\x80\x02}q\x00U\x01ah\x00s.", "\x80\x02]."];
    const bytes = Buffer.concat(pickles.map((part) => Buffer.from(part, "latin1")));
    expect(() => readCheckpoint(bytesSource(bytes))).toThrow(
      "expected a tree, got a module or dictionary inside itself",
    );
  });

  test("reads tensors over untyped storages", () => {
    using checkpoint = openCheckpoint(fixture("unsigned.zip.pth"));
    expect(contents(checkpoint)).toEqual({ wide: ["uint16", [2], [1, 60000]] });
  });

  test("reads an ONNX file's constants", () => {
    const builder = new GraphBuilder();
    builder.float([2], Float32Array.of(1.5, -2), "slope");
    const bytes = encodeOnnx(builder.finish({ producer: "test", opset: 17 }));
    using checkpoint = readCheckpoint(bytesSource(bytes));
    expect(checkpoint.format).toBe("onnx");
    expect(contents(checkpoint)).toEqual({ slope: ["float32", [2], [1.5, -2]] });
  });

  test("the content decides, not the name", () => {
    const path = join(folder, "weights.pth");
    writeCheckpoint(path, "safetensors", [floatTensorOf("a", [1], Float32Array.of(3))]);
    using checkpoint = openCheckpoint(path);
    expect(checkpoint.format).toBe("safetensors");
  });

  test.each([
    ["an empty file", ""],
    ["text", "hello, these are no weights at all"],
    ["a cut zip", "PK\x03\x04 and nothing more"],
  ])("refuses %s and says where", (_what, text) => {
    expect(() => readCheckpoint(bytesSource(Buffer.from(text, "latin1"), "f"))).toThrow(
      /^f: .*at offset \d+: expected .+, got .+/,
    );
  });

  test.each([
    [
      "a Git LFS pointer",
      "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
      /git lfs pull/,
    ],
    ["a web page", "<!DOCTYPE html><html>", /a web page/],
    ["an HDF5 file", "\x89HDF\r\n\x1a\n", /HDF5/],
    ["a pickle of something else", "\x80\x04]\x94.", /a Python pickle that PyTorch did not write/],
    ["nothing", "", /an empty file/],
  ])("names %s as what it is, and the file", (_what, text, message) => {
    const open = (): unknown => readCheckpoint(bytesSource(Buffer.from(text, "latin1"), "model.pth"));
    expect(open).toThrow(message);
    expect(open).toThrow(/^model\.pth: at offset 0: expected PyTorch, .+, got .+/);
  });

  test("refuses a missing file and a folder", () => {
    expect(() => openCheckpoint(join(folder, "absent.pth"))).toThrow(/no such file/);
    expect(() => openCheckpoint(folder)).toThrow(/expected a file, got a folder/);
  });

  test("a tensor cannot be read after close()", () => {
    const checkpoint = openCheckpoint(fixture("plain.zip.pth"));
    checkpoint.close();
    checkpoint.close();
    expect(() => checkpoint.tensors.get("weight")!.bytes()).toThrow(/closed/);
  });

  test("a storage that is cut short is refused when the file is opened", () => {
    const bytes = readFileSync(fixture("plain.legacy.pth"));
    expect(() => readCheckpoint(bytesSource(bytes.subarray(0, bytes.length - 1), "cut"))).toThrow(
      /^cut: at offset \d+/,
    );
  });
});

describe.each(["pytorch-zip", "safetensors"] as const)("encodeCheckpoint in %s", (format) => {
  test("gives back every tensor it was given", () => {
    using original = openCheckpoint(fixture("plain.zip.pth"));
    const bytes = Buffer.concat([...encodeCheckpoint(format, [...original.tensors.values()])]);
    using copy = readCheckpoint(bytesSource(bytes));
    expect(copy.format).toBe(format);
    expect([...copy.tensors.keys()]).toEqual([...original.tensors.keys()]);
    expect(contents(copy)).toEqual(PLAIN);
  });

  test("writes whole files or none, and the same bytes for the same tensors", () => {
    const tensors = [
      floatTensorOf("a", [2], Float32Array.of(1, 2)),
      memoryTensor("b", "int64", [], new Uint8Array(8)),
    ];
    const [one, two] = [join(folder, `one.${format}`), join(folder, `two.${format}`)];
    writeCheckpoint(one, format, tensors);
    writeCheckpoint(two, format, tensors);
    expect(readFileSync(one)).toEqual(readFileSync(two));
    expect(() => writeCheckpoint(join(folder, "absent", "x"), format, tensors)).toThrow(/expected to write/);
  });

  test("refuses two tensors of one name", () => {
    const twice = floatTensorOf("a", [1], Float32Array.of(1));
    expect(() => encodeCheckpoint(format, [twice, twice])).toThrow(/"a" twice/);
  });
});

describe("safetensors", () => {
  const file = (header: string, data = 8): Uint8Array => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, Buffer.from(header), Buffer.alloc(data)]);
  };
  const entry = (dtype: string, shape: string, offsets: string): string =>
    `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

  test.each([
    ["overlapping data", `{"a":${entry("F32", "[2]", "[0,8]")},"b":${entry("F32", "[1]", "[4,8]")}}`],
    ["a gap", `{"a":${entry("F32", "[1]", "[4,8]")}}`],
    ["data past the end", `{"a":${entry("F32", "[4]", "[0,16]")}}`],
    ["bytes that nothing covers", `{"a":${entry("F32", "[1]", "[0,4]")}}`],
    ["a shape of another size", `{"a":${entry("F32", "[3]", "[0,8]")}}`],
    ["a negative size", `{"a":${entry("F32", "[-2]", "[0,8]")}}`],
    ["a size past 2⁵³", `{"a":${entry("F32", "[9007199254740993,2]", "[0,8]")}}`],
    ["an element type that is no word", `{"a":${entry("f8 e4m3", "[8]", "[0,8]")}}`],
    ["an unknown element type past the end", `{"a":${entry("F8_E4M3", "[9]", "[0,9]")}}`],
    ["metadata that is no text", `{"__metadata__":{"k":1},"a":${entry("F32", "[2]", "[0,8]")}}`],
    ["no JSON", `{"a":`],
  ])("refuses %s with its offset", (_what, header) => {
    expect(() => readCheckpoint(bytesSource(file(header), "f"))).toThrow(
      /^f: .*at offset \d+: expected .+, got .+/,
    );
  });

  test("names a tensor of a type that is not read, and reads the others", () => {
    const header = `{"_orig_mod.a":${entry("F8_E4M3", "[4]", "[0,4]")},"_orig_mod.b":${entry("F32", "[1]", "[4,8]")}}`;
    const { tensors, unreadable, prefix } = readCheckpoint(bytesSource(file(header)));
    expect([...tensors.keys()]).toEqual(["b"]);
    expect([...unreadable]).toEqual([["a", "a tensor of F8_E4M3"]]);
    expect(prefix).toBe("_orig_mod.");
  });

  test("keeps its metadata", () => {
    const header = `{"__metadata__":{"made by":"hand"},"a":${entry("F64", "[1]", "[0,8]")}}`;
    expect(readCheckpoint(bytesSource(file(header))).metadata).toEqual({ "made by": "hand" });
  });

  test("a header longer than the file is refused before it is read", () => {
    const bytes = file("{}", 0);
    bytes[6] = 1;
    writeFileSync(join(folder, "long"), bytes);
    expect(() => openCheckpoint(join(folder, "long"))).toThrow(/at offset 0/);
  });
});

/** Name → type, shape, values. */
function contents(checkpoint: Checkpoint): Record<string, unknown> {
  const entries = [...checkpoint.tensors.values()].map(({ name, dtype, shape, floats }) => {
    return [name, [dtype, shape, [...floats()]]];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** The beginning of a legacy file, up to its object: magic, protocol, machine. */
function fixtureHead(): string {
  const bytes = readFileSync(fixture("plain.legacy.pth"));
  let at = 0;
  for (let pickle = 0; pickle < 3; pickle++) at = bytes.indexOf(Buffer.of(0x80, 2), at + 1);
  return bytes.subarray(0, at).toString("latin1");
}
