import { checkOptions, type FaceError, OPTION_KINDS, type WorkOptions } from "../core/index.ts";
import type { ImageSource } from "../image/index.ts";
import { listPhotographs, type PassedOver } from "../photographs/index.ts";
import type { Verdict } from "../verdict/index.ts";
import { chooseFace, type Face, type FaceChoice } from "./face.ts";
import type { Photograph } from "./face-finder.ts";
import { RecognizerPool } from "./pool.ts";
import { type Comparison, Recognizer, type RecognizerOptions } from "./recognizer.ts";
import { type PoolOpening, recognizerOptionsAmong } from "./recognizer-options.ts";
import { type PhotographHit, PhotographIndex } from "./search-photographs.ts";

/** The result of {@link find}. Photographs that could not be searched are counted, too. */
export interface Found {
  /** The face that was looked for; undefined when the photograph has none, and then there are no hits. */
  readonly face: Face | undefined;
  /** The most similar photographs by falling cosine, each with what its score means where that is known. */
  readonly hits: readonly (PhotographHit & { readonly verdict: Verdict | undefined })[];
  /** The number of photographs of the folder that were read, and of their faces. */
  readonly searched: { readonly photographs: number; readonly faces: number };
  /** Photographs that could not be read, and why. */
  readonly failed: readonly { readonly path: string; readonly error: FaceError }[];
  /** Things in the folder that are no photographs. */
  readonly passedOver: PassedOver;
}

/**
 * Tells whether two photographs show one person: how similar their faces are, and what that means.
 *
 * Opens the models, which takes a moment, and closes them again. For more than one pair keep a `Recognizer` open.
 *
 * Throws    as `Recognizer.open` and `Recognizer.compare`
 *
 * ```ts
 * import { verify } from "arcface-ts";
 *
 * const result = await verify("passport.jpg", "selfie.jpg");
 * if (result.kind === "compared") console.log(result.cosine, result.verdict?.same);
 * ```
 */
export async function verify(
  a: ImageSource,
  b: ImageSource,
  options: RecognizerOptions & {
    readonly face?: FaceChoice | readonly [a: FaceChoice, b: FaceChoice] | undefined;
  } = {},
): Promise<Comparison> {
  const { face, ...rest } = options;
  await using recognizer = await Recognizer.open(rest);
  return await recognizer.compare(a, b, face === undefined ? {} : { face });
}

/**
 * The faces of a photograph, each with its box, its landmarks and its vector.
 *
 * Opens the models, which takes a moment, and closes them again. For more than one photograph keep a `Recognizer` or a
 * `RecognizerPool` open.
 *
 * Throws    as `Recognizer.open` and `Recognizer.faces`
 *
 * ```ts
 * import { represent } from "arcface-ts";
 *
 * const { faces } = await represent("party.jpg");
 * for (const { box, embedding } of faces) console.log(box, embedding.length);
 * ```
 */
export async function represent(
  photograph: ImageSource,
  options: RecognizerOptions = {},
): Promise<Photograph<Face>> {
  await using recognizer = await Recognizer.open(options);
  return await recognizer.faces(photograph);
}

/**
 * The other places of a face: the photographs of a folder whose faces are most like one.
 *
 * Reads every photograph of the folder, on all cores. To search a folder twice, keep its vectors: `PhotographIndex`, or
 * `arcface-ts embed`.
 *
 * @param photograph the one whose face is looked for, the largest unless `face` says which; its own file is no hit
 * @param folder a folder, or several folders and files
 * Throws    as `RecognizerPool.open`, `Recognizer.faces` and `listPhotographs`; SEVERAL_FACES; ABORTED
 *
 * ```ts
 * import { find } from "arcface-ts";
 *
 * const { hits } = await find("who.jpg", "holiday/", { k: 5 });
 * for (const { path, cosine, verdict } of hits) console.log(path, cosine, verdict?.same);
 * ```
 */
export async function find(
  photograph: ImageSource,
  folder: string | readonly string[],
  options: PoolOpening & { readonly k?: number | undefined; readonly face?: FaceChoice | undefined } = {},
): Promise<Found> {
  const { face: choice = "largest", k = 3, ...rest } = options;
  checkOptions("find", { k }, { k: OPTION_KINDS.count });
  const { paths, passedOver } = await listPhotographs(typeof folder === "string" ? [folder] : folder);
  await using pool = await RecognizerPool.open(rest);
  const wanted = await represent(photograph, recognizerOptionsAmong(rest));
  const face = chooseFace(wanted.faces, choice, wanted);
  const work: WorkOptions = { signal: options.signal, onProgress: options.onProgress };
  const index = new PhotographIndex();
  const failed: { path: string; error: FaceError }[] = [];
  for await (const result of pool.faces(paths, { ...work, total: paths.length })) {
    if (result.kind === "faces") index.add(result.path, result.photograph.faces);
    else failed.push({ path: result.path, error: result.error });
  }
  const own = typeof photograph === "string" ? photograph : undefined;
  const hits = face ? index.search(face.embedding, k, own) : [];
  return {
    face,
    hits: hits.map((hit) => ({ ...hit, verdict: pool.verdict(hit.cosine) })),
    searched: { photographs: paths.length - failed.length, faces: index.faceCount },
    failed,
    passedOver,
  };
}
