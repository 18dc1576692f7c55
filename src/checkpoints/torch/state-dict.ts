import { FaceError } from "../../core/index.ts";
import { PickleDict, PickleObject, PickleSet, type PickleValue } from "../pickle/index.ts";
import { isTensor, type TensorValue } from "./tensor-value.ts";

/** Tensors by name, and where in the unpickled value they were found. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, TensorValue>;
  readonly under: readonly string[];
  readonly elsewhere: readonly string[];
}

/** Where training scripts keep the network, best first. */
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
 * @param wanted where to look, when the file holds several; by default the root, unless less than elsewhere, then
 *        the usual places, then the place with the most tensors
 * @param budget how many values may be looked at: shared sub-trees can make a small file describe a huge tree
 * Throws    FaceError BAD_FILE when there are no tensors, or none at `wanted`
 */
export function findStateDict(
  root: PickleValue,
  where: string,
  budget: number,
  wanted?: readonly string[],
): StateDict {
  const walk = new Walk(where, budget);
  const places = walk.places(root);
  const chosen = wanted
    ? places.find((place) => place.path.join(".") === wanted.join("."))
    : bestPlace(places);
  const paths = places.map((place) => place.path.join("."));
  if (!chosen) {
    const expected = wanted ? `tensors under "${wanted.join(".")}"` : "tensors by name";
    const got = paths.length > 0 ? `them under ${paths.join(", ")}` : "none";
    throw new FaceError("BAD_FILE", `${where}: expected ${expected}, got ${got}`);
  }
  const own = chosen.path.join(".");
  return { tensors: chosen.tensors, under: chosen.path, elsewhere: paths.filter((path) => path !== own) };
}

interface Place {
  readonly path: readonly string[];
  readonly tensors: ReadonlyMap<string, TensorValue>;
}

/** The root unless another place has more tensors than it, then the usual names, then the most tensors. */
function bestPlace(places: readonly Place[]): Place | undefined {
  const most = Math.max(0, ...places.map((place) => place.tensors.size));
  const rank = (place: Place): number => {
    if (place.path.length === 0) return place.tensors.size === most ? -1 : USUAL_PLACES.length;
    const at = USUAL_PLACES.indexOf(place.path[place.path.length - 1] ?? "");
    return at < 0 ? USUAL_PLACES.length : at;
  };
  return [...places].sort((a, b) => rank(a) - rank(b) || b.tensors.size - a.tensors.size)[0];
}

class Walk {
  readonly #where: string;
  #budget: number;
  /** What is being walked, outermost first: a value inside itself is a cycle. */
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
        const module = value instanceof PickleObject && isModule(value) ? this.#module(value) : undefined;
        const tensors = module ?? ownTensors(value);
        if (tensors.size > 0) {
          if (found.length >= MAX_PLACES)
            throw this.#bad(`at most ${MAX_PLACES} places with tensors`, "more");
          found.push({ path, tensors });
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

  /** A module's tensors as its `state_dict()` would name them. */
  #module(root: PickleObject): Map<string, TensorValue> {
    const tensors = new Map<string, TensorValue>();
    const visit = (module: PickleObject, prefix: string): void => {
      const transient = module.attribute("_non_persistent_buffers_set");
      const skipped = new Set(transient instanceof PickleSet ? transient.items : []);
      for (const kind of ["_parameters", "_buffers"]) {
        for (const [name, value] of this.#named(module, kind)) {
          if (isTensor(value) && !(kind === "_buffers" && skipped.has(name)))
            tensors.set(prefix + name, value);
        }
      }
      for (const [name, child] of this.#named(module, "_modules")) {
        if (!(child instanceof PickleObject)) continue;
        const inner = this.#checked(`${prefix}${name}.`);
        this.#enter(child, () => visit(child, inner));
      }
    };
    visit(root, "");
    return tensors;
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
    return new FaceError("BAD_FILE", `${this.#where}: expected ${expected}, got ${got}`);
  }
}

function isModule(value: PickleObject): boolean {
  return (
    value.attribute("_modules") instanceof PickleDict || value.attribute("_parameters") instanceof PickleDict
  );
}

/** The tensors that are direct items of a dictionary. */
function ownTensors(value: PickleDict | PickleObject): Map<string, TensorValue> {
  const tensors = new Map<string, TensorValue>();
  for (const [name, item] of entriesOf(value))
    if (typeof name === "string" && isTensor(item)) tensors.set(name, item);
  return tensors;
}

/** A dictionary's items, or those of an object: of a class that extends `dict`, else its attributes. */
function entriesOf(value: PickleDict | PickleObject): Iterable<[PickleValue, PickleValue]> {
  if (value instanceof PickleDict) return value.entries();
  if (value.entries.size > 0) return value.entries.entries();
  return value.state instanceof PickleDict ? value.state.entries() : [];
}
