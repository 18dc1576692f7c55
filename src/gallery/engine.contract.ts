import type { UnitVector } from "../core/index.ts";
import type { Pipeline } from "../models/index.ts";
import { Gallery, storeOf } from "./gallery.ts";
import { MadeFaces, madePipeline } from "./made-faces.ts";
import type { GallerySettings, GalleryStore } from "./store.ts";

/** An engine under test. */
export interface StoreUnderTest {
  readonly name: string;
  /** Makes a new, empty gallery in a place of its own. */
  create(pipeline: Pipeline, settings: GallerySettings): Promise<GalleryStore>;
  /** Opens the gallery of a store a second time, as another process would. */
  again(store: GalleryStore): Promise<GalleryStore>;
  /** A sentence when the engine cannot be had here; its suite is then skipped. */
  readonly missing?: string | undefined;
  /** Recall of `nearest` against exact search; 1 for an engine that is exact. */
  readonly recall: number;
  /** True if a change is refused when another process changed the same thing in between. */
  readonly comparesAndSets: boolean;
}

export const DIMENSION = 64;

export const PIPELINE = madePipeline(DIMENSION, "test-model");

export const SETTINGS: GallerySettings = { threshold: 0.4, keepCrops: true };

/** A day that moves on by a second with every look. */
export function ticking(): () => Date {
  let seconds = 0;
  return () => new Date(Date.UTC(2026, 0, 1) + 1000 * seconds++);
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Galleries of an engine, with what tests do to them. */
export interface Galleries {
  /** Made-up faces of people who are not alike. */
  readonly made: MadeFaces;
  /** A new, empty gallery. */
  fresh(): Promise<Gallery>;
  /** The same gallery, as another process would open it. */
  again(gallery: Gallery): Promise<Gallery>;
  /** Enrols somebody with so many faces around one direction. */
  enrol(gallery: Gallery, name: string, faces: number): Promise<Enrolled>;
  /** "Ann 3" of everybody, in order. */
  names(gallery: Gallery): Promise<string[]>;
  close(): Promise<void>;
}

/** Somebody who was enrolled. */
export interface Enrolled {
  readonly person: number;
  readonly faces: readonly number[];
  readonly centre: UnitVector;
  readonly vectors: readonly UnitVector[];
  readonly crops: readonly Uint8Array[];
}

/** Opens galleries of an engine, and closes them all at the end. */
export function galleriesOf(engine: StoreUnderTest): Galleries {
  const opened: Gallery[] = [];
  const made = new MadeFaces(5);

  const fresh = async (): Promise<Gallery> => {
    const gallery = new Gallery(await engine.create(PIPELINE, SETTINGS), { clock: ticking() });
    opened.push(gallery);
    return gallery;
  };
  const again = async (gallery: Gallery): Promise<Gallery> => {
    const second = new Gallery(await engine.again(storeOf(gallery)), { clock: ticking() });
    opened.push(second);
    return second;
  };
  const enrol = async (gallery: Gallery, name: string, faces: number) => {
    const centre = made.direction();
    const added = Array.from({ length: faces }, (_, i) => made.face(centre, `${name}/${i}.jpg`));
    const { result } = await gallery.enrol([{ name, faces: added }]);
    return {
      centre,
      vectors: added.map((face) => face.vector),
      crops: added.map((f) => f.crop!),
      ...result[0]!,
    };
  };
  const names = async (gallery: Gallery) =>
    (await all(gallery.people())).map(({ name, faces }) => `${name} ${faces}`);
  const close = async (): Promise<void> => {
    for (const gallery of opened) await gallery.close();
  };
  return { made, fresh, again, enrol, names, close };
}
