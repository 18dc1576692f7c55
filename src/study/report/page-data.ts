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
}
