import { createDigests } from "./digests.ts";
import { CREATE_JOBS, JOB_TABLES } from "./jobs.ts";

/**
 * Each version's additions to the one before; `head.version` says how many of them it has. Words stand for
 * what no SQL can say alone; see migrate.ts.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE person (id bigint PRIMARY KEY, name text COLLATE "C" NOT NULL, expires text COLLATE "C", present boolean NOT NULL);
  CREATE UNIQUE INDEX person_name ON person (name) WHERE present;
  CREATE INDEX person_expires ON person (expires) WHERE present AND expires IS NOT NULL;
  CREATE TABLE face (
    id bigint PRIMARY KEY, person bigint NOT NULL, present boolean NOT NULL,
    source text NOT NULL, sha256 text, details text NOT NULL
  );
  CREATE INDEX face_person ON face (person, id);
  CREATE INDEX face_sha256 ON face (sha256) WHERE sha256 IS NOT NULL;
  CREATE TABLE crop (face bigint PRIMARY KEY, jpeg bytea NOT NULL);
  ALTER TABLE crop ALTER COLUMN jpeg SET STORAGE EXTERNAL, ALTER COLUMN jpeg SET STATISTICS 0;
  CREATE TABLE log (
    sequence bigint PRIMARY KEY, kind text NOT NULL, at text COLLATE "C" NOT NULL, undoes bigint, forgotten bigint NOT NULL DEFAULT 0
  );
  CREATE INDEX log_undoes ON log (undoes) WHERE undoes IS NOT NULL;
  CREATE TABLE effect (
    sequence bigint NOT NULL, ordinal integer NOT NULL, subject text NOT NULL, id bigint NOT NULL,
    before jsonb, after jsonb, PRIMARY KEY (sequence, ordinal)
  );
  CREATE INDEX effect_subject ON effect (id, subject);
  -- Statistics hold samples of the values, which forgetting could not reach: columns about people are not sampled.
  ALTER TABLE person ALTER COLUMN name SET STATISTICS 0;
  ALTER TABLE face ALTER COLUMN source SET STATISTICS 0, ALTER COLUMN sha256 SET STATISTICS 0,
    ALTER COLUMN details SET STATISTICS 0;
  ALTER TABLE effect ALTER COLUMN before SET STATISTICS 0, ALTER COLUMN after SET STATISTICS 0;
  `,
  // Erasures that are not finished, by the sequence of their entry in the log; see erasure/task.ts.
  `
  CREATE TABLE erasure (
    id bigint PRIMARY KEY, at text NOT NULL, counts text NOT NULL, names text NOT NULL, marks text,
    tries integer NOT NULL, receipt text
  );
  ALTER TABLE erasure ALTER COLUMN names SET STATISTICS 0, ALTER COLUMN marks SET STATISTICS 0;
  `,
  "checksums",
  "names",
  createDigests(),
  // Notes computed from the whole gallery, such as how near its people are to each other.
  `
  CREATE TABLE note (name text PRIMARY KEY, value text NOT NULL);
  ALTER TABLE note ALTER COLUMN value SET STATISTICS 0;
  `,
  CREATE_JOBS,
  // Somebody's word about faces is an effect like others; there are few among many.
  "CREATE INDEX effect_link ON effect (sequence, ordinal) WHERE subject = 'link'",
];

/** Tables with something about people, beside the vectors'; earlier sums of digests tell what a digest was. */
export const TABLES_OF_PEOPLE = [
  "person",
  "face",
  "crop",
  "log",
  "effect",
  "seal",
  "note",
  ...JOB_TABLES,
] as const;

/**
 * The one row that every change locks: it gives sequences without gaps, in the order of the commits, and holds what
 * the gallery is. Ids are counted in a row of their own, so that taking some waits for nobody's change.
 */
export const HEAD = `
  CREATE TABLE head (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), version integer NOT NULL, sequence bigint NOT NULL,
    generation integer NOT NULL, contract jsonb NOT NULL, settings jsonb NOT NULL, next_contract jsonb
  );
  CREATE TABLE ids (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), next bigint NOT NULL);
  INSERT INTO ids (next) VALUES (1);
`;

/** Table of the vectors of one model; a gallery that moves to another has two for a while. */
export function vectorTable(generation: number): string {
  return `vector_${generation}`;
}

/** Tables that hold vectors: while the gallery moves to another model there are two. */
export function vectorTables(head: {
  readonly generation: number;
  readonly nextPipeline: unknown;
}): string[] {
  const { generation, nextPipeline } = head;
  return [generation, ...(nextPipeline ? [generation + 1] : [])].map(vectorTable);
}

/** Vectors up to this dimension lie in their rows; longer ones do not fit a page and lie beside the table. */
const MAX_DIMENSION_IN_ROW = 1900;

export function createVectorTable(generation: number, dimension: number): string {
  const table = vectorTable(generation);
  const storage = dimension <= MAX_DIMENSION_IN_ROW ? "PLAIN" : "EXTERNAL";
  return `
    CREATE TABLE ${table} (face bigint PRIMARY KEY, present boolean NOT NULL, value vector(${dimension}) NOT NULL, checksum bigint);
    ALTER TABLE ${table} ALTER COLUMN value SET STORAGE ${storage}, ALTER COLUMN value SET STATISTICS 0;`;
}

/** Dimensions that pgvector can index as half-precision numbers. */
export const MAX_INDEXED_DIMENSION = 4000;

/** Name of the approximate index of a generation's vectors. */
export function vectorIndex(generation: number): string {
  return `${vectorTable(generation)}_nearest`;
}

/** The approximate index: half-precision copies of the vectors that are there, as a navigable graph. */
export function createVectorIndex(generation: number, dimension: number): string {
  return `CREATE INDEX IF NOT EXISTS ${vectorIndex(generation)} ON ${vectorTable(generation)}
    USING hnsw ((value::halfvec(${dimension})) halfvec_ip_ops) WITH (m = 16, ef_construction = 128) WHERE present`;
}
