import { crops } from "../../parts/held-crops.ts";

/** Crops that are on their way at a time: those that are wished for together are one question. */
const ABREAST = 60;

/** The pictures of faces that are or were in sight, fetched when they are wanted. */
export class Thumbnails {
  readonly #collection: string;
  readonly #arrived: () => void;
  readonly #pictures = new Map<number, HTMLImageElement | "none">();
  #wanted: number[] = [];
  #asking = 0;

  constructor(collection: string, arrived: () => void) {
    this.#collection = collection;
    this.#arrived = arrived;
  }

  /** A face's picture; undefined while it is not there. */
  picture(face: number): HTMLImageElement | undefined {
    const picture = this.#pictures.get(face);
    return picture === "none" ? undefined : picture;
  }

  /** Asks for those of these faces that are not there; earlier wishes that were not begun are given up. */
  want(faces: readonly number[]): void {
    this.#wanted = faces.filter((face) => !this.#pictures.has(face));
    this.#next();
  }

  #next(): void {
    while (this.#asking < ABREAST) {
      const face = this.#wanted.shift();
      if (face === undefined) return;
      if (this.#pictures.has(face)) continue;
      this.#pictures.set(face, "none");
      this.#asking++;
      void this.#fetch(face).finally(() => {
        this.#asking--;
        this.#next();
      });
    }
  }

  async #fetch(face: number): Promise<void> {
    const url = await crops.of(this.#collection, face);
    if (url === undefined) return;
    const picture = new Image();
    picture.src = url;
    await picture.decode().then(
      () => {
        this.#pictures.set(face, picture);
        this.#arrived();
      },
      () => undefined,
    );
  }
}
