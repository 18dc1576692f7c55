import type { ByteCursor } from "../byte-cursor.ts";
import { PickleConstants } from "./constants.ts";
import { DATA_CLASSES, DATA_FUNCTIONS, isForbidden, modernPath, type PickleFunction } from "./globals.ts";
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from "./values.ts";

/** The part that the surrounding file format adds to the pickle language. */
export interface PickleWorld {
  /** Functions by `module.name`, beside {@link DATA_FUNCTIONS}. */
  readonly functions: Readonly<Record<string, PickleFunction>>;
  /** The object behind a persistent id, or undefined when it means nothing here. */
  persistent(id: PickleValue): PickleValue | undefined;
}

/** The pickle language alone, without persistent ids. */
export const PLAIN_WORLD: PickleWorld = { functions: {}, persistent: () => undefined };

/** Collections and objects of one pickle; real checkpoints hold some ten thousand. */
const MAX_CONTAINERS = 500_000;
const MAX_STACK = 1_000_000;
const MAX_MARKS = 10_000;
const MAX_MEMO = 1_000_000;
/** Digits of a decimal number: reading one takes time that grows with their square. */
const MAX_DIGITS = 400;
const MAX_NAME = 1_024;

/**
 * Reads one pickle, protocols 0 to 5, and leaves the cursor behind it.
 *
 * Nothing is executed. A global is a name. Calling one (REDUCE) is only ever done for the functions of
 * {@link DATA_FUNCTIONS} and of the world, which are written here. A class is only ever noted on an inert
 * {@link PickleObject}. Every other call, and every name out of Python's runtime, is refused by name.
 *
 * Throws    FaceError BAD_FILE with the offset, also when the file asks for more containers, nesting or memory than
 *           any checkpoint has
 * Source    CPython's Lib/pickletools.py, the description of each opcode
 */
export function unpickle(cursor: ByteCursor, world: PickleWorld = PLAIN_WORLD): PickleValue {
  return new Machine(cursor, world).run();
}

class Machine {
  /** The action of each opcode, named as in pickletools. */
  static readonly #OPCODES: ReadonlyMap<number, (m: Machine) => void> = new Map<number, (m: Machine) => void>(
    [
      // Framing
      [0x80, (m) => m.#protocol(m.#cursor.u8())], // PROTO
      [0x95, (m) => m.#frame()], // FRAME
      // Constants
      [0x4e, (m) => m.#push(null)], // NONE
      [0x88, (m) => m.#push(true)], // NEWTRUE
      [0x89, (m) => m.#push(false)], // NEWFALSE
      [0x4a, (m) => m.#push(m.#cursor.i32())], // BININT
      [0x4b, (m) => m.#push(m.#cursor.u8())], // BININT1
      [0x4d, (m) => m.#push(m.#cursor.u16())], // BININT2
      [0x8a, (m) => m.#push(m.#constants.integer(m.#cursor.u8()))], // LONG1
      [0x8b, (m) => m.#push(m.#constants.integer(m.#cursor.i32()))], // LONG4
      [0x47, (m) => m.#push(m.#cursor.f64BigEndian())], // BINFLOAT
      [0x49, (m) => m.#push(m.#constants.decimal(m.#cursor.line(MAX_DIGITS), true))], // INT
      [0x4c, (m) => m.#push(m.#constants.decimal(m.#cursor.line(MAX_DIGITS).replace(/L$/, ""), false))], // LONG
      [0x46, (m) => m.#push(m.#constants.float(m.#cursor.line(MAX_DIGITS)))], // FLOAT
      // Text and bytes
      [0x58, (m) => m.#push(m.#constants.utf8(m.#cursor.u32()))], // BINUNICODE
      [0x8c, (m) => m.#push(m.#constants.utf8(m.#cursor.u8()))], // SHORT_BINUNICODE
      [0x8d, (m) => m.#push(m.#constants.utf8(m.#cursor.u64()))], // BINUNICODE8
      [0x55, (m) => m.#push(m.#constants.latin1(m.#cursor.u8()))], // SHORT_BINSTRING
      [0x54, (m) => m.#push(m.#constants.latin1(m.#cursor.i32()))], // BINSTRING
      [0x53, (m) => m.#push(m.#constants.quoted(m.#cursor.line(m.#cursor.left)))], // STRING
      [0x56, (m) => m.#push(m.#constants.unicode(m.#cursor.line(m.#cursor.left)))], // UNICODE
      [0x43, (m) => m.#push(m.#cursor.take(m.#cursor.u8()))], // SHORT_BINBYTES
      [0x42, (m) => m.#push(m.#cursor.take(m.#cursor.u32()))], // BINBYTES
      [0x8e, (m) => m.#push(m.#cursor.take(m.#cursor.u64()))], // BINBYTES8
      [0x96, (m) => m.#push(m.#cursor.take(m.#cursor.u64()))], // BYTEARRAY8
      // Collections
      [0x5d, (m) => m.#push(m.#made(new PickleList()))], // EMPTY_LIST
      [0x7d, (m) => m.#push(m.#made(new PickleDict()))], // EMPTY_DICT
      [0x8f, (m) => m.#push(m.#made(new PickleSet()))], // EMPTY_SET
      [0x29, (m) => m.#push(m.#made(new PickleTuple([])))], // EMPTY_TUPLE
      [0x85, (m) => m.#tuple(1)], // TUPLE1
      [0x86, (m) => m.#tuple(2)], // TUPLE2
      [0x87, (m) => m.#tuple(3)], // TUPLE3
      [0x74, (m) => m.#push(m.#made(new PickleTuple(m.#popMark())))], // TUPLE
      [0x6c, (m) => m.#list(m.#popMark())], // LIST
      [0x64, (m) => m.#dict(m.#popMark())], // DICT
      [0x91, (m) => m.#frozenSet(m.#popMark())], // FROZENSET
      [0x61, (m) => m.#append([m.#pop()])], // APPEND
      [0x65, (m) => m.#append(m.#popMark())], // APPENDS
      [0x73, (m) => m.#setItems([m.#pop(), m.#pop()].reverse())], // SETITEM
      [0x75, (m) => m.#setItems(m.#popMark())], // SETITEMS
      [0x90, (m) => m.#addItems(m.#popMark())], // ADDITEMS
      // Stack and memo
      [0x28, (m) => m.#mark()], // MARK
      [0x30, (m) => m.#discard()], // POP
      [0x31, (m) => void m.#popMark()], // POP_MARK
      [0x32, (m) => m.#push(m.#top())], // DUP
      [0x71, (m) => m.#remember(m.#cursor.u8())], // BINPUT
      [0x72, (m) => m.#remember(m.#cursor.u32())], // LONG_BINPUT
      [0x70, (m) => m.#remember(m.#constants.index(m.#cursor.line(MAX_DIGITS)))], // PUT
      [0x94, (m) => m.#remember(m.#memo.size)], // MEMOIZE
      [0x68, (m) => m.#push(m.#recall(m.#cursor.u8()))], // BINGET
      [0x6a, (m) => m.#push(m.#recall(m.#cursor.u32()))], // LONG_BINGET
      [0x67, (m) => m.#push(m.#recall(m.#constants.index(m.#cursor.line(MAX_DIGITS))))], // GET
      // Names, objects, calls
      [0x63, (m) => m.#push(m.#global(m.#cursor.line(MAX_NAME), m.#cursor.line(MAX_NAME)))], // GLOBAL
      [0x93, (m) => m.#stackGlobal()], // STACK_GLOBAL
      [0x52, (m) => m.#reduce()], // REDUCE
      [0x62, (m) => m.#build()], // BUILD
      [0x81, (m) => m.#newObject(m.#popTuple())], // NEWOBJ
      [0x92, (m) => m.#newObjectWithKeywords()], // NEWOBJ_EX
      [0x69, (m) => m.#instance(m.#global(m.#cursor.line(MAX_NAME), m.#cursor.line(MAX_NAME)), m.#popMark())], // INST
      [0x6f, (m) => m.#object(m.#popMark())], // OBJ
      [0x50, (m) => m.#push(m.#persistent(m.#cursor.line(MAX_NAME)))], // PERSID
      [0x51, (m) => m.#push(m.#persistent(m.#pop()))], // BINPERSID
    ],
  );

  readonly #cursor: ByteCursor;
  readonly #constants: PickleConstants;
  readonly #world: PickleWorld;
  #stack: PickleValue[] = [];
  /** The stacks below each mark. */
  readonly #marks: PickleValue[][] = [];
  readonly #memo = new Map<number, PickleValue>();
  #depth = 0;
  #containers = 0;
  /** Offset of the opcode being read. */
  #at = 0;

  constructor(cursor: ByteCursor, world: PickleWorld) {
    this.#cursor = cursor;
    this.#constants = new PickleConstants(cursor, (expected, got) => this.#bad(expected, got));
    this.#world = world;
  }

  run(): PickleValue {
    for (;;) {
      this.#at = this.#cursor.offset;
      const opcode = this.#cursor.u8();
      if (opcode === 0x2e) return this.#pop();
      const act = Machine.#OPCODES.get(opcode);
      if (!act) {
        const code = `0x${opcode.toString(16).padStart(2, "0")}`;
        throw this.#bad("an opcode of pickle protocols 0 to 5 that needs nothing outside the file", code);
      }
      act(this);
    }
  }

  // Names, objects, calls

  #global(module: string, name: string): PickleGlobal {
    const global = new PickleGlobal(module, name);
    if (isForbidden(global)) {
      throw this.#bad("only names that hold data", `${global.path}, which this reader refuses to touch`);
    }
    return this.#made(global);
  }

  #stackGlobal(): void {
    const name = this.#pop();
    const module = this.#pop();
    if (typeof module !== "string" || typeof name !== "string" || module.length + name.length > 2 * MAX_NAME)
      throw this.#bad("a module's and a global's name", `${nameOf(module)} and ${nameOf(name)}`);
    this.#push(this.#global(module, name));
  }

  #reduce(): void {
    const args = this.#popTuple();
    const callee = this.#pop();
    if (!(callee instanceof PickleGlobal)) throw this.#bad("a function's name to call", nameOf(callee));
    const path = modernPath(callee);
    const call = own(this.#world.functions, path) ?? own(DATA_FUNCTIONS, path);
    if (!call) {
      if (!DATA_CLASSES.has(path))
        throw this.#bad("a call of a listed function", `${path}, which is not on the list and is not called`);
      this.#push(this.#made(new PickleObject(callee, args)));
      return;
    }
    const result = call(args);
    if (result === undefined) {
      throw this.#bad(`the arguments of ${path}`, `(${args.map(nameOf).slice(0, 8).join(", ")})`);
    }
    this.#push(this.#made(result));
  }

  /** Keyword arguments say nothing about the tensors. */
  #newObjectWithKeywords(): void {
    this.#pop();
    this.#newObject(this.#popTuple());
  }

  #newObject(args: readonly PickleValue[]): void {
    this.#instance(this.#pop(), args);
  }

  #object(items: PickleValue[]): void {
    const [type, ...args] = items;
    this.#instance(type ?? null, args);
  }

  #instance(type: PickleValue, args: readonly PickleValue[]): void {
    if (!(type instanceof PickleGlobal)) throw this.#bad("a class's name", nameOf(type));
    // An ordered dictionary is data whichever way the file spells its making.
    const make = args.length === 0 ? own(DATA_FUNCTIONS, modernPath(type)) : undefined;
    this.#push(this.#made(make?.([]) ?? new PickleObject(type, args)));
  }

  #build(): void {
    const state = this.#pop();
    const target = this.#top();
    if (target instanceof PickleObject) target.state = state;
    // Attributes set on plain data (a state dictionary's `_metadata`) say nothing about the tensors.
    else if (target === null || typeof target !== "object" || target instanceof PickleGlobal)
      throw this.#bad("an object to set the state of", nameOf(target));
  }

  #persistent(id: PickleValue): PickleValue {
    const value = this.#world.persistent(id);
    if (value === undefined) throw this.#bad("a persistent id of a storage", nameOf(id));
    return this.#made(value);
  }

  // Collections

  #tuple(length: number): void {
    const items = new Array<PickleValue>(length);
    for (let i = length - 1; i >= 0; i--) items[i] = this.#pop();
    this.#push(this.#made(new PickleTuple(items)));
  }

  #list(items: PickleValue[]): void {
    this.#push(this.#made(new PickleList()));
    this.#append(items);
  }

  #dict(items: PickleValue[]): void {
    this.#push(this.#made(new PickleDict()));
    this.#setItems(items);
  }

  #frozenSet(items: PickleValue[]): void {
    this.#push(this.#made(new PickleSet()));
    this.#addItems(items);
  }

  #append(items: PickleValue[]): void {
    const target = this.#top();
    if (!(target instanceof PickleList || target instanceof PickleObject))
      throw this.#bad("a list to append to", nameOf(target));
    for (const item of items) target.items.push(item);
  }

  #addItems(items: PickleValue[]): void {
    const target = this.#top();
    if (!(target instanceof PickleSet || target instanceof PickleObject))
      throw this.#bad("a set to add to", nameOf(target));
    for (const item of items) target.items.push(item);
  }

  #setItems(items: PickleValue[]): void {
    const target = this.#top();
    const dict = target instanceof PickleObject ? target.entries : target;
    if (!(dict instanceof PickleDict)) throw this.#bad("a dictionary to set items of", nameOf(target));
    if (items.length % 2 !== 0) throw this.#bad("pairs of keys and values", `${items.length} items`);
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
  }

  // Stack and memo

  #push(value: PickleValue): void {
    if (++this.#depth > MAX_STACK) throw this.#bad(`a stack of at most ${MAX_STACK} values`, "a deeper one");
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#bad("a value on the stack", "none");
    this.#depth--;
    return value;
  }

  #popTuple(): readonly PickleValue[] {
    const args = this.#pop();
    if (!(args instanceof PickleTuple)) throw this.#bad("a tuple of arguments", nameOf(args));
    return args.items;
  }

  #top(): PickleValue {
    const value = this.#stack[this.#stack.length - 1];
    if (value === undefined) throw this.#bad("a value on the stack", "none");
    return value;
  }

  #mark(): void {
    if (this.#marks.length >= MAX_MARKS) throw this.#bad(`at most ${MAX_MARKS} open marks`, "more");
    this.#marks.push(this.#stack);
    this.#stack = [];
  }

  #popMark(): PickleValue[] {
    const below = this.#marks.pop();
    if (!below) throw this.#bad("a mark on the stack", "none");
    const items = this.#stack;
    this.#stack = below;
    this.#depth -= items.length;
    return items;
  }

  /** POP takes a value or, when there is none above it, a mark. */
  #discard(): void {
    if (this.#stack.length > 0) this.#pop();
    else this.#popMark();
  }

  #remember(index: number): void {
    if (this.#memo.size >= MAX_MEMO) throw this.#bad(`at most ${MAX_MEMO} memos`, "more");
    this.#memo.set(index, this.#top());
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#bad("a memo that was made before", `number ${index}`);
    return value;
  }

  #made<T extends PickleValue>(value: T): T {
    if (++this.#containers > MAX_CONTAINERS)
      throw this.#bad(`at most ${MAX_CONTAINERS} collections and objects`, "more");
    return value;
  }

  /** A frame only says how much may be read ahead. */
  #frame(): void {
    if (this.#cursor.u64() > this.#cursor.left) throw this.#bad("a frame inside the file", "a longer one");
  }

  #protocol(version: number): void {
    if (version > 5) throw this.#bad("pickle protocol 0 to 5", String(version));
  }

  #bad(expected: string, got: string): Error {
    return this.#cursor.bad(expected, got, this.#at);
  }
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** The kind of a value, in a word or two, for a message. */
function nameOf(value: PickleValue): string {
  if (value === null) return "None";
  if (value instanceof PickleGlobal) return value.path;
  if (value instanceof PickleObject) return `an object of ${value.type.path}`;
  if (value instanceof Uint8Array) return "bytes";
  if (typeof value === "object") return `a ${value.constructor.name.replace(/^Pickle/, "").toLowerCase()}`;
  return typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : String(value);
}
