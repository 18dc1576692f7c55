/** A page of a list in order of a key; `after` is the last key of the page before. */
export interface Page<K> {
  readonly after?: K | undefined;
  readonly limit: number;
}
