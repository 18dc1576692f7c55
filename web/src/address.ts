import { signal } from "@preact/signals";

/** The address in the browser's bar, which holds everything that a link should bring back. */
export const address = signal(new URL(location.href));

addEventListener("popstate", () => {
  address.value = new URL(location.href);
});

/** Goes to an address of the page; `replace` leaves no step to go back to. */
export function go(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  const before = address.value;
  const next = new URL(to, before);
  if (next.href === before.href) return;
  history[replace ? "replaceState" : "pushState"](null, "", next);
  address.value = next;
  if (next.pathname !== before.pathname) scrollTo(0, 0);
}

/** A field of the address's query. */
export function param(name: string): string | undefined {
  return address.value.searchParams.get(name) ?? undefined;
}

/** The address with fields changed; undefined takes one out. */
export function withParams(changes: Readonly<Record<string, string | undefined>>): string {
  const next = new URL(address.value);
  for (const [name, value] of Object.entries(changes))
    if (value === undefined) next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  return next.href;
}

/** Changes fields of the address's query. */
export function setParams(
  changes: Readonly<Record<string, string | undefined>>,
  how: { readonly replace?: boolean } = {},
): void {
  go(withParams(changes), how);
}
