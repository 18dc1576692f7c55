import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, stat, truncate } from "node:fs/promises";
import { createInterface } from "node:readline";
import { FaceError, reasonOf, systemCode } from "../../core/index.ts";
import { decodeRecord, encodeRecord, type FaceRecord } from "./face-record.ts";
import { type EmbeddingsFormat, formatOf, JSONL } from "./formats.ts";

/**
 * Writes faces to a file so that nothing already done is lost, whatever interrupts it.
 *
 * Records go line by line to a working file beside the output (`OUT.partial.jsonl`); {@link finish} turns it into the
 * output in one step. Opening again takes up both what the working file and what the output already hold.
 */
export class EmbeddingsWriter {
  readonly #path: string;
  readonly #partial: string;
  readonly #format: EmbeddingsFormat;
  readonly #file: FileHandle;
  /** Photographs with at least one face in the file. */
  readonly done: ReadonlySet<string>;
  #faces: number;

  private constructor(
    path: string,
    partial: string,
    format: EmbeddingsFormat,
    file: FileHandle,
    done: Set<string>,
    faces: number,
  ) {
    this.#path = path;
    this.#partial = partial;
    this.#format = format;
    this.#file = file;
    this.done = done;
    this.#faces = faces;
  }

  /**
   * @param model id of the model whose vectors will be written
   * Throws    FaceError USAGE for an unknown ending, MODEL_MISMATCH when the file holds another model's vectors,
   *           BAD_FILE when it is not such a file, STORAGE when it cannot be written
   */
  static async open(path: string, model: string): Promise<EmbeddingsWriter> {
    const format = formatOf(path);
    const partial = `${path}.partial.jsonl`;
    if (!(await exists(partial)) && (await exists(path))) await copyToPartial(format, path, partial);
    const { done, faces } = await recover(partial, model);
    try {
      return new EmbeddingsWriter(path, partial, format, await open(partial, "a"), done, faces);
    } catch (cause) {
      throw new FaceError(
        "STORAGE",
        `${partial}: expected a file that can be written, got: ${reasonOf(cause)}`,
        { cause },
      );
    }
  }

  /** Faces in the file so far. */
  get faces(): number {
    return this.#faces;
  }

  /** Adds a photograph's faces; all of them are in the file when the promise resolves, or none. */
  async append(records: readonly FaceRecord[]): Promise<void> {
    if (records.length === 0) return;
    try {
      await this.#file.appendFile(records.map((record) => `${encodeRecord(record)}\n`).join(""));
    } catch (cause) {
      throw new FaceError(
        "STORAGE",
        `${this.#partial}: expected room to write, got: ${reasonOf(cause)}; what was written before is kept`,
        { cause },
      );
    }
    this.#faces += records.length;
  }

  /** Turns the working file into the output. */
  async finish(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    if (this.#format === JSONL) await rename(this.#partial, this.#path);
    else {
      await this.#format.write(this.#path, JSONL.read(this.#partial));
      await rm(this.#partial);
    }
  }

  /** Stops without finishing; the working file stays, to go on from. */
  async suspend(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
  }
}

/** Starts a working file from a finished output. */
async function copyToPartial(format: EmbeddingsFormat, path: string, partial: string): Promise<void> {
  const temporary = `${partial}.${process.pid}.tmp`;
  const file = await open(temporary, "w");
  try {
    for await (const record of format.read(path)) await file.appendFile(`${encodeRecord(record)}\n`);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(temporary, partial);
}

/**
 * Reads a working file left by a run that may have been killed: a last line without an end is cut off, and with it
 * its photograph's other faces, so that no photograph is there by half.
 */
async function recover(partial: string, model: string): Promise<{ done: Set<string>; faces: number }> {
  const done = new Set<string>();
  let faces = 0;
  if (!(await exists(partial))) return { done, faces };
  const { size } = await stat(partial);
  let end = 0;
  let startOfPhotograph = 0;
  let photograph: string | undefined;
  let facesOfPhotograph = 0;
  for await (const line of createInterface({ input: createReadStream(partial, { encoding: "utf8" }) })) {
    const bytes = Buffer.byteLength(line) + 1;
    if (end + bytes > size) break;
    const record = decodeRecord(line, partial);
    if (record.model !== model) {
      throw new FaceError(
        "MODEL_MISMATCH",
        `${partial}: expected vectors of ${model}, got vectors of ${record.model}; choose another output`,
      );
    }
    if (record.path !== photograph) {
      photograph = record.path;
      startOfPhotograph = end;
      facesOfPhotograph = 0;
    }
    done.add(record.path);
    faces++;
    facesOfPhotograph++;
    end += bytes;
  }
  if (end < size) {
    // The torn line belongs to the photograph before it or to a new one: both are done again.
    if (photograph !== undefined) done.delete(photograph);
    await truncate(partial, startOfPhotograph);
    faces -= facesOfPhotograph;
  }
  return { done, faces };
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return false;
    throw new FaceError("STORAGE", `${path}: expected a place for the output, got: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** Every face of an embeddings file, whatever its format. */
export function readEmbeddings(path: string): AsyncGenerator<FaceRecord> {
  return formatOf(path).read(path);
}
