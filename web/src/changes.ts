import { useEffect } from "preact/hooks";
import { ask } from "./service.ts";

/** Milliseconds before a stream that could not be had is asked for again. */
const AGAIN_MS = 2000;

/**
 * Calls whenever somebody changes a gallery, here or in another browser, with the change's number.
 *
 * @param collection undefined where there is none to follow
 * @param onBegin told once where the log stands when it begins to be followed
 */
export function useChanges(
  collection: string | undefined,
  onChange: (sequence: number) => void,
  onBegin?: (sequence: number) => void,
): void {
  useEffect(() => {
    if (collection === undefined) return;
    const gone = new AbortController();
    const { signal } = gone;
    void (async () => {
      let seen: number | undefined;
      while (!signal.aborted) {
        try {
          for await (const { sequence } of await ask("changes", { collection }, { signal })) {
            if (seen === undefined) onBegin?.(sequence);
            else if (sequence !== seen) onChange(sequence);
            seen = sequence;
          }
        } catch {
          // Whatever it was, screens say it themselves when they ask.
        }
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    })();
    return () => gone.abort(new DOMException("not wanted any more", "AbortError"));
  }, [collection]);
}
