import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../../../parts/button.tsx";
import { Dialog } from "../../../parts/dialog.tsx";

/** A box in pixels of the picture. */
export interface DrawnBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface DrawBoxProps {
  readonly name: string;
  readonly url: string;
  readonly onBox: (box: DrawnBox) => void;
  readonly onClose: () => void;
}

/** Steps of the keyboard, and the least side of a box, in shares of the picture's shorter side. */
const STEP = 0.02;
const LEAST = 0.03;

/** Has somebody draw a box around a face, with a pointer or the keyboard. */
export function DrawBox({ name, url, onBox, onClose }: DrawBoxProps) {
  const picture = useRef<HTMLImageElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const size = useSignal<{ readonly width: number; readonly height: number } | undefined>(undefined);
  const box = useSignal<DrawnBox | undefined>(undefined);
  const begun = useRef<{ readonly x: number; readonly y: number } | undefined>(undefined);

  const begin = (): void => {
    const { naturalWidth: width, naturalHeight: height } = picture.current!;
    size.value = { width, height };
    const side = Math.min(width, height) / 3;
    box.value = { x: (width - side) / 2, y: (height - side) / 2, width: side, height: side };
  };
  useEffect(() => {
    if (size.value) frame.current!.focus();
  }, [size.value]);

  const at = ({ clientX, clientY }: PointerEvent): { x: number; y: number } => {
    const { left, top, width, height } = frame.current!.getBoundingClientRect();
    const share = (value: number): number => Math.max(0, Math.min(1, value));
    return {
      x: share((clientX - left) / width) * size.value!.width,
      y: share((clientY - top) / height) * size.value!.height,
    };
  };

  const move = (event: KeyboardEvent): void => {
    const { width, height } = size.value!;
    const least = LEAST * Math.min(width, height);
    const by = STEP * Math.min(width, height);
    const dx = { ArrowLeft: -by, ArrowRight: by }[event.key] ?? 0;
    const dy = { ArrowUp: -by, ArrowDown: by }[event.key] ?? 0;
    if (dx === 0 && dy === 0) return;
    event.preventDefault();
    const now = box.value!;
    const between = (value: number, low: number, high: number): number =>
      Math.max(low, Math.min(high, value));
    box.value = event.shiftKey
      ? {
          ...now,
          width: between(now.width + dx, least, width - now.x),
          height: between(now.height + dy, least, height - now.y),
        }
      : {
          ...now,
          x: between(now.x + dx, 0, width - now.width),
          y: between(now.y + dy, 0, height - now.height),
        };
  };

  const drawn = box.value;
  return (
    <Dialog title="Where is the face?" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (drawn) onBox(drawn);
        }}
      >
        <p class="small soft" id="how-to-draw">
          Draw a box from forehead to chin. With the keyboard, arrows move it, and with Shift change its size.
        </p>
        <div
          class="draw-box"
          ref={frame}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the box in it is moved with the arrow keys
          tabIndex={0}
          role="application"
          aria-label={`Box on ${name}: ${inWords(drawn)}`}
          aria-describedby="how-to-draw"
          onKeyDown={(event) => {
            if (size.value) move(event);
          }}
          onPointerDown={(event) => {
            if (!size.value) return;
            event.preventDefault();
            frame.current!.setPointerCapture(event.pointerId);
            frame.current!.focus();
            begun.current = at(event);
          }}
          onPointerMove={(event) => {
            const from = begun.current;
            if (!from || !size.value) return;
            const to = at(event);
            const least = LEAST * Math.min(size.value.width, size.value.height);
            const [width, height] = [Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
            if (width < least || height < least) return;
            box.value = { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), width, height };
          }}
          onPointerUp={() => {
            begun.current = undefined;
          }}
        >
          <img ref={picture} src={url} alt="" draggable={false} onLoad={begin} />
          {drawn && size.value && (
            <i
              style={{
                left: `${(100 * drawn.x) / size.value.width}%`,
                top: `${(100 * drawn.y) / size.value.height}%`,
                width: `${(100 * drawn.width) / size.value.width}%`,
                height: `${(100 * drawn.height) / size.value.height}%`,
              }}
            />
          )}
        </div>
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="first" type="submit" disabled={!drawn}>
            Add this face
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function inWords(box: DrawnBox | undefined): string {
  if (!box) return "none yet";
  const { x, y, width, height } = box;
  return `${Math.round(width)} by ${Math.round(height)} pixels, ${Math.round(x)} from the left, ${Math.round(y)} from the top`;
}
