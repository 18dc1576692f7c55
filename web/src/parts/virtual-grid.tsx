import "./virtual-grid.css";
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** Rows that are kept above and below those in sight, and by how many the kept ones move at a time. */
const BEYOND = 3;
const STEP = 2;

interface VirtualGridProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => number | string;
  /** The things in words, for those who do not see them. */
  readonly label: string;
  readonly rowPx: number;
  /** The least width of a column. */
  readonly leastPx: number;
  /** An item with one thing in it that takes the keyboard, by this `tabIndex`. */
  readonly render: (item: T, tabIndex: 0 | -1) => ComponentChildren;
}

/**
 * Any number of things in rows and columns, of which only those near to what is in sight are there. It is one stop of the Tab
 * key; arrows, Page Up and Down, Home and End go from thing to thing.
 */
export function VirtualGrid<T>({ items, keyOf, label, rowPx, leastPx, render }: VirtualGridProps<T>) {
  const frame = useRef<HTMLUListElement>(null);
  const seen = useSignal({ columns: 1, from: 0, to: 2 * BEYOND });
  const active = useSignal(0);
  const focusing = useRef(false);
  const rows = Math.ceil(items.length / seen.value.columns);

  useLayoutEffect(() => {
    const measure = (): void => {
      const { top, width } = frame.current!.getBoundingClientRect();
      const columns = Math.max(1, Math.floor(width / leastPx));
      const first = Math.floor(-top / rowPx / STEP) * STEP;
      const from = Math.max(0, first - BEYOND);
      const to = Math.max(from, first + Math.ceil(innerHeight / rowPx) + STEP + BEYOND);
      const before = seen.peek();
      if (before.columns !== columns || before.from !== from || before.to !== to)
        seen.value = { columns, from, to };
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(frame.current!);
    watch.observe(document.body);
    addEventListener("scroll", measure, { passive: true });
    return () => {
      watch.disconnect();
      removeEventListener("scroll", measure);
    };
  }, [rowPx, leastPx]);

  // A thing that the keyboard goes to is there only after it was scrolled to.
  useEffect(() => {
    if (!focusing.current) return;
    focusing.current = false;
    itemAt(active.value)?.querySelector<HTMLElement>("a, button, input")?.focus({ preventScroll: true });
  });

  const itemAt = (at: number): HTMLElement | null =>
    frame.current!.querySelector(`:scope > [data-at="${at}"]`);

  const move = (to: number): void => {
    const at = Math.max(0, Math.min(items.length - 1, to));
    const { columns } = seen.value;
    const top = frame.current!.getBoundingClientRect().top + Math.floor(at / columns) * rowPx;
    // Bars that stick to the edges hide a little.
    const [high, low] = [96, innerHeight - 96 - rowPx];
    if (top < high) scrollBy({ top: top - high, behavior: "instant" });
    else if (top > low) scrollBy({ top: top - low, behavior: "instant" });
    focusing.current = true;
    active.value = at;
  };

  const { columns, from, to } = seen.value;
  const [first, end] = [Math.min(from, rows) * columns, Math.min(to * columns, items.length)];
  const shown = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
  const kept = Math.min(active.value, items.length - 1);
  const isAway = kept >= 0 && (kept < first || kept >= end);
  // The thing that has the keyboard stays, wherever one scrolls to.
  if (isAway) shown.push(kept);
  const stop = isAway && !holdsFocus(frame.current) ? first : kept;
  return (
    <ul
      class="virtual-grid"
      ref={frame}
      aria-label={label}
      style={{ height: `${rows * rowPx}px` }}
      onFocusIn={({ target }) => {
        const at = (target as HTMLElement).closest<HTMLElement>("[data-at]")?.dataset["at"];
        if (at !== undefined) active.value = Number(at);
      }}
      onKeyDown={(event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        if ((event.target as HTMLElement).matches("input")) return;
        const at = active.value;
        const page = columns * Math.max(1, Math.floor((0.8 * innerHeight) / rowPx));
        const next = {
          ArrowRight: at + 1,
          ArrowLeft: at - 1,
          ArrowDown: at + columns,
          ArrowUp: at - columns,
          PageDown: at + page,
          PageUp: at - page,
          Home: 0,
          End: items.length - 1,
        }[event.key];
        if (next === undefined) return;
        event.preventDefault();
        move(next);
      }}
    >
      {shown.map((at) => {
        const item = items[at]!;
        return (
          <li
            key={keyOf(item)}
            data-at={at}
            aria-setsize={items.length}
            aria-posinset={at + 1}
            style={{
              top: `${Math.floor(at / columns) * rowPx}px`,
              left: `${(100 * (at % columns)) / columns}%`,
              width: `${100 / columns}%`,
              height: `${rowPx}px`,
            }}
          >
            {render(item, at === stop ? 0 : -1)}
          </li>
        );
      })}
    </ul>
  );
}

function holdsFocus(list: HTMLElement | null): boolean {
  return list?.contains(document.activeElement) ?? false;
}
