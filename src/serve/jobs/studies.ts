import type { Pipeline } from "../../models/index.ts";

/** The means to study and evaluate folders of people, and the place for what is written of that. */
export interface Studies {
  /** The folder of the pages: a folder for each. */
  readonly folder: string;
  /**
   * Studies or evaluates a folder with a folder for every person, and writes a page with what belongs to it.
   *
   * Returns   the page's name in the folder
   * Throws    FaceError BAD_FILE where that cannot be done, with the reason; ABORTED
   */
  readonly run: (
    kind: StudyKind,
    people: string,
    to: string,
    options: {
      /** The pipeline of the gallery that it was asked of. */
      readonly pipeline: Pipeline;
      readonly signal: AbortSignal;
      readonly onProgress: (done: number, total: number) => void;
    },
  ) => Promise<string>;
}

/** A study of who resembles whom, or an evaluation of how well the model tells these people apart. */
export type StudyKind = "study" | "evaluate";
