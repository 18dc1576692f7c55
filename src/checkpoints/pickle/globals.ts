import {
  PickleDict,
  type PickleGlobal,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from "./values.ts";

/**
 * The result of a listed function for its arguments, or undefined when they are not what that function takes.
 *
 * These are this library's own few lines; nothing of Python runs.
 */
export type PickleFunction = (args: readonly PickleValue[]) => PickleValue | undefined;

/**
 * The functions of Python's standard library and of numpy that plain data in a pickle is made with.
 *
 * Together with the table of {@link PickleWorld.functions} this list is closed: a pickle that calls anything else
 * is refused by name.
 */
export const DATA_FUNCTIONS: Readonly<Record<string, PickleFunction>> = {
  "collections.OrderedDict": makeDict,
  "collections.Counter": makeDict,
  "collections.defaultdict": ([_factory, ...rest]) => makeDict(rest),
  "collections.deque": makeDeque,
  "builtins.dict": makeDict,
  "builtins.list": makeList,
  "builtins.set": makeSet,
  "builtins.frozenset": makeSet,
  "builtins.bytearray": makeBytes,
  "builtins.bytes": makeBytes,
  "_codecs.encode": encodeLatin1,
  "copyreg._reconstructor": reconstruct,
};

/**
 * Classes whose objects are made by a call rather than by the object opcodes, and stay inert like any other object.
 */
export const DATA_CLASSES: ReadonlySet<string> = new Set([
  "numpy.dtype",
  "numpy.core.multiarray.scalar",
  "numpy._core.multiarray.scalar",
  "numpy.core.multiarray._reconstruct",
  "numpy._core.multiarray._reconstruct",
  "builtins.complex",
  "builtins.slice",
  "builtins.range",
  "builtins.object",
  "types.SimpleNamespace",
  "pathlib.Path",
  "pathlib.PosixPath",
  "pathlib.WindowsPath",
  "pathlib.PurePosixPath",
  "datetime.datetime",
  "datetime.date",
  "datetime.time",
  "datetime.timedelta",
  "decimal.Decimal",
  "fractions.Fraction",
  "uuid.UUID",
]);

/** Python 2's names for things that Python 3 moved or renamed; protocols 0 to 2 still write them. */
const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ["__builtin__.xrange", "builtins.range"],
  ["__builtin__.unicode", "builtins.str"],
  ["__builtin__.basestring", "builtins.str"],
  ["__builtin__.long", "builtins.int"],
]);

/** A global's path as Python 3 spells it; tables are asked by this name. */
export function modernPath({ path }: PickleGlobal): string {
  return (
    OLD_NAMES.get(path) ?? path.replace(/^__builtin__\./, "builtins.").replace(/^copy_reg\./, "copyreg.")
  );
}

/**
 * Modules of Python's runtime through which code runs or the machine is reached. Anything of them that is not
 * listed above is refused where its name stands, even when nothing calls it: no checkpoint has a use for it.
 */
const RUNTIME_MODULES: ReadonlySet<string> = new Set(
  (
    "builtins __builtin__ os posix nt sys subprocess shutil pty socket socketserver ssl asyncio " +
    "multiprocessing threading _thread signal importlib imp runpy code codeop codecs _codecs " +
    "marshal pickle cPickle _pickle shelve dill cloudpickle joblib ctypes _ctypes cffi mmap gc inspect types " +
    "functools operator _operator itertools timeit trace pdb bdb cProfile profile webbrowser " +
    "http urllib requests ftplib smtplib tempfile glob io _io fileinput zipimport pkgutil pip " +
    "setuptools distutils platform commands popen2 weakref copyreg copy_reg"
  ).split(" "),
);

/** Tells whether a global is of a module that no checkpoint may name anything of, save what is listed. */
export function isForbidden(global: PickleGlobal): boolean {
  const [root = ""] = global.module.split(".", 1);
  return RUNTIME_MODULES.has(root) && !HARMLESS_NAMES.has(modernPath(global));
}

/** Names of runtime modules that stand in real checkpoints as types and factories, never as something called. */
const HARMLESS_NAMES: ReadonlySet<string> = new Set(
  ["object", "int", "float", "str", "bool", "tuple", "type", "NoneType"]
    .map((name) => `builtins.${name}`)
    .concat(Object.keys(DATA_FUNCTIONS), [...DATA_CLASSES]),
);

/** `dict()`, `dict(mapping)` or `dict(list of pairs)`. */
function makeDict(args: readonly PickleValue[]): PickleValue | undefined {
  const [from, ...rest] = args;
  const dict = new PickleDict();
  if (rest.length > 0) return undefined;
  if (from === undefined) return dict;
  if (from instanceof PickleDict) {
    for (const [key, value] of from.entries()) dict.set(key, value);
    return dict;
  }
  if (!(from instanceof PickleList)) return undefined;
  for (const pair of from.items) {
    if (!(pair instanceof PickleList || pair instanceof PickleTuple)) return undefined;
    const [key, value] = pair.items;
    if (pair.items.length !== 2 || key === undefined || value === undefined) return undefined;
    dict.set(key, value);
  }
  return dict;
}

/** `deque(items, longest)`; how long it may grow says nothing about the tensors. */
function makeDeque(args: readonly PickleValue[]): PickleValue | undefined {
  return args.length <= 2 ? makeList(args.slice(0, 1)) : undefined;
}

function makeList(args: readonly PickleValue[]): PickleValue | undefined {
  const items = itemsOf(args);
  if (!items) return undefined;
  const list = new PickleList();
  for (const item of items) list.items.push(item);
  return list;
}

function makeSet(args: readonly PickleValue[]): PickleValue | undefined {
  const items = itemsOf(args);
  if (!items) return undefined;
  const set = new PickleSet();
  for (const item of items) set.items.push(item);
  return set;
}

/** The items of the one collection that was given, or none. */
function itemsOf(args: readonly PickleValue[]): readonly PickleValue[] | undefined {
  const [from, ...rest] = args;
  if (rest.length > 0) return undefined;
  if (from === undefined) return [];
  return from instanceof PickleList || from instanceof PickleTuple || from instanceof PickleSet
    ? from.items
    : undefined;
}

/** `bytes()`, `bytearray(bytes)` or, from Python 3 in protocol 2, `bytearray(text, "latin-1")`. */
function makeBytes(args: readonly PickleValue[]): PickleValue | undefined {
  const [from] = args;
  if (from === undefined) return new Uint8Array(0);
  if (from instanceof Uint8Array && args.length === 1) return from;
  return encodeLatin1(args);
}

/** Protocol 2 spells bytes as text and the word latin1. */
function encodeLatin1(args: readonly PickleValue[]): PickleValue | undefined {
  const [text, encoding] = args;
  if (typeof text !== "string" || (encoding !== "latin1" && encoding !== "latin-1")) return undefined;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) return undefined;
    bytes[i] = code;
  }
  return bytes;
}

/** Protocols 0 and 1 spell a new object as class, base class and the base's value. */
function reconstruct(args: readonly PickleValue[]): PickleValue | undefined {
  const [type, base, value] = args;
  if (args.length !== 3 || !isGlobal(type) || !isGlobal(base) || base.name !== "object" || value !== null)
    return undefined;
  return new PickleObject(type, []);
}

function isGlobal(value: PickleValue | undefined): value is PickleGlobal {
  return value !== null && typeof value === "object" && "path" in value && "module" in value;
}
