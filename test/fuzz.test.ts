import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ByteSource,
  bytesSource,
  encodeCheckpoint,
  floatTensorOf,
  readCheckpoint,
} from "../src/checkpoints/index.ts";
import { mxnetFile } from "../src/checkpoints/mxnet/made-file.ts";
import { readTflite, tfliteToOnnx } from "../src/checkpoints/tflite/index.ts";
import { FaceError } from "../src/core/index.ts";
import { ModelStore } from "../src/models/index.ts";
import { decodeOnnx, encodeOnnx, GraphBuilder, refusalOf } from "../src/onnx/index.ts";
import { sharedFile } from "./shared-files.ts";

/** Every complaint about a file says where in it. */
const COMPLAINT = /at offset \d+: expected .+, got .+/s;
/** A tensor's own bytes: strides may repeat an element of a small file, but never beyond eight bytes for one of the file. */
const MAX_TENSOR_FACTOR = 8;
/** Deflate makes at most so many bytes of one. */
const DEFLATE_FACTOR = 1_032;
/** All that is read to open a file: windows overlap and headers are read twice, no more. */
const MAX_READ_FACTOR = 6;
const READ_ALLOWANCE = 200_000;

const SEED = 20_240_229;
const RUNS = 1_500;

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../src/checkpoints/fixtures/${name}`, import.meta.url));

/** A few bytes changed, a stretch cut out, doubled or filled, the end cut off. */
function mutations(original: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.oneof(fc.nat(original.length - 1), fc.nat(Math.min(original.length - 1, 400)));
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
  const poke = fc.array(fc.tuple(place, byte), { minLength: 1, maxLength: 6 }).map((pokes) => {
    const bytes = Uint8Array.from(original);
    for (const [at, value] of pokes) bytes[at] = value;
    return bytes;
  });
  const splice = fc.tuple(place, fc.nat(40), fc.uint8Array({ maxLength: 40 })).map(([at, cut, insert]) => {
    return Buffer.concat([original.subarray(0, at), insert, original.subarray(at + cut)]);
  });
  const repeat = fc.tuple(place, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 2, max: 30 }));
  const repeated = repeat.map(([at, length, times]) => {
    const stretch = original.subarray(at, at + length);
    return Buffer.concat([
      original.subarray(0, at),
      ...new Array<Uint8Array>(times).fill(stretch),
      original.subarray(at),
    ]);
  });
  const truncated = place.map((at) => original.subarray(0, at));
  return fc.oneof({ weight: 5, arbitrary: poke }, splice, repeated, truncated);
}

/** Opens a file and reads every tensor; whatever goes wrong must be a complaint about the file, in few bytes. */
function survives(bytes: Uint8Array, tensorFactor = MAX_TENSOR_FACTOR): void {
  let asked = 0;
  const inner = bytesSource(bytes, "fuzz");
  const source: ByteSource = {
    ...inner,
    read(offset, length) {
      asked += length;
      return inner.read(offset, length);
    },
  };
  complainsAtMost(() => {
    using checkpoint = readCheckpoint(source);
    expect(asked).toBeLessThanOrEqual(MAX_READ_FACTOR * bytes.length + READ_ALLOWANCE);
    for (const tensor of checkpoint.tensors.values()) {
      complainsAtMost(() => {
        expect(tensor.bytes().length).toBeLessThanOrEqual(tensorFactor * bytes.length);
      });
    }
  });
}

function complainsAtMost(act: () => void): void {
  try {
    act();
  } catch (thrown) {
    if (!(thrown instanceof FaceError)) throw thrown;
    expect(thrown.message).toMatch(COMPLAINT);
  }
}

function check(arbitrary: fc.Arbitrary<Uint8Array>, act: (bytes: Uint8Array) => void, numRuns = RUNS): void {
  fc.assert(fc.property(arbitrary, act), { seed: SEED, numRuns });
}

describe("damaged checkpoints are refused in a sentence with an offset, never by a crash", () => {
  test.each([
    "plain.zip.pth",
    "plain.legacy.pth",
    "module.zip.pth",
    "nested.zip.pth",
    "everyday.zip.pth",
    "mixed.zip.pth",
    "mixed.legacy.pth",
    "script.pt",
  ])("%s", (name) => {
    check(mutations(fixture(name)), (bytes) => survives(bytes));
  });

  test("an archive with deflated entries", () => {
    const factor = MAX_TENSOR_FACTOR * DEFLATE_FACTOR;
    check(mutations(fixture("deflated.zip.pth")), (bytes) => survives(bytes, factor));
  });

  test("MXNet's parameters", () => {
    const arrays = ["arg:a", "aux:b"].map((name) => ({ name, shape: [2, 2], values: [1, 2, 3, 4] }));
    for (const form of ["before 1.0", "V1", "V2", "V3"] as const)
      check(mutations(mxnetFile(form, arrays)), (bytes) => survives(bytes), 400);
  });

  test("safetensors", () => {
    const tensors = ["a", "b", "c"].map((name, i) => floatTensorOf(name, [i, 3], new Float32Array(3 * i)));
    check(mutations(Buffer.concat([...encodeCheckpoint("safetensors", tensors)])), (bytes) =>
      survives(bytes),
    );
  });

  test("any bytes behind each format's first ones", () => {
    const heads = ["PK\x03\x04", "\x80\x02\x8a\x0alü\x9cFù j¨P\x19.", "\x10\0\0\0\0\0\0\0{", "\x08\x08", ""];
    const head = fc.constantFrom(...heads.map((text) => Buffer.from(text, "latin1")));
    check(
      fc.tuple(head, fc.uint8Array({ maxLength: 300 })).map((parts) => Buffer.concat(parts)),
      (bytes) => survives(bytes),
    );
  });
});

describe("hostile pickles", () => {
  const LEGACY_HEAD = pickleHead(fixture("plain.legacy.pth"));

  test("any sequence of opcodes ends in data or a complaint", () => {
    const opcode = fc.constantFrom(
      ..."()]}.012NIJKMGXUTBCabceldstuqrhjRbo\x80\x81\x85\x86\x87\x88\x8a\x8f\x90\x91\x92\x93\x94Q".split(""),
    );
    const word = fc.constantFrom(
      "ctorch._utils\n_rebuild_tensor_v2\n",
      "ctorch\nFloatStorage\n",
      "ctorch\nComplexFloatStorage\n",
      "ctorch._utils\n_rebuild_sparse_tensor\n",
      "ccollections\nCounter\n",
      "c__builtin__\nxrange\n",
      "c__torch__\nNetwork\n",
      "ccollections\nOrderedDict\n",
      "cusers\nThing\n",
      "cos\nsystem\n",
      "U\x07storage",
      "K\x01",
      "q\x00",
      "h\x00",
    );
    const program = fc
      .array(fc.oneof(opcode, word), { maxLength: 60 })
      .map((parts) => Buffer.concat([LEGACY_HEAD, Buffer.from(`${parts.join("")}.`, "latin1")]));
    check(program, (bytes) => survives(bytes), 4_000);
  });

  test("a tree that shares its branches is not walked to the end of time", () => {
    const doubled = Array.from(
      { length: 60 },
      (_, i) => `}q${chr(i)}(U\x01ah${chr(i - 1)}U\x01bh${chr(i - 1)}u`,
    );
    const pickle = `}q\x00U\x01xK\x01s${doubled.slice(1).join("")}.`;
    survives(Buffer.concat([LEGACY_HEAD, Buffer.from(pickle, "latin1")]));
  });

  test.each([
    ["lists inside lists", "]".repeat(50_000) + "a".repeat(49_999)],
    ["marks", "(".repeat(100_000)],
    ["memos", `N${"\x94".repeat(300_000)}`],
    ["empty dictionaries", "}".repeat(2_000_000)],
    ["copies of one string", `X\xe8\x03\0\0${"s".repeat(1000)}${"2".repeat(200_000)}`],
    ["a number of a million digits", `L${"9".repeat(1_000_000)}L\n`],
    ["a text that claims four gigabytes", "X\xff\xff\xff\xff"],
    ["bytes that claim more than there are", "\x8e\xff\xff\xff\xff\xff\xff\xff\x7f"],
  ])("%s", (_what, pickle) => {
    survives(Buffer.concat([LEGACY_HEAD, Buffer.from(`${pickle}.`, "latin1")]));
  });
});

describe("damaged ONNX files", () => {
  test("a small network's", () => {
    check(mutations(smallNetwork()), (bytes) => complainsAtMost(() => refusalOf(decodeOnnx(bytes))), 4_000);
  });

  const real = sharedFile("models/yunet_n_dynamic.onnx");
  test.skipIf(!real)("a real one's (needs ../shared/models)", () => {
    check(
      mutations(readFileSync(real!)),
      (bytes) => complainsAtMost(() => refusalOf(decodeOnnx(bytes))),
      150,
    );
  });

  test.each([
    [
      "a million empty nodes",
      Buffer.concat([Buffer.from([0x3a, 0x80, 0x89, 0x7a]), Buffer.alloc(2_000_000, "\x0a\x00")]),
    ],
    [
      "a tensor of more elements than bytes",
      tensorOf([0x08, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x10, 0x01, 0x4a, 0x00]),
    ],
    [
      "a tensor of a negative size",
      tensorOf([0x08, ...new Array<number>(9).fill(0xff), 0x01, 0x10, 0x01, 0x4a, 0]),
    ],
  ])("%s", (_what, bytes) => {
    expect(() => decodeOnnx(bytes)).toThrow(COMPLAINT);
  });

  test("a name that JavaScript gives a meaning to is a name", () => {
    const builder = new GraphBuilder();
    builder.node("Relu", ["x"], { ["__proto__"]: 1 }, "y");
    const attributes = decodeOnnx(encodeOnnx(builder.finish({ producer: "test", opset: 17 }))).nodes[0]!
      .attributes;
    expect(Object.getPrototypeOf(attributes)).toBeNull();
  });
});

describe("damaged TFLite files", () => {
  test("a small network's, as weights and as a graph", () => {
    const file = smallTflite();
    expect(readTflite(file).operators.map(({ kind }) => kind)).toEqual(["CONV_2D"]);
    const tensors = readCheckpoint(bytesSource(file)).tensors;
    expect([...tensors.values()].map(({ name, shape }) => [name, shape])).toEqual([
      ["filter", [2, 1, 1, 3]],
      ["bias", [2]],
    ]);
    expect([...tensors.get("bias")!.floats()]).toEqual([7, 8]);
    check(
      mutations(file),
      (bytes) => {
        survives(bytes);
        complainsAtMost(() => readTflite(bytes));
        refusesAtMost(() => encodeOnnx(tfliteToOnnx(readTflite(bytes))));
      },
      6_000,
    );
  });

  const real = storedFile("mtcnn", "pnet.tflite");
  test.skipIf(!real)("a real one's (needs the default models in the store)", () => {
    const read = (bytes: Uint8Array): void => {
      survives(bytes);
      complainsAtMost(() => readTflite(bytes));
    };
    check(mutations(readFileSync(real!)), read, 600);
  });

  test("tensors that share one large buffer do not add up to more than the file", () => {
    const shared = smallTflite({ tensors: 4_000, weights: 20_000 });
    expect(() => readTflite(shared)).toThrow(COMPLAINT);
    survives(shared);
  });
});

/** A model's file, if an earlier run has brought it; nothing is downloaded for this. */
function storedFile(id: string, name: string): string | undefined {
  const path = join(new ModelStore({ home: process.env["ARCFACE_HOME"] }).home, "models", id, name);
  return existsSync(path) ? path : undefined;
}

/** Like {@link complainsAtMost} where what is wrong lies in how parts fit together, not at one place. */
function refusesAtMost(act: () => void): void {
  try {
    act();
  } catch (thrown) {
    if (!(thrown instanceof FaceError)) throw thrown;
    expect(thrown.code).not.toBe("INTERNAL");
  }
}

/** A table of a FlatBuffers file being written: scalars and children by field number. */
type Field =
  | { int32: number }
  | { int8: number }
  | { table: Field[] }
  | { tables: Field[][] }
  | { bytes: Uint8Array; elements: number };

/** One 1×1 convolution from 3 to 2 channels; or as many tensors as asked for over one buffer. */
function smallTflite(more: { tensors?: number; weights?: number } = {}): Uint8Array {
  const int32s = (...values: number[]): Field => ({
    bytes: new Uint8Array(Int32Array.from(values).buffer),
    elements: values.length,
  });
  const text = (value: string): Field => ({ bytes: Buffer.from(value), elements: Buffer.byteLength(value) });
  const floats = (...values: number[]): Field => ({
    bytes: new Uint8Array(Float32Array.from(values).buffer),
    elements: 4 * values.length,
  });
  const tensor = (name: string, buffer: number, ...shape: number[]): Field[] => [
    int32s(...shape),
    { int8: 0 },
    { int32: buffer },
    text(name),
  ];
  const many = more.tensors ?? 0;
  const weights = more.weights ?? 1;
  const graph: Field[] = [
    {
      tables: [
        tensor("x", 0, 1, 2, 2, 3),
        tensor("filter", 1, 2, 1, 1, 3),
        tensor("bias", 2, 2),
        tensor("y", 0, 1, 2, 2, 2),
        ...Array.from({ length: many }, (_, i) => tensor(`t${i}`, 3, weights)),
      ],
    },
    int32s(0),
    int32s(3),
    {
      tables: [
        [
          { int32: 0 },
          int32s(0, 1, 2),
          int32s(3),
          { int32: 0 },
          { table: [{ int8: 1 }, { int32: 1 }, { int32: 1 }] },
        ],
      ],
    },
  ];
  const code: Field[] = [{ int8: 3 }, text(""), { int32: 1 }, { int32: 3 }];
  const buffers = [
    floats(),
    floats(1, 2, 3, 4, 5, 6),
    floats(7, 8),
    floats(...new Array<number>(weights).fill(9)),
  ];
  return writeFlatbuffer([
    { int32: 3 },
    { tables: [code] },
    { tables: [graph] },
    text("test"),
    { tables: buffers.map((field) => [field]) },
  ]);
}

/** A FlatBuffers file with identifier TFL3: each table behind its own vtable, children behind their parents. */
function writeFlatbuffer(root: readonly Field[]): Uint8Array {
  const parts: number[] = [0, 0, 0, 0, ...Buffer.from("TFL3")];
  const int32At = (at: number, value: number): void => {
    for (let i = 0; i < 4; i++) parts[at + i] = (value >> (8 * i)) & 255;
  };
  const align = (): void => {
    while (parts.length % 4 !== 0) parts.push(0);
  };
  const grow = (bytes: number): number => {
    align();
    const at = parts.length;
    for (let i = 0; i < bytes; i++) parts.push(0);
    return at;
  };
  const write = (fields: readonly Field[]): number => {
    const vtable = grow(4 + 2 * fields.length);
    const table = grow(4 + 4 * fields.length);
    parts[vtable] = (4 + 2 * fields.length) & 255;
    parts[vtable + 2] = 4 + 4 * fields.length;
    int32At(table, table - vtable);
    fields.forEach((field, i) => {
      const at = table + 4 + 4 * i;
      parts[vtable + 4 + 2 * i] = 4 + 4 * i;
      if ("int32" in field) int32At(at, field.int32);
      else if ("int8" in field) parts[at] = field.int8;
      else if ("table" in field) int32At(at, write(field.table) - at);
      else if ("bytes" in field) {
        const vector = grow(4 + field.bytes.length);
        int32At(vector, field.elements);
        field.bytes.forEach((byte, k) => {
          parts[vector + 4 + k] = byte;
        });
        int32At(at, vector - at);
      } else {
        const vector = grow(4 + 4 * field.tables.length);
        int32At(vector, field.tables.length);
        int32At(at, vector - at);
        field.tables.forEach((child, k) => {
          int32At(vector + 4 + 4 * k, write(child) - (vector + 4 + 4 * k));
        });
      }
    });
    return table;
  };
  int32At(0, write(root));
  return Uint8Array.from(parts);
}

function smallNetwork(): Uint8Array {
  const builder = new GraphBuilder();
  const x = builder.input("x", ["N", 3, 8, 8]);
  const y = builder.node("Conv", [x, builder.float([4, 3, 3, 3], new Float32Array(108))], {
    pads: [1, 1, 1, 1],
  });
  builder.node("PRelu", [y, builder.float([4, 1, 1], new Float32Array(4))], {}, "y");
  builder.output("y", ["N", 4, 8, 8]);
  builder.int([1, -1]);
  return encodeOnnx(builder.finish({ producer: "test", opset: 17 }));
}

/** A model whose graph holds one tensor of these bytes. */
function tensorOf(tensor: readonly number[]): Uint8Array {
  const graph = [0x2a, tensor.length, ...tensor];
  return Uint8Array.from([0x08, 0x08, 0x3a, graph.length, ...graph]);
}

/** A legacy file up to where its object's pickle begins: behind the third STOP that ends a pickle. */
function pickleHead(file: Uint8Array): Uint8Array {
  const protocol = Buffer.from("\x80\x02", "latin1");
  let at = 0;
  for (let pickle = 0; pickle < 3; pickle++) at = Buffer.from(file).indexOf(protocol, at + 1);
  return file.subarray(0, at);
}

function chr(index: number): string {
  return String.fromCharCode(index);
}
