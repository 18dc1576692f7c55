import type { Dtype } from "../dtype.ts";
import { PickleExtension, type PickleValue } from "../pickle/index.ts";

/** The type of a storage's elements. */
export interface StorageType {
  readonly dtype?: Dtype | undefined;
  readonly unit: number;
  readonly foreign?: string | undefined;
}

/** A storage that a pickle refers to; its bytes lie elsewhere in the file, found by `key`. */
export class StorageValue extends PickleExtension {
  readonly key: string;
  /** Absent for untyped storages, whose tensors say their own type, and where the type is not read here. */
  readonly dtype: Dtype | undefined;
  /** Bytes of one element; 1 when it is untyped. */
  readonly unit: number;
  /** PyTorch's name of an element type that is not read here: `complex64`. */
  readonly foreign: string | undefined;
  /** Elements of the whole storage; bytes when it is untyped. */
  readonly length: number;
  /** First element of the stretch that this view of the storage covers, and how many it covers. */
  readonly viewStart: number;
  readonly viewLength: number;

  constructor(
    key: string,
    type: StorageType,
    length: number,
    view: { readonly start: number; readonly length: number } = { start: 0, length },
  ) {
    super();
    this.key = key;
    this.dtype = type.dtype;
    this.unit = type.unit;
    this.foreign = type.foreign;
    this.length = length;
    this.viewStart = view.start;
    this.viewLength = view.length;
  }
}

/** A tensor as a pickle describes it: a shape and strides laid over a storage. */
export class TensorValue extends PickleExtension {
  readonly storage: StorageValue;
  readonly dtype: Dtype;
  /** First element, counted from the start of the storage's view. */
  readonly start: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(
    storage: StorageValue,
    dtype: Dtype,
    start: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    super();
    this.storage = storage;
    this.dtype = dtype;
    this.start = start;
    this.shape = shape;
    this.strides = strides;
  }
}

/** A tensor of a kind that is not read here, in the place where the file has it. */
export class UnreadableTensor extends PickleExtension {
  /** The tensor's kind, as the end of a sentence: `a sparse tensor`. */
  readonly what: string;

  constructor(what: string) {
    super();
    this.what = what;
  }
}

/** Tells whether a value is a tensor. */
export function isTensor(value: PickleValue | undefined): value is TensorValue {
  return value instanceof TensorValue;
}
