import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { draftOf, FaceError, systemCode } from "../../core/index.ts";
import type { Pipeline } from "../../models/index.ts";
import { encodeRecord, type FaceRecord, placeOf } from "./face-record.ts";
import { type EmbeddingsFile, type EmbeddingsFormat, formatOf, JSONL } from "./formats.ts";
import { encodeHeader, expectComparable, expectSameRows } from "./header.ts";
import {
  type DonePhotograph,
  type LineOfWork,
  type Recovered,
  recover,
  tombstone,
  withoutReplaced,
} from "./working-file.ts";

/**
 * Writes faces to a file so that nothing already done is lost, whatever interrupts it.
 *
 * Records go line by line to a working file beside the output (`OUT.partial.jsonl`); {@link finish} turns it into the
 * output in one step. Opening again continues from the faces in the working file and in the output.
 *
 * ```ts
 * import { EmbeddingsWriter, Recognizer, recordsOf } from "arcface-ts";
 *
 * await using recognizer = await Recognizer.open();
 * const writer = await EmbeddingsWriter.open("faces.parquet", recognizer.pipeline);
 * const { faces } = await recognizer.faces("holiday.jpg");
 * await writer.append(recordsOf("holiday.jpg", faces, recognizer.model));
 * await writer.finish();
 * ```
 */
export class EmbeddingsWriter {
  readonly #path: string;
  readonly #partial: string;
  readonly #format: EmbeddingsFormat;
  readonly #pipeline: Pipeline;
  readonly #file: FileHandle;
  readonly #done: Map<string, LineOfWork>;
  #faces = 0;
  /** True if the working file holds rows that do not count any more. */
  #replaced: boolean;

  private constructor(
    path: string,
    partial: string,
    format: EmbeddingsFormat,
    pipeline: Pipeline,
    file: FileHandle,
    { done, replaced }: Pick<Recovered, "done" | "replaced">,
  ) {
    this.#path = path;
    this.#partial = partial;
    this.#format = format;
    this.#pipeline = pipeline;
    this.#file = file;
    this.#done = done;
    this.#replaced = replaced;
    for (const { faces } of done.values()) this.#faces += faces;
  }

  /**
   * @param pipeline of the vectors that will be written; an output of any other is refused
   * Throws    FaceError USAGE for an unknown ending, MODEL_MISMATCH when the file holds other rows than this pipeline's,
   *           BAD_FILE when it is not such a file, STORAGE when it cannot be written
   */
  static async open(path: string, pipeline: Pipeline): Promise<EmbeddingsWriter> {
    const format = formatOf(path);
    const partial = `${path}.partial.jsonl`;
    if (!(await exists(partial)) && (await exists(path))) {
      await copyToPartial(format, path, partial, pipeline);
    }
    const found = (await exists(partial)) ? await recover(partial) : undefined;
    if (found?.started) expectSameRows(partial, found.made, pipeline);
    try {
      const file = await open(partial, "a");
      if (!found?.started) await file.appendFile(`${encodeHeader(pipeline)}\n`);
      return new EmbeddingsWriter(path, partial, format, pipeline, file, {
        done: found?.done ?? new Map(),
        replaced: found?.replaced ?? false,
      });
    } catch (cause) {
      throw new FaceError("STORAGE", { where: partial, expected: "a file that can be written", cause });
    }
  }

  /** Faces in the file so far. */
  get faces(): number {
    return this.#faces;
  }

  /** Paths of the photographs with at least one face in the file. */
  get done(): ReadonlySet<string> {
    return new Set(this.#done.keys());
  }

  /** The fingerprint of the photograph whose faces are in the file; undefined when it has none in it. */
  fileOf(path: string): DonePhotograph | undefined {
    return this.#done.get(path)?.file;
  }

  /** Adds a photograph's faces; all of them are in the file when the promise resolves, or none. */
  async append(records: readonly FaceRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.#write(records.map((record) => `${encodeRecord(record)}\n`).join(""));
    for (const record of records) {
      const before = this.#done.get(record.path)?.faces ?? 0;
      const { bytes, modified, sha256 } = record;
      const file = {
        bytes: bytes ?? undefined,
        modified: modified ?? undefined,
        sha256: sha256 ?? undefined,
      };
      this.#done.set(record.path, { faces: before + 1, file });
    }
    this.#faces += records.length;
  }

  /**
   * Puts a photograph's faces, none perhaps, in the place of those that the file has under its path.
   *
   * Returns   how many were taken out
   */
  async replace(path: string, records: readonly FaceRecord[]): Promise<number> {
    const before = this.#done.get(path)?.faces ?? 0;
    if (before > 0) {
      await this.#write(`${tombstone(path)}\n`);
      this.#replaced = true;
      this.#done.delete(path);
      this.#faces -= before;
    }
    await this.append(records);
    return before;
  }

  /** Turns the working file into the output. */
  async finish(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    if (this.#format === JSONL && !this.#replaced) {
      await rename(this.#partial, this.#path);
      return;
    }
    await this.#format.write(this.#path, this.#pipeline, withoutReplaced(this.#partial));
    await rm(this.#partial);
  }

  /** Stops without finishing; the working file stays, to go on from. */
  async suspend(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
  }

  async #write(text: string): Promise<void> {
    try {
      await this.#file.appendFile(text);
    } catch (cause) {
      throw new FaceError("STORAGE", {
        where: this.#partial,
        expected: "room to write",
        note: "what was written before is kept",
        cause,
      });
    }
  }
}

/** Starts a working file from a finished output. */
async function copyToPartial(
  format: EmbeddingsFormat,
  path: string,
  partial: string,
  pipeline: Pipeline,
): Promise<void> {
  const { pipeline: made, records } = await format.read(path);
  const temporary = draftOf(partial);
  const file = await open(temporary, "w");
  try {
    await file.appendFile(`${encodeHeader(pipeline)}\n`);
    let rows = 0;
    for await (const record of records) {
      // After the first row was read: what is no such file is told so, not that it is of an unknown pipeline.
      if (rows++ === 0) expectSameRows(path, made, pipeline);
      await file.appendFile(`${encodeRecord(record)}\n`);
    }
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(temporary, partial);
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return false;
    throw new FaceError("STORAGE", { where: path, expected: "a place for the output", cause });
  }
}

/**
 * A file of embeddings, whatever its format: what made its vectors, and its faces.
 *
 * Throws    FaceError USAGE for an unknown ending, BAD_FILE
 */
export async function openEmbeddings(path: string): Promise<EmbeddingsFile> {
  if (!(await exists(path)))
    throw new FaceError("BAD_FILE", { where: path, expected: "a file", got: "nothing there" });
  const { pipeline, records } = await formatOf(path).read(path);
  return { pipeline, records: pipeline ? ofDimension(path, pipeline, records) : records };
}

/** Records that are as long as their header says. Throws FaceError BAD_FILE. */
async function* ofDimension(
  path: string,
  { model }: Pipeline,
  records: AsyncGenerator<FaceRecord>,
): AsyncGenerator<FaceRecord> {
  for await (const record of records) {
    const { length } = record.embedding;
    if (length !== model.dimension) {
      throw new FaceError("BAD_FILE", {
        where: placeOf(record) ?? path,
        expected: `a vector of ${model.dimension} numbers, as the file's header says`,
        got: `one of ${length}`,
      });
    }
    yield record;
  }
}

/**
 * Every face of a file whose vectors are to be compared with those of a pipeline.
 *
 * Throws    as {@link openEmbeddings}; FaceError MODEL_MISMATCH when they do not compare, or the file does not say
 */
export async function* readEmbeddings(path: string, used: Pipeline): AsyncGenerator<FaceRecord> {
  const { pipeline, records } = await openEmbeddings(path);
  expectComparable(path, pipeline, used);
  yield* records;
}
