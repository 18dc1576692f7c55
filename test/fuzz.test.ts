import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ByteSource,
  bytesSource,
  encodeCheckpoint,
  floatTensorOf,
  readCheckpoint,
} from "../src/checkpoints/index.ts";
import { FaceError } from "../src/core/index.ts";
import { decodeOnnx, encodeOnnx, GraphBuilder } from "../src/onnx/index.ts";
import { sharedFile } from "./shared-files.ts";

/** Every complaint about a file says where in it. */
const COMPLAINT = /at offset \d+: expected .+, got .+/s;
/** A tensor's own bytes: strides may repeat an element of a small file, but never beyond eight bytes for one of the file. */
const MAX_TENSOR_FACTOR = 8;
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
function survives(bytes: Uint8Array): void {
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
        expect(tensor.bytes().length).toBeLessThanOrEqual(MAX_TENSOR_FACTOR * bytes.length);
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
  test.each(["plain.zip.pth", "plain.legacy.pth", "module.zip.pth", "nested.zip.pth"])("%s", (name) => {
    check(mutations(fixture(name)), survives);
  });

  test("safetensors", () => {
    const tensors = ["a", "b", "c"].map((name, i) => floatTensorOf(name, [i, 3], new Float32Array(3 * i)));
    check(mutations(Buffer.concat([...encodeCheckpoint("safetensors", tensors)])), survives);
  });

  test("any bytes behind each format's first ones", () => {
    const heads = ["PK\x03\x04", "\x80\x02\x8a\x0alü\x9cFù j¨P\x19.", "\x10\0\0\0\0\0\0\0{", "\x08\x08", ""];
    const head = fc.constantFrom(...heads.map((text) => Buffer.from(text, "latin1")));
    check(
      fc.tuple(head, fc.uint8Array({ maxLength: 300 })).map((parts) => Buffer.concat(parts)),
      survives,
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
    check(program, survives, 4_000);
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
    check(mutations(smallNetwork()), (bytes) => complainsAtMost(() => decodeOnnx(bytes)), 4_000);
  });

  const real = sharedFile("models/yunet_n_dynamic.onnx");
  test.skipIf(!real)("a real one's (needs ../shared/models)", () => {
    check(mutations(readFileSync(real!)), (bytes) => complainsAtMost(() => decodeOnnx(bytes)), 150);
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
