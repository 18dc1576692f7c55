/** What a value's elements are: 32-bit floats, 32-bit whole numbers (labels), or the truth of a comparison. */
export type ElementType = "float" | "int" | "bool";

/** What a value is before anything is computed. */
export interface ValueType {
  readonly shape: readonly number[];
  readonly type: ElementType;
}
