import "./toasts.css";
import { signal } from "@preact/signals";
import { sentenceOf } from "../service.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";

/** Milliseconds that a message stays; one that can be taken back stays longer. */
const STAYS_MS = 6000;
const UNDO_MS = 15_000;

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly alarm: boolean;
  readonly undo?: (() => Promise<unknown>) | undefined;
}

const toasts = signal<readonly Toast[]>([]);
let last = 0;

/**
 * Says what has happened, at the foot of the page.
 *
 * @param how.undo takes it back; whoever asks for it is told whether it went well
 */
export function tell(
  text: string,
  how: { readonly undo?: () => Promise<unknown>; readonly alarm?: boolean } = {},
): void {
  const id = ++last;
  const { undo, alarm = false } = how;
  toasts.value = [...toasts.value.slice(-3), { id, text, alarm, undo }];
  setTimeout(() => takeAway(id), undo ? UNDO_MS : STAYS_MS);
}

/** Says what went wrong. */
export function tellFailure(thrown: unknown): void {
  if (thrown instanceof DOMException && thrown.name === "AbortError") return;
  tell(sentenceOf(thrown), { alarm: true });
}

function takeAway(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

async function takeBack({ id, undo }: Toast): Promise<void> {
  takeAway(id);
  try {
    await undo!();
    tell("Taken back.");
  } catch (thrown) {
    tellFailure(thrown);
  }
}

/** The place of all messages. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div class={toast.alarm ? "toast alarm" : "toast"} key={toast.id}>
          {toast.alarm && <Icon name="alert" />}
          <p>{toast.text}</p>
          {toast.undo && (
            <Button icon="undo" small onClick={() => void takeBack(toast)}>
              Undo
            </Button>
          )}
          <Button
            icon="close"
            look="plain"
            small
            aria-label="Close this message"
            onClick={() => takeAway(toast.id)}
          />
        </div>
      ))}
    </div>
  );
}
