/**
 * The values of a pickle here: plain data. Objects of Python classes are kept as what the file says about them and
 * are never made into anything that runs.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleSet
  | PickleGlobal
  | PickleObject
  | PickleExtension;

export class PickleList {
  readonly items: PickleValue[] = [];
}

/** Fixed once made, and so the only collection that cannot contain itself. */
export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A dictionary in insertion order. Strings and numbers are keys by value, everything else by identity. */
export class PickleDict {
  #entries: Map<PickleValue, PickleValue> | undefined;

  get(key: PickleValue): PickleValue | undefined {
    return this.#entries?.get(key);
  }

  set(key: PickleValue, value: PickleValue): void {
    // Made on the first entry: a hostile file can ask for very many empty dictionaries.
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  *entries(): IterableIterator<[PickleValue, PickleValue]> {
    if (this.#entries) yield* this.#entries;
  }
}

export class PickleSet {
  readonly items: PickleValue[] = [];
}

/** The name of something in a Python module: never looked up, never called. */
export class PickleGlobal {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  /** `torch.nn.modules.conv.Conv2d`, for example. */
  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** An object of some class, inert: the class's name and what the file says the object contains. */
export class PickleObject {
  readonly type: PickleGlobal;
  /** Arguments that the class was to be called with. */
  readonly args: readonly PickleValue[];
  /** The state that the object's attributes were to be set from: usually a dictionary by attribute name. */
  state: PickleValue | undefined;
  /** Items of an object whose class extends `dict` or `list`. */
  readonly entries = new PickleDict();
  readonly items: PickleValue[] = [];

  constructor(type: PickleGlobal, args: readonly PickleValue[]) {
    this.type = type;
    this.args = args;
  }

  /** An attribute, when the state is the usual dictionary. */
  attribute(name: string): PickleValue | undefined {
    return this.state instanceof PickleDict ? this.state.get(name) : undefined;
  }
}

/** Base of the values that a {@link PickleWorld} adds: tensors and storages, for a PyTorch file. */
export abstract class PickleExtension {}
