import { useSignal } from "@preact/signals";
import { Button } from "./parts/button.tsx";
import { Dialog } from "./parts/dialog.tsx";
import { key, useKey, wantsKey } from "./service.ts";

/** Asks for the key of whoever sits here. It stays with this tab, and goes nowhere but to the service. */
export function KeyDialog({ reason }: { readonly reason: string }) {
  const typed = useSignal("");
  const canWait = key.value !== undefined;
  return (
    <Dialog
      title="Your key"
      {...(canWait && {
        onClose: () => {
          wantsKey.value = undefined;
        },
      })}
    >
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.value.trim() !== "") useKey(typed.value);
        }}
      >
        <p>{reason}</p>
        <label class="field">
          Key
          <input
            type="password"
            name="key"
            autocomplete="off"
            spellcheck={false}
            placeholder="afk_…"
            value={typed.value}
            onInput={({ currentTarget }) => {
              typed.value = currentTarget.value;
            }}
          />
        </label>
        <p class="soft small">
          It is kept in this tab until the tab is closed. Whoever runs the service makes keys with{" "}
          <code>arcface serve keys create</code>.
        </p>
        <footer>
          <Button look="first" type="submit">
            Use this key
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
