/** The report's script: the map, the card beside a face, the selection and the grid of neighbours. */
import type { PageData } from "../report/page-data.ts";
import { byId } from "./document.ts";
import { Faces } from "./faces.ts";
import { Grid } from "./grid.ts";
import { controlMap } from "./map-controls.ts";
import { MapView } from "./map-view.ts";
import { showSelection } from "./selection.ts";
import { Thumbnails } from "./thumbnails.ts";

const faces = new Faces(JSON.parse(byId("data").textContent ?? "") as PageData);

if (faces.count > 0) {
  const thumbnails = new Thumbnails(faces.data.tiles);
  for (const place of document.querySelectorAll<HTMLElement>(".face[data-face]")) {
    thumbnails.show(place, Number(place.dataset["face"]), Number(place.dataset["side"]));
  }
  const map = new MapView(byId<HTMLCanvasElement>("canvas"), faces, thumbnails);
  const grid = new Grid(faces, thumbnails, map.state.selection);
  const selected = (): void =>
    showSelection(faces, thumbnails, map.state.selection, {
      list: () => grid.listSelection(),
      clear: () => {
        map.state.selection.clear();
        selected();
        map.draw();
      },
    });
  controlMap(map, faces, thumbnails, { open: (face) => grid.open(face), selected });
  grid.list();
  thumbnails.decode().then(
    () => {
      map.draw();
      document.documentElement.dataset["ready"] = "true";
    },
    (error: unknown) => {
      // Without pictures the map still shows shapes.
      map.state.pictures = false;
      map.draw();
      throw error;
    },
  );
}
