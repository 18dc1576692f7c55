import { computed, signal } from "@preact/signals";
import { scheme } from "../../scheme.ts";

const system = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(system.matches);
system.addEventListener("change", () => {
  systemIsDark.value = system.matches;
});

/** True while the page is shown dark. */
export const isDark = computed(() =>
  scheme.value === "system" ? systemIsDark.value : scheme.value === "dark",
);
