/** Wrappers that put their own name in front of every tensor of the network inside. */
const PREFIXES: readonly string[] = ["module.", "_orig_mod."];

/** Names that a wrapper of a part of a network puts between the others; no network gives them to its own parts. */
const INNER: readonly string[] = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/** A checkpoint's names as the network itself would give them. */
export interface UnwrappedNames {
  /** The prefix of every name, which has been cut off. */
  readonly prefix: string;
  /** Wrappers' names that were taken out of the middle of others. */
  readonly inner: readonly string[];
  /** The network's own name of a tensor. */
  own(name: string): string;
}

/**
 * Takes out of tensors' names what `DataParallel`, `torch.compile` and other wrappers put into them.
 *
 * Wrappers inside a name stay where two tensors would have one name without them.
 */
export function unwrapNames(names: readonly string[]): UnwrappedNames {
  const prefix = commonPrefix(names);
  const cut = (name: string): string => name.slice(prefix.length);
  const stripped = (name: string): string =>
    cut(name)
      .split(".")
      .filter((part, i, parts) => i === parts.length - 1 || !INNER.includes(part))
      .join(".");
  const unique = new Set(names.map(stripped)).size === names.length;
  const found = unique
    ? INNER.filter((word) => names.some((name) => `.${cut(name)}`.includes(`.${word}.`)))
    : [];
  return { prefix, inner: found, own: found.length > 0 ? stripped : cut };
}

/** The wrappers' names that every tensor begins with, one after another. */
function commonPrefix(names: readonly string[]): string {
  let prefix = "";
  for (let wrapper: string | undefined = ""; wrapper !== undefined; prefix += wrapper ?? "") {
    const start: number = prefix.length;
    wrapper = PREFIXES.find(
      (word) => names.length > 0 && names.every((name) => name.startsWith(word, start)),
    );
  }
  return prefix;
}
