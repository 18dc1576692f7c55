import "./button.css";
import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "./icon.tsx";

interface ButtonProps extends Omit<JSX.HTMLAttributes<HTMLButtonElement>, "icon" | "size"> {
  readonly icon?: IconName;
  /** `first` for the one thing to do next, `plain` beside others. */
  readonly look?: "first" | "usual" | "plain";
  readonly small?: boolean;
  readonly disabled?: boolean;
  readonly type?: "button" | "submit";
  readonly children?: ComponentChildren;
}

/** A button; without children it is its icon, and needs an `aria-label`. */
export function Button({ icon, look = "usual", small = false, children, class: own, ...rest }: ButtonProps) {
  const bare = children === undefined;
  const classes = ["button", look, small && "small", bare && "bare", own as string].filter(Boolean).join(" ");
  return (
    <button type="button" class={classes} title={bare ? (rest["aria-label"] as string) : undefined} {...rest}>
      {icon && <Icon name={icon} size={small ? 16 : 20} />}
      {children}
    </button>
  );
}
