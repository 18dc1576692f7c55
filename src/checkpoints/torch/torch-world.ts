import type { Dtype } from "../dtype.ts";
import {
  type PickleFunction,
  PickleGlobal,
  PickleTuple,
  type PickleValue,
  type PickleWorld,
} from "../pickle/index.ts";
import { StorageValue, TensorValue } from "./tensor-value.ts";

/** Typed storage classes of `torch` and `torch.cuda`, by the first word of their name. */
const STORAGE_DTYPES: Readonly<Record<string, Dtype>> = {
  DoubleStorage: "float64",
  FloatStorage: "float32",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

const STORAGE_MODULES: ReadonlySet<string> = new Set(["torch", "torch.cuda", "torch.storage"]);
const UNTYPED_STORAGES: ReadonlySet<string> = new Set(["UntypedStorage", "_UntypedStorage"]);

/** `torch.NAME` where a tensor over untyped storage says its type. */
const TORCH_DTYPES: Readonly<Record<string, Dtype>> = {
  float64: "float64",
  double: "float64",
  float32: "float32",
  float: "float32",
  float16: "float16",
  half: "float16",
  bfloat16: "bfloat16",
  int64: "int64",
  int32: "int32",
  int16: "int16",
  int8: "int8",
  uint64: "uint64",
  uint32: "uint32",
  uint16: "uint16",
  uint8: "uint8",
  bool: "bool",
};

/** Axes that a tensor may have; PyTorch's own limit. */
const MAX_AXES = 64;

/**
 * What PyTorch adds to the pickle language: storages by persistent id and the functions that lay tensors over them.
 *
 * Sparse, quantised and complex tensors are not in the table and so are refused by name.
 *
 * Source    PyTorch's torch/_utils.py (the `_rebuild_*` functions' arguments) and torch/serialization.py
 */
export class TorchWorld implements PickleWorld {
  /** Every storage that was referred to, by key. Those of one key agree in type and length. */
  readonly storages = new Map<string, StorageValue>();

  readonly functions: Readonly<Record<string, PickleFunction>> = {
    "torch._utils._rebuild_tensor": ([storage, start, shape, strides]) =>
      tensor(storage, start, shape, strides),
    "torch._utils._rebuild_tensor_v2": ([storage, start, shape, strides]) =>
      tensor(storage, start, shape, strides),
    "torch._utils._rebuild_tensor_v3": ([storage, start, shape, strides, _grad, _hooks, dtype]) =>
      dtype instanceof PickleGlobal && dtype.module === "torch"
        ? tensor(storage, start, shape, strides, TORCH_DTYPES[dtype.name])
        : undefined,
    "torch._utils._rebuild_parameter": ([data]) => tensorOnly(data),
    "torch._utils._rebuild_parameter_with_state": ([data]) => tensorOnly(data),
    "torch.nn.parameter.Parameter": ([data]) => tensorOnly(data),
    "torch._tensor._rebuild_from_type_v2": ([rebuild, _type, args]) => {
      const known = rebuild instanceof PickleGlobal && REBUILDS.has(rebuild.path);
      return known && args instanceof PickleTuple ? this.functions[rebuild.path]?.(args.items) : undefined;
    },
    "torch.Size": ([sizes]) => (sizes instanceof PickleTuple ? sizes : undefined),
    "torch.device": (args) => args.map(String).join(":"),
    "torch.serialization._get_layout": ([name]) => (typeof name === "string" ? name : undefined),
  };

  /**
   * `("storage", class, key, device, length[, view])`, where an old file's view is `(key, start, length)` or None; and
   * `("module", class, file, source)`, an old whole module's class with its source code, of which the name is kept.
   */
  persistent(id: PickleValue): PickleValue | undefined {
    if (!(id instanceof PickleTuple)) return undefined;
    const [kind, type, key, _device, length, view] = id.items;
    if (!(type instanceof PickleGlobal)) return undefined;
    if (kind === "module") return type;
    const dtype = STORAGE_DTYPES[type.name];
    const named = dtype !== undefined || UNTYPED_STORAGES.has(type.name);
    if (kind !== "storage" || !named || !STORAGE_MODULES.has(type.module)) return undefined;
    if (typeof key !== "string" || !isCount(length)) return undefined;
    const known = this.storages.get(key);
    if (known && (known.dtype !== dtype || known.length !== length)) return undefined;
    const whole = known ?? new StorageValue(key, dtype, length);
    this.storages.set(key, whole);
    if (view === undefined || view === null) return whole;
    if (!(view instanceof PickleTuple)) return undefined;
    const [, start, viewLength] = view.items;
    if (!isCount(start) || !isCount(viewLength) || start + viewLength > length) return undefined;
    return new StorageValue(key, dtype, length, { start, length: viewLength });
  }
}

/** The functions that {@link TorchWorld} lets a tensor subclass be rebuilt by. */
const REBUILDS: ReadonlySet<string> = new Set([
  "torch._utils._rebuild_tensor_v2",
  "torch._utils._rebuild_tensor_v3",
  "torch._utils._rebuild_parameter",
]);

function tensor(
  storage: PickleValue | undefined,
  start: PickleValue | undefined,
  shape: PickleValue | undefined,
  strides: PickleValue | undefined,
  ownDtype?: Dtype,
): TensorValue | undefined {
  if (!(storage instanceof StorageValue) || !isCount(start)) return undefined;
  const dtype = ownDtype ?? storage.dtype;
  const sizes = counts(shape);
  const steps = counts(strides);
  if (!dtype || !sizes || !steps || sizes.length !== steps.length) return undefined;
  return new TensorValue(storage, dtype, start, sizes, steps);
}

function tensorOnly(data: PickleValue | undefined): TensorValue | undefined {
  return data instanceof TensorValue ? data : undefined;
}

function counts(value: PickleValue | undefined): readonly number[] | undefined {
  if (!(value instanceof PickleTuple) || value.items.length > MAX_AXES) return undefined;
  return value.items.every(isCount) ? value.items : undefined;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
