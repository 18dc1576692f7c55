import { type Camera, moved, type Place, type View, zoomed } from "./camera.ts";

/** Everything that a pointer, a finger or a wheel can ask of a map. */
export interface Gestures {
  readonly camera: () => Camera;
  readonly view: () => View;
  /** Another part of the map is to be seen. */
  readonly look: (camera: Camera) => void;
  /** True while dragging draws an outline instead of moving the map. */
  readonly draws: () => boolean;
  /** The outline so far, on the screen. */
  readonly outline: (places: readonly Place[]) => void;
  /** The outline is closed; of no place where it was given up. */
  readonly outlined: (places: readonly Place[]) => void;
  /** The pointer is over a place, or over none any more. */
  readonly over: (place: Place | undefined) => void;
  readonly clicked: (place: Place) => void;
  /** Dragging has begun or ended. */
  readonly dragging: (now: boolean) => void;
}

/** A pointer that moved less than this between down and up was a click. */
const CLICK_PX = 5;

/** Pixels that an arrow key moves the map by. */
const STEP_PX = 60;

/** Listens to a pointer, two fingers and the wheel over an element, until the signal ends. */
export function listenForGestures(element: HTMLElement, to: Gestures, signal?: AbortSignal): void {
  const pointers = new Map<number, Place>();
  const options = signal ? { signal } : {};
  let down: Place | undefined;
  let outline: Place[] = [];
  const placeOf = (event: PointerEvent | WheelEvent): Place => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const zoom = (factor: number, at: Place): void => to.look(zoomed(to.camera(), to.view(), factor, at));
  element.addEventListener(
    "pointerdown",
    (event) => {
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, placeOf(event));
      down = placeOf(event);
      if (to.draws()) outline = [down];
      else to.dragging(true);
    },
    options,
  );
  element.addEventListener(
    "pointermove",
    (event) => {
      const place = placeOf(event);
      const before = pointers.get(event.pointerId);
      if (!before) return to.over(place);
      pointers.set(event.pointerId, place);
      if (to.draws()) {
        outline.push(place);
        return to.outline(outline);
      }
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) zoom(distance(place, other) / Math.max(1, distance(before, other)), other);
      else if (down && distance(place, down) >= CLICK_PX)
        to.look(moved(to.camera(), place.x - before.x, place.y - before.y));
    },
    options,
  );
  const release = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    to.dragging(false);
    const place = placeOf(event);
    const clicked = event.type === "pointerup" && down !== undefined && distance(place, down) < CLICK_PX;
    if (to.draws()) to.outlined(clicked ? [] : outline);
    outline = [];
    if (clicked) to.clicked(place);
  };
  element.addEventListener("pointerup", release, options);
  element.addEventListener("pointercancel", release, options);
  element.addEventListener("pointerleave", () => to.over(undefined), options);
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      zoom(Math.exp(-event.deltaY * lines * 0.0022), placeOf(event));
    },
    { ...options, passive: false },
  );
}

/** The camera after a key that moves the map or comes closer; undefined for any other key. */
export function keyedCamera(key: string, camera: Camera, view: View): Camera | undefined {
  const middle = { x: view.width / 2, y: view.height / 2 };
  if (key === "ArrowLeft") return moved(camera, STEP_PX, 0);
  if (key === "ArrowRight") return moved(camera, -STEP_PX, 0);
  if (key === "ArrowUp") return moved(camera, 0, STEP_PX);
  if (key === "ArrowDown") return moved(camera, 0, -STEP_PX);
  if (key === "+" || key === "=") return zoomed(camera, view, 1.4, middle);
  if (key === "-") return zoomed(camera, view, 1 / 1.4, middle);
  return undefined;
}

function distance(a: Place, b: Place): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
