import { batch, computed, effect, signal } from "@preact/signals";
import { param, setParams } from "../../address.ts";
import {
  chosenFace,
  largest,
  type SeenFace,
  type TakenPicture,
  takePicture,
} from "../../pictures/taken-picture.ts";

const taken = signal<readonly TakenPicture[]>([]);

/** `face=1.2` in the address: of the second picture the third face. */
const PLACE = /^(\d{1,3})(?:\.(\d{1,4}))?$/;

/** The pictures that are searched with: of one person. They stay while the page is open. */
export const query = computed(() => {
  const [, shown = "0"] = PLACE.exec(param("face") ?? "") ?? [];
  return { pictures: taken.value, shown: Math.min(Number(shown), Math.max(0, taken.value.length - 1)) };
});

// Going back in the browser chooses the face that was chosen before.
effect(() => {
  const [, shown = "0", face] = PLACE.exec(param("face") ?? "") ?? [];
  const picture = taken.value[Number(shown)];
  if (picture?.look.value.kind !== "seen") return;
  const { faces } = picture.look.value;
  picture.chosen.value = Number(face) < faces.length ? Number(face) : largest(faces);
});

/** The faces that are searched for, as far as they were found. */
export const faces = computed<readonly SeenFace[]>(() => {
  const found = taken.value.map(chosenFace);
  return found.filter((face) => face !== undefined);
});

/** Adds pictures of the person who is looked for. */
export function addPictures(files: readonly File[]): void {
  const before = taken.value.length;
  batch(() => {
    taken.value = [...taken.value, ...files.map((file) => takePicture(file, file.name))];
    setParams({ face: before === 0 ? undefined : String(before) }, { replace: true });
  });
}

/** Takes a picture away. */
export function removePicture(picture: TakenPicture): void {
  picture.letGo();
  batch(() => {
    taken.value = taken.value.filter((each) => each !== picture);
    setParams({ face: undefined }, { replace: true });
  });
}

/** Shows a picture, with the face of it that is searched for. */
export function show(picture: number, face: number): void {
  setParams({ face: `${picture}.${face}` });
}
