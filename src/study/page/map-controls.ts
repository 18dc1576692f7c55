import { isInside, moved, type Place, wholeMap, zoomed } from "./camera.ts";
import { fillCard } from "./card.ts";
import { byId, pressed } from "./document.ts";
import { type Faces, written } from "./faces.ts";
import type { MapView } from "./map-view.ts";
import type { Thumbnails } from "./thumbnails.ts";

/** The map's requests to the rest of the page. */
export interface MapActions {
  /** Opens a face's row in the grid. */
  readonly open: (face: number) => void;
  /** The selection has changed. */
  readonly selected: () => void;
}

/** A pointer that moved less than this between down and up was a click. */
const CLICK_PX = 5;

/** Pointer, wheel, keyboard and buttons of the map. */
export function controlMap(map: MapView, faces: Faces, thumbnails: Thumbnails, actions: MapActions): void {
  const { canvas, state } = map;
  const card = byId("card");
  const lasso = byId("lasso");
  const pointers = new Map<number, Place>();
  let down: Place | undefined;

  const focus = (face: number, at?: Place): void => {
    canvas.classList.toggle("over", face >= 0);
    if (face === state.focus && !at) return;
    state.focus = face;
    if (face >= 0) fillCard(card, faces, thumbnails, face, at ?? map.screenPlace(face), map.view);
    else card.hidden = true;
    map.draw();
  };
  const zoom = (factor: number, at: Place = { x: map.view.width / 2, y: map.view.height / 2 }): void => {
    state.camera = zoomed(state.camera, map.view, factor, at);
    focus(-1);
    map.draw();
  };
  const placeOf = (event: PointerEvent | WheelEvent): Place => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const endLasso = (): void => {
    for (let face = 0; face < faces.count; face++) {
      if (map.isShown(face) && isInside(map.screenPlace(face), state.lasso)) state.selection.add(face);
    }
    state.lasso = [];
    actions.selected();
    map.draw();
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, placeOf(event));
    down = placeOf(event);
    if (pressed(lasso)) state.lasso = [down];
    else canvas.classList.add("dragging");
  });
  canvas.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      const face = map.faceAt(place);
      if (face !== state.focus) focus(face);
      return;
    }
    pointers.set(event.pointerId, place);
    if (pressed(lasso)) {
      state.lasso.push(place);
      map.draw();
      return;
    }
    const others = [...pointers].filter(([id]) => id !== event.pointerId);
    const other = others[0]?.[1];
    if (other) zoom(distance(place, other) / Math.max(1, distance(before, other)), other);
    else if (down && distance(place, down) >= CLICK_PX) {
      state.camera = moved(state.camera, place.x - before.x, place.y - before.y);
      focus(-1);
      map.draw();
    }
  });
  const release = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    canvas.classList.remove("dragging");
    const place = placeOf(event);
    const clicked = event.type === "pointerup" && down !== undefined && distance(place, down) < CLICK_PX;
    if (pressed(lasso) && !clicked) endLasso();
    else if (clicked) {
      state.lasso = [];
      const face = map.faceAt(place);
      if (face >= 0) actions.open(face);
    }
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => focus(-1));
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      zoom(Math.exp(-event.deltaY * lines * 0.0022), placeOf(event));
    },
    { passive: false },
  );

  const say = (face: number): void => {
    const [hit] = faces.neighbours(face);
    byId("spoken").textContent =
      `${faces.personOf(face)}, ${faces.nameOf(face)}${state.selection.has(face) ? ", selected" : ""}.` +
      (hit ? ` Nearest: ${faces.personOf(hit.face)}, ${written(hit.cosine)}.` : "");
  };
  const goTo = (step: 1 | -1): void => {
    for (let i = 1; i <= faces.count; i++) {
      const start = state.focus < 0 && step < 0 ? 0 : state.focus;
      const face = (((start + step * i) % faces.count) + faces.count) % faces.count;
      if (!map.isShown(face)) continue;
      const { x, y } = map.screenPlace(face);
      const { width, height } = map.view;
      if (x < 20 || y < 20 || x > width - 20 || y > height - 20)
        state.camera = moved(state.camera, width / 2 - x, height / 2 - y);
      focus(face);
      say(face);
      return;
    }
  };
  const move = (dx: number, dy: number): void => {
    state.camera = moved(state.camera, dx, dy);
    focus(-1);
    map.draw();
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => move(60, 0),
    ArrowRight: () => move(-60, 0),
    ArrowUp: () => move(0, 60),
    ArrowDown: () => move(0, -60),
    "+": () => zoom(1.4),
    "=": () => zoom(1.4),
    "-": () => zoom(1 / 1.4),
    "0": () => byId("whole").click(),
    n: () => goTo(1),
    p: () => goTo(-1),
    s: () => {
      if (state.focus < 0) return;
      if (!state.selection.delete(state.focus)) state.selection.add(state.focus);
      actions.selected();
      say(state.focus);
      map.draw();
    },
    Enter: () => state.focus >= 0 && actions.open(state.focus),
    Escape: () => {
      state.selection.clear();
      state.lasso = [];
      pressed(lasso, false);
      canvas.classList.remove("lasso");
      actions.selected();
      focus(-1);
      map.draw();
    },
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key] ?? keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  byId("closer").addEventListener("click", () => zoom(1.5));
  byId("farther").addEventListener("click", () => zoom(1 / 1.5));
  byId("whole").addEventListener("click", () => {
    state.camera = wholeMap(map.view);
    focus(-1);
    map.draw();
  });
  lasso.addEventListener("click", () => {
    canvas.classList.toggle("lasso", pressed(lasso, !pressed(lasso)));
  });
  for (const id of ["pictures", "links"] as const) {
    const button = document.getElementById(id);
    button?.addEventListener("click", () => {
      state[id] = pressed(button, !pressed(button));
      if (id === "pictures") map.turnTo(state.layout);
      else map.draw();
    });
  }
  const person = byId<HTMLSelectElement>("person");
  person.addEventListener("change", () => {
    state.person = person.value === "" ? -1 : Number(person.value);
    focus(-1);
    map.draw();
  });
  const methods = [...document.querySelectorAll<HTMLElement>("[data-layout]")];
  const note = (): void => {
    byId("layout-note").textContent = faces.layout(state.layout).note;
  };
  for (const [index, button] of methods.entries()) {
    button.addEventListener("click", () => {
      for (const other of methods) pressed(other, other === button);
      focus(-1);
      map.turnTo(index);
      note();
    });
  }
  note();
}

function distance(a: Place, b: Place): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
