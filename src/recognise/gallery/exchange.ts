import { FaceError, momentOf, personName, throwIfAborted, type WorkOptions } from "../../core/index.ts";
import {
  type Enrolment,
  expectPipeline,
  type Gallery,
  type GalleryFace,
  isKnown,
  type NewFace,
  type Provenance,
  type ShareLease,
} from "../../gallery/index.ts";
import { type FaceRecord, formatOf, openEmbeddings, placeOf } from "../embeddings/index.ts";

/** Faces in one question to a gallery, and in one change of an import. */
const STEP = 1000;

/**
 * Writes everyone's faces to a file that `arcface search --in` reads too: `.jsonl`, `.npy` with `.names.jsonl` beside
 * it, or `.parquet`; whole or not at all. Crops and the log stay behind.
 *
 * Returns   how many faces
 */
export async function exportGallery(
  gallery: Gallery,
  path: string,
  options: WorkOptions = {},
): Promise<number> {
  let written = 0;
  const { faces: total } = await gallery.records.stats();
  const records = async function* (): AsyncGenerator<FaceRecord> {
    for (let after: number | undefined; ; ) {
      throwIfAborted(options.signal);
      const faces = await gallery.records.faces({ after, limit: STEP });
      if (faces.length === 0) return;
      yield* await recordsOf(gallery, faces);
      written += faces.length;
      after = faces.at(-1)!.id;
      options.onProgress?.({ stage: "export", done: written, total });
    }
  };
  const { pipeline } = gallery;
  await formatOf(path).write(path, isKnown(pipeline) ? pipeline : null, records());
  return written;
}

async function recordsOf(gallery: Gallery, faces: readonly GalleryFace[]): Promise<FaceRecord[]> {
  const vectors = await gallery.records.vectors(faces.map(({ id }) => id));
  const found = await gallery.records.peopleWith([...new Set(faces.map(({ person }) => person))]);
  const people = new Map(found.map((person) => [person.id, person]));
  return faces.flatMap(({ id, person, provenance }) => {
    const [who, embedding] = [people.get(person), vectors.get(id)];
    // Someone who left while the file is written is left out.
    if (!who || !embedding) return [];
    const { source, ...seen } = provenance;
    const { name, expires } = who;
    return [
      { path: source, face: 0, ...seen, model: gallery.pipeline.model.id, embedding, person: name, expires },
    ];
  });
}

/** The way faces are imported. */
export interface ImportOptions extends WorkOptions {
  /** The share of long work that this is: nothing is imported once it is somebody else's. */
  readonly lease?: ShareLease | undefined;
}

/** The report of an import. */
export interface ImportReport {
  readonly faces: number;
  /** Faces that their person has already, by photograph and box. */
  readonly known: number;
  /** Faces whose record names nobody. */
  readonly nameless: number;
}

/**
 * Adds the faces of a file to the people they name. What is there already is passed over, so an import that was
 * interrupted is finished by running it again.
 *
 * Throws    FaceError MODEL_MISMATCH for vectors of another pipeline or an unknown one, BAD_FILE, USAGE
 */
export async function importFaces(
  gallery: Gallery,
  path: string,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const report = { faces: 0, known: 0, nameless: 0 };
  const there = new KnownFaces(gallery);
  let batch: FaceRecord[] = [];
  const flush = async (): Promise<void> => {
    const fresh = [];
    for (const record of batch) {
      if (await there.take(record)) fresh.push(record);
      else report.known++;
    }
    if (fresh.length > 0) await gallery.enrol(enrolmentsOf(fresh), "import", options.lease);
    report.faces += fresh.length;
    batch = [];
    options.onProgress?.({ stage: "import", done: report.faces + report.known + report.nameless });
  };
  const { pipeline, records } = await openEmbeddings(path);
  if (pipeline === null) {
    throw new FaceError("MODEL_MISMATCH", {
      where: path,
      expected: "vectors of a known pipeline",
      got: "a file that does not say what made them",
      note: "enrol the photographs instead",
    });
  }
  expectPipeline(path, gallery.pipeline, pipeline);
  for await (const record of records) {
    throwIfAborted(options.signal);
    const where = placeOf(record) ?? path;
    if (record.person === undefined) report.nameless++;
    else batch.push({ ...record, person: nameIn(where, record.person) });
    if (batch.length === STEP) await flush();
  }
  await flush();
  return report;
}

/** A name as galleries keep it. Throws FaceError BAD_FILE: who asks for an import did not type the name. */
function nameIn(where: string, name: string): string {
  try {
    return personName(where, name);
  } catch (error) {
    throw error instanceof FaceError ? new FaceError("BAD_FILE", { ...error.parts, cause: error }) : error;
  }
}

function enrolmentsOf(records: readonly FaceRecord[]): Enrolment[] {
  const people = new Map<string, { expires: Date | null; faces: NewFace[] }>();
  for (const record of records) {
    let person = people.get(record.person!);
    if (!person) {
      person = { expires: record.expires ? momentOf(record.path, record.expires) : null, faces: [] };
      people.set(record.person!, person);
    }
    person.faces.push({ vector: record.embedding, provenance: provenanceOf(record) });
  }
  return [...people].map(([name, person]) => ({ name, ...person }));
}

function provenanceOf({ path, sha256, box, landmarks, score }: FaceRecord): Provenance {
  return { source: path, sha256: sha256 ?? null, box, landmarks, score };
}

/** The faces that people have, by photograph and box, asked for once a person. */
class KnownFaces {
  readonly #gallery: Gallery;
  readonly #faces = new Map<string, Set<string>>();

  constructor(gallery: Gallery) {
    this.#gallery = gallery;
  }

  /** Counts a record as known from now on; true when it was not before. */
  async take(record: FaceRecord): Promise<boolean> {
    const name = record.person!;
    let known = this.#faces.get(name);
    if (!known) {
      known = await this.#of(name);
      this.#faces.set(name, known);
    }
    const key = keyOf(provenanceOf(record));
    if (known.has(key)) return false;
    known.add(key);
    return true;
  }

  async #of(name: string): Promise<Set<string>> {
    const person = await this.#gallery.records.personNamed(name);
    const keys = new Set<string>();
    if (!person) return keys;
    for (let after: number | undefined; ; ) {
      const faces = await this.#gallery.records.faces({ after, limit: STEP }, person.id);
      for (const { provenance } of faces) keys.add(keyOf(provenance));
      if (faces.length < STEP) return keys;
      after = faces.at(-1)!.id;
    }
  }
}

function keyOf({ source, sha256, box }: Provenance): string {
  return JSON.stringify([sha256 ?? source, box.x, box.y, box.width, box.height]);
}
