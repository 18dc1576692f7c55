import "./dialog.css";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Button } from "./button.tsx";

interface DialogProps {
  readonly title: string;
  /** Absent for one that cannot be put off. */
  readonly onClose?: () => void;
  readonly children: ComponentChildren;
}

/** A window over the page: the browser's own, which keeps the keyboard inside and gives it back. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    element.current!.showModal();
  }, []);
  return (
    <dialog
      class="dialog"
      ref={element}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        {onClose && <Button icon="close" look="plain" aria-label="Close" onClick={onClose} />}
      </header>
      {children}
    </dialog>
  );
}
