import { DTYPE_BYTES, type Dtype } from "../dtype.ts";
import {
  PickleDict,
  type PickleFunction,
  PickleGlobal,
  PickleTuple,
  type PickleValue,
  type PickleWorld,
} from "../pickle/index.ts";
import { type StorageType, StorageValue, TensorValue, UnreadableTensor } from "./tensor-value.ts";

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

/** Storage classes whose elements are not read here: their name and bytes. Quantised bytes hold several elements each. */
const FOREIGN_STORAGES: Readonly<Record<string, StorageType>> = {
  ComplexDoubleStorage: { foreign: "complex128", unit: 16 },
  ComplexFloatStorage: { foreign: "complex64", unit: 8 },
  QInt8Storage: { foreign: "qint8", unit: 1 },
  QInt32Storage: { foreign: "qint32", unit: 4 },
  QUInt8Storage: { foreign: "quint8", unit: 1 },
  QUInt4x2Storage: { foreign: "quint4x2", unit: 1 },
  QUInt2x4Storage: { foreign: "quint2x4", unit: 1 },
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
 * PyTorch's additions to the pickle language: storages by persistent id and the functions that lay tensors over them.
 *
 * A tensor of a kind that is not read here (sparse, quantised, complex, without data, …) becomes an
 * {@link UnreadableTensor} in its place, so that the others of the file can be read.
 *
 * Source    PyTorch's torch/_utils.py (the `_rebuild_*` functions' arguments), torch/serialization.py, and
 *           torch/_weights_only_unpickler.py, whose list of functions this covers
 */
export class TorchWorld implements PickleWorld {
  /** Every storage that was referred to, by key. Those of one key agree in type and length. */
  readonly storages = new Map<string, StorageValue>();

  readonly functions: Readonly<Record<string, PickleFunction>> = {
    "torch._utils._rebuild_tensor": ([storage, start, shape, strides]) =>
      tensor(storage, start, shape, strides),
    "torch._utils._rebuild_tensor_v2": ([storage, start, shape, strides, _grad, _hooks, marks]) =>
      isNegated(marks)
        ? new UnreadableTensor("a tensor stored with its signs turned")
        : tensor(storage, start, shape, strides),
    "torch._utils._rebuild_tensor_v3": ([storage, start, shape, strides, _grad, _hooks, dtype, marks]) => {
      if (!(dtype instanceof PickleGlobal) || dtype.module !== "torch") return undefined;
      const known = ownDtype(dtype.name);
      if (!known) return new UnreadableTensor(`a tensor of ${dtype.name}`);
      if (isNegated(marks)) return new UnreadableTensor("a tensor stored with its signs turned");
      return tensor(storage, start, shape, strides, known);
    },
    "torch._utils._rebuild_parameter": ([data]) => tensorOnly(data),
    "torch._utils._rebuild_parameter_with_state": ([data]) => tensorOnly(data),
    "torch.nn.parameter.Parameter": ([data]) => tensorOnly(data),
    "torch._tensor._rebuild_from_type_v2": ([rebuild, type, args]) => {
      if (!(rebuild instanceof PickleGlobal) || !(args instanceof PickleTuple)) return undefined;
      const subclass = type instanceof PickleGlobal ? type.path : "another class";
      return REBUILDS.has(rebuild.path)
        ? this.functions[rebuild.path]?.(args.items)
        : new UnreadableTensor(`a tensor of ${subclass}`);
    },
    // The data as they lie on the CPU, for a device that PyTorch does not know by itself.
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": ([data, dtype]) => {
      if (!(data instanceof TensorValue)) return tensorOnly(data);
      const same = dtype instanceof PickleGlobal && ownDtype(dtype.name) === data.dtype;
      return same ? data : new UnreadableTensor("a tensor kept in another element type than its own");
    },
    "torch._utils._rebuild_device_tensor_from_numpy": unreadable("a tensor kept as a numpy array"),
    "torch._utils._rebuild_sparse_tensor": unreadable("a sparse tensor"),
    "torch._utils._rebuild_sparse_csr_tensor": unreadable("a sparse tensor"),
    "torch._utils._rebuild_nested_tensor": unreadable("a nested tensor"),
    "torch._utils._rebuild_qtensor": unreadable("a quantised tensor"),
    "torch._utils._rebuild_meta_tensor_no_storage": unreadable("a tensor without data (meta)"),
    "torch._utils._rebuild_wrapper_subclass": unreadable("a tensor of another class"),
    // TorchScript's own pickler calls these around lists, to keep their types.
    "torch.jit._pickle.restore_type_tag": first,
    "torch.jit._pickle.build_intlist": first,
    "torch.jit._pickle.build_doublelist": first,
    "torch.jit._pickle.build_boollist": first,
    "torch.jit._pickle.build_tensorlist": first,
    "torch.jit._pickle.build_tensor_from_id": first,
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
    const elements = STORAGE_MODULES.has(type.module) ? storageType(type.name) : undefined;
    if (kind !== "storage" || !elements || typeof key !== "string" || !isCount(length)) return undefined;
    const known = this.storages.get(key);
    const agrees = known?.dtype === elements.dtype && known?.foreign === elements.foreign;
    if (known && !(agrees && known.length === length)) return undefined;
    const whole = known ?? new StorageValue(key, elements, length);
    this.storages.set(key, whole);
    if (view === undefined || view === null) return whole;
    if (!(view instanceof PickleTuple)) return undefined;
    const [, start, viewLength] = view.items;
    if (!isCount(start) || !isCount(viewLength) || start + viewLength > length) return undefined;
    return new StorageValue(key, elements, length, { start, length: viewLength });
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
  given?: Dtype,
): TensorValue | UnreadableTensor | undefined {
  if (!(storage instanceof StorageValue) || !isCount(start)) return undefined;
  if (storage.foreign !== undefined) return new UnreadableTensor(`a tensor of ${storage.foreign}`);
  const dtype = given ?? storage.dtype;
  const sizes = counts(shape);
  const steps = counts(strides);
  if (!dtype || !sizes || !steps || sizes.length !== steps.length) return undefined;
  return new TensorValue(storage, dtype, start, sizes, steps);
}

function tensorOnly(data: PickleValue | undefined): TensorValue | UnreadableTensor | undefined {
  return data instanceof TensorValue || data instanceof UnreadableTensor ? data : undefined;
}

function first([value]: readonly PickleValue[]): PickleValue | undefined {
  return value;
}

function unreadable(what: string): PickleFunction {
  return () => new UnreadableTensor(what);
}

/** Tells whether a tensor is a view whose elements are to be multiplied by −1 when they are read. */
function isNegated(marks: PickleValue | undefined): boolean {
  return marks instanceof PickleDict && marks.get("neg") === true;
}

function ownDtype(name: string): Dtype | undefined {
  return Object.hasOwn(TORCH_DTYPES, name) ? TORCH_DTYPES[name] : undefined;
}

/** The type of the elements of a storage class, by its name; undefined when it is none. */
function storageType(name: string): StorageType | undefined {
  if (UNTYPED_STORAGES.has(name)) return { unit: 1 };
  if (Object.hasOwn(FOREIGN_STORAGES, name)) return FOREIGN_STORAGES[name];
  const dtype = Object.hasOwn(STORAGE_DTYPES, name) ? STORAGE_DTYPES[name] : undefined;
  return dtype && { dtype, unit: DTYPE_BYTES[dtype] };
}

function counts(value: PickleValue | undefined): readonly number[] | undefined {
  if (!(value instanceof PickleTuple) || value.items.length > MAX_AXES) return undefined;
  return value.items.every(isCount) ? value.items : undefined;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
