/** The data that the report's page needs, as JSON inside it. Faces and people are meant by their index. */
export interface PageData {
  /** Neighbours listed for every face. */
  readonly k: number;
  /** The model's calibrated threshold; null when there is none. */
  readonly threshold: number | null;
  /** Places of the thumbnails in their atlases. */
  readonly tiles: AtlasLayout;
  readonly people: readonly PagePerson[];
  /** Person of every face. */
  readonly person: readonly number[];
  /** Name of every face's photograph. */
  readonly names: readonly string[];
  /** k neighbours of every face, one after the other; −1 where there are fewer. */
  readonly neighbours: readonly number[];
  /** Their cosines. */
  readonly cosines: readonly number[];
  readonly layouts: readonly PageLayout[];
  /** Pairs of one person below the threshold: two faces and a cosine, one pair after the other. */
  readonly links: readonly number[];
}

/** A person with the colour and shape that stand for them. */
export interface PagePerson {
  readonly name: string;
  readonly hue: string;
  readonly shape: string;
}

/** Tiles of one size in rows, in one atlas after another. */
export interface AtlasLayout {
  readonly sidePx: number;
  readonly columns: number;
  readonly perAtlas: number;
  readonly atlases: number;
}

/** Places of all faces in the unit square, at one scale for both axes. */
export interface PageLayout {
  readonly id: string;
  readonly label: string;
  readonly note: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** The same, with pictures of {@link pictureSide} pushed apart; absent where there are too many. */
  readonly apart?: { readonly x: readonly number[]; readonly y: readonly number[] } | undefined;
}

/** Pictures of more faces are too small on any screen to be pushed apart. */
export const MAX_APART = 2500;
/** Share of the map that all pictures together cover: fuller ones could not give way. */
const COVERED = 0.3;
const LARGEST_SIDE = 0.13;

/** Side of a picture of the whole map, in sides of the map. */
export function pictureSide(faces: number): number {
  return Math.min(LARGEST_SIDE, Math.sqrt(COVERED / Math.max(1, faces)));
}
