import { FaceError } from "../../core/index.ts";
import { PickleDict, PickleObject, PickleSet, type PickleValue } from "../pickle/index.ts";
import { isTensor, type TensorValue, UnreadableTensor } from "./tensor-value.ts";

/** Tensors by name. */
interface Tensors {
  readonly tensors: ReadonlyMap<string, TensorValue>;
  /** Tensors of a kind that is not read here. */
  readonly unreadable: ReadonlyMap<string, UnreadableTensor>;
}

/** Tensors by name, and where in the unpickled value they were found. */
export interface StateDict extends Tensors {
  readonly under: readonly string[];
  readonly elsewhere: readonly string[];
}

/** The places where training scripts keep the network, best first. */
const USUAL_PLACES: readonly string[] = [
  "state_dict",
  "model_state_dict",
  "model",
  "network",
  "backbone",
  "net",
  "encoder",
  "params",
  "weights",
];

const MAX_NESTING = 200;
const MAX_NAME = 2_000;
const MAX_PLACES = 100;

/**
 * The network's tensors in whatever a script handed to `torch.save`: a state dictionary, a dictionary that holds
 * one, a whole module, or a dictionary that holds a module.
 *
 * A module is never rebuilt: its tree of `_parameters`, `_buffers` and `_modules` is walked as data, and gives the
 * names that its `state_dict()` would.
 *
 * @param where the first words of a complaint: the file and the offset
 * @param options.wanted where to look, when the file holds several; by default the root, unless less than elsewhere, then
 *        the usual places, then the place with the most tensors
 * @param options.nameless what to call a file without tensors
 * @param budget how many values may be looked at: shared sub-trees can make a small file describe a huge tree
 * Throws    FaceError BAD_FILE when there are no tensors, or none at `wanted`
 */
export function findStateDict(
  root: PickleValue,
  where: string,
  budget: number,
  options: { readonly wanted?: readonly string[] | undefined; readonly nameless?: string | undefined } = {},
): StateDict {
  const { wanted, nameless = "none" } = options;
  const walk = new Walk(where, budget);
  const places = walk.places(root);
  const chosen = wanted
    ? places.find((place) => place.path.join(".") === wanted.join("."))
    : bestPlace(places);
  const paths = places.map((place) => place.path.join("."));
  if (!chosen) {
    const expected = wanted ? `tensors under "${wanted.join(".")}"` : "tensors by name";
    const got = paths.length > 0 ? `them under ${paths.map(placeName).join(", ")}` : nameless;
    throw new FaceError("BAD_FILE", { where, expected, got });
  }
  const twins = wanted ? [] : places.filter((place) => isTwin(place, chosen));
  if (twins.length > 0) {
    const names = [chosen, ...twins].map(({ path }) => path.join("."));
    throw new FaceError("BAD_FILE", {
      where,
      expected: "one network",
      got: `several of ${chosen.tensors.size} tensors, under ${names.join(", ")}: choose with --under NAME`,
    });
  }
  if (chosen.tensors.size === 0) {
    const [[name, { what }] = ["", { what: "" }]] = chosen.unreadable;
    throw new FaceError("BAD_FILE", {
      where,
      expected: "tensors that can be read",
      got: `"${name}", ${what}`,
    });
  }
  const own = chosen.path.join(".");
  const { tensors, unreadable, path } = chosen;
  return { tensors, unreadable, under: path, elsewhere: paths.filter((other) => other !== own) };
}

interface Place extends Tensors {
  readonly path: readonly string[];
}

/** Name of a place as `under` takes it; the root has no name. */
function placeName(path: string): string {
  return path === "" ? "the root" : path;
}

/** The rank in {@link USUAL_PLACES} a place's own name stands. */
function usualRank({ path }: Place): number {
  const at = USUAL_PLACES.indexOf(path[path.length - 1] ?? "");
  return at < 0 ? USUAL_PLACES.length : at;
}

/** Tells whether nothing but a guess tells which of two places is meant: the same names, and none of them usual. */
function isTwin(place: Place, chosen: Place): boolean {
  if (place === chosen || chosen.path.length === 0 || usualRank(chosen) < USUAL_PLACES.length) return false;
  return (
    place.path.length > 0 &&
    place.tensors.size === chosen.tensors.size &&
    [...place.tensors.keys()].every((name) => chosen.tensors.has(name))
  );
}

/** The root if it has the most tensors, and more than any place of a usual name; then those names; then the most tensors. */
function bestPlace(places: readonly Place[]): Place | undefined {
  const most = Math.max(0, ...places.map((place) => place.tensors.size));
  const usual = places.filter((place) => usualRank(place) < USUAL_PLACES.length);
  const root = places.find((place) => place.path.length === 0);
  const leads = root?.tensors.size === most && usual.every((place) => place.tensors.size < most);
  const rank = (place: Place): number => {
    if (place.tensors.size === 0) return USUAL_PLACES.length + 1;
    return place.path.length === 0 && leads ? -1 : usualRank(place);
  };
  return [...places].sort((a, b) => rank(a) - rank(b) || b.tensors.size - a.tensors.size)[0];
}

class Walk {
  readonly #where: string;
  #budget: number;
  /** Values being walked, outermost first: a value inside itself is a cycle. */
  readonly #open = new Set<PickleValue>();

  constructor(where: string, budget: number) {
    this.#where = where;
    this.#budget = budget;
  }

  /** Every dictionary by name, and every module, that holds tensors; modules inside modules left out. */
  places(root: PickleValue): Place[] {
    const found: Place[] = [];
    const visit = (value: PickleValue, path: readonly string[]): void => {
      if (!(value instanceof PickleDict || value instanceof PickleObject)) return;
      this.#enter(value, () => {
        const module = value instanceof PickleObject ? this.#wholeModule(value) : undefined;
        const own = module ?? ownTensors(value);
        if (own.tensors.size + own.unreadable.size > 0) {
          if (found.length >= MAX_PLACES)
            throw this.#bad(`at most ${MAX_PLACES} places with tensors`, "more");
          found.push({ path, ...own });
        }
        if (module) return;
        for (const [key, inner] of entriesOf(value)) {
          this.#spend();
          if (typeof key === "string") visit(inner, [...path, this.#checked(key)]);
        }
      });
    };
    visit(root, []);
    return found;
  }

  #wholeModule(value: PickleObject): Tensors | undefined {
    if (isModule(value)) return this.#module(value);
    return isScript(value) ? this.#script(value) : undefined;
  }

  /** A module's tensors as its `state_dict()` would name them. */
  #module(root: PickleObject): Tensors {
    const found = new FoundTensors();
    const visit = (module: PickleObject, prefix: string): void => {
      const transient = module.attribute("_non_persistent_buffers_set");
      const skipped = new Set(transient instanceof PickleSet ? transient.items : []);
      for (const kind of ["_parameters", "_buffers"]) {
        for (const [name, value] of this.#named(module, kind))
          if (!(kind === "_buffers" && skipped.has(name))) found.add(prefix + name, value);
      }
      for (const [name, child] of this.#named(module, "_modules")) {
        if (!(child instanceof PickleObject)) continue;
        const inner = this.#checked(`${prefix}${name}.`);
        this.#enter(child, () => visit(child, inner));
      }
    };
    visit(root, "");
    return found;
  }

  /**
   * A TorchScript module's tensors: its attributes are parameters, buffers, plain values and other modules, without a
   * word about which is which.
   */
  #script(root: PickleObject): Tensors {
    const found = new FoundTensors();
    const visit = (module: PickleObject, prefix: string): void => {
      for (const [name, value] of module.state instanceof PickleDict ? module.state.entries() : []) {
        this.#spend();
        if (typeof name !== "string") continue;
        const own = this.#checked(prefix + name);
        if (!(value instanceof PickleObject)) found.add(own, value);
        else if (isScript(value)) this.#enter(value, () => visit(value, `${own}.`));
        else if (value.type.module.startsWith(SCRIPT_CLASSES))
          found.add(
            own,
            new UnreadableTensor(`packed weights of ${value.type.path.replace("__torch__.", "")}`),
          );
      }
    };
    visit(root, "");
    return found;
  }

  *#named(module: PickleObject, attribute: string): IterableIterator<[string, PickleValue]> {
    const entries = module.attribute(attribute);
    if (!(entries instanceof PickleDict)) return;
    for (const [name, value] of entries.entries()) {
      this.#spend();
      if (typeof name === "string") yield [this.#checked(name), value];
    }
  }

  #enter(value: PickleValue, visit: () => void): void {
    if (this.#open.has(value)) throw this.#bad("a tree", "a module or dictionary inside itself");
    if (this.#open.size >= MAX_NESTING) throw this.#bad(`at most ${MAX_NESTING} levels`, "more");
    this.#open.add(value);
    visit();
    this.#open.delete(value);
  }

  #spend(): void {
    if (--this.#budget < 0)
      throw this.#bad("a tree no larger than the file", "one that shares its parts too often");
  }

  #checked(name: string): string {
    if (name.length > MAX_NAME) throw this.#bad(`names of at most ${MAX_NAME} characters`, "a longer one");
    return name;
  }

  #bad(expected: string, got: string): FaceError {
    return new FaceError("BAD_FILE", { where: this.#where, expected, got });
  }
}

function isModule(value: PickleObject): boolean {
  return (
    value.attribute("_modules") instanceof PickleDict || value.attribute("_parameters") instanceof PickleDict
  );
}

/** Prefixes of TorchScript's own programs and of the engine's classes. */
const SCRIPT_MODULE = "__torch__";
const SCRIPT_CLASSES = "__torch__.torch.classes";

function isScript({ type, state }: PickleObject): boolean {
  const own = type.module === SCRIPT_MODULE || type.module.startsWith(`${SCRIPT_MODULE}.`);
  return own && !type.module.startsWith(SCRIPT_CLASSES) && state instanceof PickleDict;
}

class FoundTensors implements Tensors {
  readonly tensors = new Map<string, TensorValue>();
  readonly unreadable = new Map<string, UnreadableTensor>();

  add(name: string, value: PickleValue): void {
    if (isTensor(value)) this.tensors.set(name, value);
    else if (value instanceof UnreadableTensor) this.unreadable.set(name, value);
  }
}

/** The tensors that are direct items of a dictionary. */
function ownTensors(value: PickleDict | PickleObject): Tensors {
  const found = new FoundTensors();
  for (const [name, item] of entriesOf(value)) if (typeof name === "string") found.add(name, item);
  return found;
}

/** A dictionary's items, or those of an object: of a class that extends `dict`, else its attributes. */
function entriesOf(value: PickleDict | PickleObject): Iterable<[PickleValue, PickleValue]> {
  if (value instanceof PickleDict) return value.entries();
  if (value.entries.size > 0) return value.entries.entries();
  return value.state instanceof PickleDict ? value.state.entries() : [];
}
