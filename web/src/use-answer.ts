import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** An answer that is on its way, there, or not to be had. */
export type Answer<T> =
  | { readonly kind: "asking"; readonly before?: T | undefined }
  | { readonly kind: "there"; readonly value: T }
  | { readonly kind: "failed"; readonly thrown: unknown; readonly again: () => void };

/**
 * Asks whenever one of `of` changes, and gives up a question that is not wanted any more.
 *
 * @param question undefined where there is nothing to ask
 */
export function useAnswer<T>(
  question: ((signal: AbortSignal) => Promise<T>) | undefined,
  of: readonly unknown[],
): Signal<Answer<T>> {
  const answer = useSignal<Answer<T>>({ kind: "asking" });
  const round = useSignal(0);
  useEffect(() => {
    if (!question) return;
    const gone = new AbortController();
    const last = answer.peek();
    answer.value = { kind: "asking", before: last.kind === "there" ? last.value : undefined };
    question(gone.signal).then(
      (value) => {
        if (!gone.signal.aborted) answer.value = { kind: "there", value };
      },
      (thrown: unknown) => {
        if (!gone.signal.aborted) answer.value = { kind: "failed", thrown, again: () => round.value++ };
      },
    );
    return () => gone.abort(new DOMException("not wanted any more", "AbortError"));
    // NaN differs from itself: an address with a word in a number's place would be asked about without end.
  }, [...of.map((each) => (Number.isNaN(each) ? "NaN" : each)), round.value]);
  return answer;
}
