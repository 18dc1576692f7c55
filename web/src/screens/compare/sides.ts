import { batch, computed, effect, signal } from "@preact/signals";
import { param, setParams } from "../../address.ts";
import {
  chosenFace,
  largest,
  type SeenFace,
  type TakenPicture,
  takePicture,
} from "../../pictures/taken-picture.ts";
import { ask, type ClientAnswer } from "../../service.ts";

/** The two sides of a comparison. */
export type SideName = "a" | "b";
export const SIDES: readonly SideName[] = ["a", "b"];

/** One side: pictures of one person, one of which is looked at. They stay while the page is open, whatever screen is shown. */
export interface Side {
  readonly name: SideName;
  readonly pictures: readonly TakenPicture[];
  /** The number of the picture that is shown. */
  readonly shown: number;
}

const taken = { a: signal<readonly TakenPicture[]>([]), b: signal<readonly TakenPicture[]>([]) };

/** `a=1.2` in the address: the second picture of side a, its third face. */
const PLACE = /^(\d{1,3})(?:\.(\d{1,4}))?$/;

/** A side as it is now. */
export const sides = {
  a: computed(() => sideOf("a")),
  b: computed(() => sideOf("b")),
};

function sideOf(name: SideName): Side {
  const pictures = taken[name].value;
  const [, shown = "0"] = PLACE.exec(param(name) ?? "") ?? [];
  return { name, pictures, shown: Math.min(Number(shown), Math.max(0, pictures.length - 1)) };
}

// Going back in the browser chooses the face that was chosen before.
for (const name of SIDES)
  effect(() => {
    const [, shown = "0", face] = PLACE.exec(param(name) ?? "") ?? [];
    const picture = taken[name].value[Number(shown)];
    if (picture?.look.value.kind !== "seen") return;
    const { faces } = picture.look.value;
    picture.chosen.value = Number(face) < faces.length ? Number(face) : largest(faces);
  });

/** Adds pictures to a side and shows the first of them. */
export function addPictures(name: SideName, files: readonly File[]): void {
  const before = taken[name].value.length;
  batch(() => {
    taken[name].value = [...taken[name].value, ...files.map((file) => takePicture(file, file.name))];
    setParams({ [name]: before === 0 ? undefined : String(before) }, { replace: true });
  });
}

/** Begins anew with these pictures on the first side. */
export function beginWith(pictures: readonly { readonly file: Blob; readonly name: string }[]): void {
  batch(() => {
    for (const name of SIDES) {
      for (const picture of taken[name].value) picture.letGo();
      taken[name].value = [];
    }
    taken.a.value = pictures.map(({ file, name }) => takePicture(file, name));
  });
}

/** Takes a picture away. */
export function removePicture(name: SideName, picture: TakenPicture): void {
  picture.letGo();
  batch(() => {
    taken[name].value = taken[name].value.filter((each) => each !== picture);
    setParams({ [name]: undefined }, { replace: true });
  });
}

/** Shows a picture of a side, with one of its faces. */
export function show(name: SideName, picture: number, face: number): void {
  setParams({ [name]: `${picture}.${face}` });
}

/** The address with a picture of each side shown. */
export function pairParams(a: number, b: number): Record<SideName, string> {
  const face = (name: SideName, at: number): number => taken[name].value[at]?.chosen.value ?? 0;
  return { a: `${a}.${face("a", a)}`, b: `${b}.${face("b", b)}` };
}

/** A picture of one side beside one of the other. */
export interface Pair {
  readonly a: number;
  readonly b: number;
  readonly cosine: number;
}

/** Every picture of one side with every one of the other, as far as they have faces. */
export const pairs = computed<readonly Pair[]>(() => {
  const found: Pair[] = [];
  taken.a.value.forEach((first, a) => {
    const left = chosenFace(first);
    if (!left) return;
    taken.b.value.forEach((second, b) => {
      const right = chosenFace(second);
      if (right) found.push({ a, b, cosine: cosineOf(left, right) });
    });
  });
  return found;
});

/** Verdicts on the pairs, in their order. */
export type Judged = ClientAnswer<"judge">;

/** Asks what the pairs' cosines mean. */
export async function judgePairs(cosines: readonly number[], until: AbortSignal): Promise<Judged> {
  return await ask("judge", { cosines: [...cosines] }, { signal: until });
}

/** Unit vectors: the dot product is the cosine, up to their rounding. */
function cosineOf({ embedding: a }: SeenFace, { embedding: b }: SeenFace): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return Math.min(1, Math.max(-1, sum));
}
