import { fillCard } from "./card.ts";
import { byId, pressed } from "./document.ts";
import { type Faces, written } from "./faces.ts";
import type { MapView } from "./map-view.ts";
import {
  type Camera,
  isInside,
  keyedCamera,
  listenForGestures,
  moved,
  type Place,
  wholeMap,
  zoomed,
} from "./plane/index.ts";
import type { Thumbnails } from "./thumbnails.ts";

/** The map's requests to the rest of the page. */
export interface MapActions {
  /** Opens a face's row in the grid. */
  readonly open: (face: number) => void;
  /** The selection has changed. */
  readonly selected: () => void;
}

/** Pointer, wheel, keyboard and buttons of the map. */
export function controlMap(map: MapView, faces: Faces, thumbnails: Thumbnails, actions: MapActions): void {
  const { canvas, state } = map;
  const card = byId("card");
  const lasso = byId("lasso");

  const focus = (face: number, at?: Place): void => {
    canvas.classList.toggle("over", face >= 0);
    if (face === state.focus && !at) return;
    state.focus = face;
    if (face >= 0) fillCard(card, faces, thumbnails, face, at ?? map.screenPlace(face), map.view);
    else card.hidden = true;
    map.draw();
  };
  const look = (camera: Camera): void => {
    state.camera = camera;
    focus(-1);
    map.draw();
  };
  const zoom = (factor: number): void => {
    look(zoomed(state.camera, map.view, factor, { x: map.view.width / 2, y: map.view.height / 2 }));
  };
  listenForGestures(canvas, {
    camera: () => state.camera,
    view: () => map.view,
    look,
    draws: () => pressed(lasso),
    outline: (places) => {
      state.lasso = places;
      map.draw();
    },
    outlined: (places) => {
      state.lasso = [];
      if (places.length === 0) return;
      for (let face = 0; face < faces.count; face++)
        if (map.isShown(face) && isInside(map.screenPlace(face), places)) state.selection.add(face);
      actions.selected();
      map.draw();
    },
    over: (place) => {
      const face = place ? map.faceAt(place) : -1;
      if (face !== state.focus) focus(face);
    },
    clicked: (place) => {
      const face = map.faceAt(place);
      if (face >= 0) actions.open(face);
    },
    dragging: (now) => canvas.classList.toggle("dragging", now),
  });

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
  const keys: Readonly<Record<string, () => void>> = {
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
    const camera = keyedCamera(event.key, state.camera, map.view);
    const act = camera ? () => look(camera) : (keys[event.key] ?? keys[event.key.toLowerCase()]);
    if (!act) return;
    event.preventDefault();
    act();
  });

  byId("closer").addEventListener("click", () => zoom(1.5));
  byId("farther").addEventListener("click", () => zoom(1 / 1.5));
  byId("whole").addEventListener("click", () => {
    look(wholeMap(map.view));
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
