/** The type of a value's elements: 32-bit floats, 32-bit whole numbers (labels), or the truth of a comparison. */
export type ElementType = "float" | "int" | "bool";

/** The type of a value, known before anything is computed. */
export interface ValueType {
  readonly shape: readonly number[];
  readonly type: ElementType;
}
