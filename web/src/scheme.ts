import { effect, signal } from "@preact/signals";

/** Light, dark, or as the system is. */
export type Scheme = "system" | "light" | "dark";

export const SCHEMES: readonly Scheme[] = ["system", "light", "dark"];

const KEPT = "arcface-scheme";

/** The scheme that was chosen; it stays with the browser. */
export const scheme = signal<Scheme>(SCHEMES.find((each) => each === localStorage.getItem(KEPT)) ?? "system");

/** Shows the page in the chosen scheme, now and whenever it changes. */
export function applyScheme(): void {
  effect(() => {
    const { dataset } = document.documentElement;
    if (scheme.value === "system") {
      delete dataset["scheme"];
      localStorage.removeItem(KEPT);
    } else {
      dataset["scheme"] = scheme.value;
      localStorage.setItem(KEPT, scheme.value);
    }
  });
}
