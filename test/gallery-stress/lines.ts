/** The person whose face a source is; null when the writer's face of this source is gone. */
export type Owners = Record<string, string | null>;

/** A process's words about itself, a JSON line each. */
export type Line =
  /** A step begins: what the writer's faces will belong to, and how far it may count. */
  | { readonly begins: string; readonly owners: Owners; readonly counts?: true }
  /** It is durable. */
  | { readonly done: string; readonly sequence: number | null }
  /** A reader's answer was what it has to be. */
  | { readonly asked: number }
  | { readonly wrong: string }
  | { readonly ended: true };

/** Someone whom all writers give faces to. */
export const SHARED = "everybody's";
/** Someone whose name counts: a lost update would lose a number. */
export const COUNTER = "counter ";
/** Someone whom nobody changes. */
export const ANCHOR = "anchor";
