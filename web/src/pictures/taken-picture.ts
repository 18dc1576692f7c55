import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { ask, type ClientAnswer } from "../service.ts";

/** A face on a picture that somebody brought: where it is, its vector, and its crop as the network sees it. */
export type SeenFace = Extract<
  ClientAnswer<"embed">["pictures"][number],
  { readonly faces: unknown }
>["faces"][number];

/** The outcome of looking at a picture. */
export type Look =
  | { readonly kind: "looking" }
  | { readonly kind: "failed"; readonly thrown: unknown }
  | {
      readonly kind: "seen";
      readonly width: number;
      readonly height: number;
      readonly faces: readonly SeenFace[];
    };

/** A picture that somebody dropped, pasted or took. It stays in this tab; the service looks at it and keeps nothing. */
export interface TakenPicture {
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  /** For an `img`; given back by {@link letGo}. */
  readonly url: string;
  readonly look: ReadonlySignal<Look>;
  /** Number of the face that counts; the largest until another is chosen. */
  readonly chosen: Signal<number>;
  readonly again: () => void;
  readonly letGo: () => void;
}

/** Pictures that are on their way to the service at once. */
const TOGETHER = 3;

let last = 0;
let underway = 0;
const waiting: (() => void)[] = [];

/** Takes a picture and has the service look at it. */
export function takePicture(file: Blob, name: string): TakenPicture {
  const gone = new AbortController();
  const look = signal<Look>({ kind: "looking" });
  const chosen = signal(0);
  const url = URL.createObjectURL(file);
  const see = async (): Promise<void> => {
    look.value = { kind: "looking" };
    try {
      await turn(gone.signal);
      try {
        const { pictures } = await ask("embed", { pictures: [file], crops: true }, { signal: gone.signal });
        const [picture] = pictures;
        if (!picture || "error" in picture) throw new Error(picture?.error.message ?? "no answer");
        const { width, height, faces } = picture;
        chosen.value = largest(faces);
        look.value = { kind: "seen", width, height, faces };
      } finally {
        underway--;
        waiting.shift()?.();
      }
    } catch (thrown) {
      if (!gone.signal.aborted) look.value = { kind: "failed", thrown };
    }
  };
  void see();
  return {
    id: ++last,
    name,
    file,
    url,
    look,
    chosen,
    again: () => void see(),
    letGo: () => {
      gone.abort(new DOMException("taken away", "AbortError"));
      URL.revokeObjectURL(url);
    },
  };
}

/** The face that counts; undefined until the picture was looked at, and of one without faces. */
export function chosenFace({ look, chosen }: TakenPicture): SeenFace | undefined {
  return look.value.kind === "seen" ? look.value.faces[chosen.value] : undefined;
}

/** The number of the largest face: the one that counts until another is chosen. */
export function largest(faces: readonly SeenFace[]): number {
  let best = 0;
  faces.forEach(({ box }, i) => {
    const other = faces[best]!.box;
    if (box.width * box.height > other.width * other.height) best = i;
  });
  return best;
}

async function turn(until: AbortSignal): Promise<void> {
  while (underway >= TOGETHER) {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  }
  until.throwIfAborted();
  underway++;
}
