import "./failure.css";
import { sentenceOf } from "../service.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";

/** The reason why something is not there, where it would have been. */
export function Failure({
  thrown,
  again,
}: {
  readonly thrown: unknown;
  readonly again?: (() => void) | undefined;
}) {
  return (
    <div class="failure" role="alert">
      <Icon name="alert" />
      <p>{sentenceOf(thrown)}</p>
      {again && (
        <Button small onClick={again}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Says what is being waited for. */
export function Waiting({ for: what }: { readonly for: string }) {
  return (
    <p class="waiting" role="status">
      <i aria-hidden="true" />
      {what}
    </p>
  );
}
