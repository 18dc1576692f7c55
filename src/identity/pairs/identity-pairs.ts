/** A person with the pictures that say who it is: the sources of an edit, a swap, a generation. */
export interface SourcePerson {
  readonly name: string;
  /** One or more. */
  readonly pictures: readonly string[];
}

/** A result, the person whom it is to show, and the picture whose face was replaced, where there is one. */
export interface ResultPair {
  /** Index into the people. */
  readonly person: number;
  readonly result: string;
  readonly target?: string | undefined;
  /** False where a matrix pairs a result with somebody else than its own person. @default true */
  readonly own?: boolean | undefined;
}

/** Sources and results, put together. */
export interface IdentityPairs {
  /** The rule by which they were put together, for people. */
  readonly rule: string;
  readonly people: readonly SourcePerson[];
  readonly pairs: readonly ResultPair[];
  /** Pictures that belong to no pair: told, never silently left out. */
  readonly unpaired: { readonly sources: readonly string[]; readonly results: readonly string[] };
}
