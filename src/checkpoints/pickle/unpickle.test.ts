import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ByteCursor } from "../byte-cursor.ts";
import { bytesSource } from "../byte-source.ts";
import {
  PickleDict,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
  unpickle,
} from "./index.ts";

const fixtures = new URL("../fixtures/pickles.json", import.meta.url);
const PICKLES = JSON.parse(readFileSync(fixtures, "utf8")) as Record<string, string>;

describe("unpickle", () => {
  test.each(Object.entries(PICKLES))("reads what Python's protocol %s writes", (_protocol, hex) => {
    const value = plain(load(Buffer.from(hex, "hex")));
    expect(value).toEqual({
      text: "é\n'\"",
      list: [1, -2, 2 ** 40, 2n ** 70n, 1.5, null, true],
      tuple: [1, [2, 3, 4, 5]],
      bytes: [0, 255],
      set: [1],
    });
  });

  test("keeps an object of an unknown class as inert data", () => {
    const value = load("\x80\x02cusers.code\nNetwork\n)\x81}U\x01aK\x07sb.");
    expect(value).toBeInstanceOf(PickleObject);
    const object = value as PickleObject;
    expect(object.type.path).toBe("users.code.Network");
    expect(object.attribute("a")).toBe(7);
  });

  test.each([
    ["os.system", "cos\nsystem\n(U\x02lstR."],
    ["posix.system", "cposix\nsystem\n(U\x02lstR."],
    ["builtins.eval", "\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R."],
    ["builtins.getattr", "cbuiltins\ngetattr\n."],
    ["subprocess.Popen", "(csubprocess\nPopen\nU\x02lso."],
    ["subprocess.Popen", "(U\x02lsisubprocess\nPopen\n."],
    ["torch.hub.load", "ctorch.hub\nload\n(U\x01atR."],
    ["users.code.Network", "cusers.code\nNetwork\n)R."],
    ["torch.serialization.load", "ctorch.serialization\nload\n(U\x01atR."],
  ])("refuses to call %s, by name and offset", (name, pickle) => {
    expect(() => load(pickle)).toThrow(new RegExp(`at offset \\d+: .*${name.replaceAll(".", "\\.")}`));
  });

  test.each([
    ["an empty stack", "."],
    ["a missing mark", "t."],
    ["an unknown memo", "h\x05."],
    ["the end of the file", "\x80\x02"],
    ["a string longer than the file", "X\xff\xff\xff\x7fa."],
    ["protocol 6", "\x80\x06N."],
    ["an extension code", "\x82\x01."],
    ["a buffer outside the file", "\x97."],
    ["an odd number of dictionary items", "}(K\x01u."],
    ["an item of a number", "K\x01K\x01K\x01s."],
    ["a number of ten thousand digits", `I${"9".repeat(10_000)}\n.`],
    ["an integer of 200 bytes", `\x8a\xc8${"\x01".repeat(200)}.`],
    ["a persistent id where there are none", "U\x01aQ."],
    ["broken UTF-8", "\x8c\x02\xff\xff."],
    ["twenty thousand open marks", `${"(".repeat(20_000)}.`],
    ["a million collections", `${"}".repeat(1_000_000)}.`],
  ])("refuses %s and says where", (_what, pickle) => {
    expect(() => load(pickle)).toThrow(/^pickle: at offset \d+: expected .+, got .+/);
  });

  test.each([
    ["a module that is no text", "K\x01U\x01a\x93.", '1 and "a"'],
    ["a name that is no text", `U\x50${"m".repeat(80)}K\x01\x93.`, `"${"m".repeat(60)}" and 1`],
  ])("refuses %s on the stack, and quotes no more of it than sixty characters", (_what, pickle, got) => {
    expect(() => load(pickle)).toThrow(`expected a module's and a global's name, got ${got}`);
  });

  test.each([
    ["a text with eight bytes of length", "\x8d\x02\0\0\0\0\0\0\0\xc3\xa9.", "é"],
    ["bytes with eight bytes of length", "\x8e\x02\0\0\0\0\0\0\0ab.", [97, 98]],
    ["an array of bytes", "\x96\x01\0\0\0\0\0\0\0a.", [97]],
    ["a quoted text of protocol 0", "S'it\\'s'\n.", "it's"],
    ["what lies below a mark that is taken away", "K\x07(K\x01K\x021.", 7],
    ["what lies below a value that is taken away", "K\x07K\x010.", 7],
    ["a value twice", "K\x072\x86.", [7, 7]],
  ])("reads %s", (_what, pickle, value) => {
    expect(plain(load(pickle))).toEqual(value);
  });

  test("a list may hold itself", () => {
    const list = load("]q\x00h\x00a.") as PickleList;
    expect(list.items[0]).toBe(list);
  });
});

function load(pickle: string | Uint8Array): PickleValue {
  const bytes = typeof pickle === "string" ? Buffer.from(pickle, "latin1") : pickle;
  return unpickle(new ByteCursor(bytesSource(bytes), "pickle"));
}

/** The nearest JavaScript value. */
function plain(value: PickleValue): unknown {
  if (value instanceof PickleList || value instanceof PickleTuple || value instanceof PickleSet)
    return value.items.map(plain);
  if (value instanceof PickleDict)
    return Object.fromEntries([...value.entries()].map(([key, item]) => [String(key), plain(item)]));
  return value instanceof Uint8Array ? [...value] : value;
}
