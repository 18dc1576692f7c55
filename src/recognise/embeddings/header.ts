import { z } from "zod";
import { FaceError, parseJson } from "../../core/index.ts";
import { type Pipeline, PipelineSchema, pipelineDifference } from "../../models/index.ts";

const FORMAT = "arcface-embeddings";
const VERSION = 2;

const HeaderSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  pipeline: PipelineSchema.nullable(),
});
const AnyHeader = z.object({ format: z.literal(FORMAT), version: z.number() });

/** The pipeline that made the vectors of a file; null when it does not say, as files of version 1 do not. */
export type MadeBy = Pipeline | null;

/** The header of a file of embeddings, one line of JSON. */
export function encodeHeader(pipeline: MadeBy): string {
  return JSON.stringify({ format: FORMAT, version: VERSION, pipeline });
}

/** Tells whether a value out of a file of rows is a header rather than a row. */
export function isHeader(value: unknown): boolean {
  return AnyHeader.safeParse(value).success;
}

/**
 * A header's statements; undefined for a line that is no header.
 *
 * Throws    FaceError BAD_FILE for one that is damaged or of a newer version
 */
export function decodeHeader(line: string, where: string): { readonly pipeline: MadeBy } | undefined {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch {
    return undefined;
  }
  const any = AnyHeader.safeParse(value);
  if (!any.success) return undefined;
  const header = HeaderSchema.safeParse(value);
  if (header.success) return header.data;
  const got =
    any.data.version > VERSION
      ? `version ${any.data.version}; use a newer arcface`
      : `one with ${header.error.issues[0]!.path.join(".")}: ${header.error.issues[0]!.message}`;
  throw new FaceError("BAD_FILE", { where, expected: `a header of version ${VERSION}`, got });
}

/**
 * Throws FaceError MODEL_MISMATCH unless vectors of a file compare with those of a pipeline.
 *
 * A file that does not say what made its vectors is refused: its rows name a model, but neither detector nor alignment,
 * nor whether faces were mirrored, and a wrong guess gives wrong scores without a sign.
 */
export function expectComparable(path: string, made: MadeBy, used: Pipeline): asserts made is Pipeline {
  if (made === null) {
    throw new FaceError("MODEL_MISMATCH", {
      where: path,
      expected: "vectors of a known pipeline",
      got: "a file that does not say what made them",
      note: 'write it anew with "arcface embed"',
    });
  }
  const difference = pipelineDifference(made, used);
  if (difference?.level !== "vectors") return;
  throw new FaceError("MODEL_MISMATCH", {
    where: path,
    expected: `vectors that compare with those of ${used.model.id} as it is used`,
    got: `others: they were ${difference.words}`,
  });
}

/** Throws FaceError MODEL_MISMATCH unless the rows of a file are those that a pipeline would write. */
export function expectSameRows(path: string, made: MadeBy, used: Pipeline): void {
  const way = `choose another --out, or move the file away to have it written anew`;
  if (made === null) {
    throw new FaceError("MODEL_MISMATCH", {
      where: path,
      expected: "rows of a known pipeline to go on with",
      got: "a file that does not say what made them",
      note: way,
    });
  }
  const difference = pipelineDifference(made, used);
  if (!difference) return;
  throw new FaceError("MODEL_MISMATCH", {
    where: path,
    expected: `rows as ${used.model.id} would write them now`,
    got: `others: they were ${difference.words}`,
    note: way,
  });
}

/** Throws FaceError MODEL_MISMATCH when one file, several written one after the other, holds rows of two pipelines. */
export function expectOnePipeline(where: string, first: MadeBy, next: MadeBy): void {
  const difference = first && next ? pipelineDifference(first, next)?.words : undefined;
  if (difference === undefined && (first === null) === (next === null)) return;
  const got =
    difference === undefined ? "rows of an unknown one" : `rows of another: the first were ${difference}`;
  throw new FaceError("MODEL_MISMATCH", { where, expected: "rows of one pipeline in a file", got });
}
