import type { ComponentChildren, JSX } from "preact";
import { go } from "../address.ts";

interface LinkProps extends Omit<JSX.HTMLAttributes<HTMLAnchorElement>, "href"> {
  readonly to: string;
  readonly children?: ComponentChildren;
}

/** A link inside the page: followed without loading anything, and opened elsewhere as any link is. */
export function Link({ to, children, onClick, ...rest }: LinkProps) {
  return (
    <a
      {...rest}
      href={to}
      onClick={(event) => {
        onClick?.(event as never);
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
