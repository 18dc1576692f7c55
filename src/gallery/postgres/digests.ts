/**
 * Digests of rows, which the server keeps and compares itself: a generated column, so that no writer can leave one
 * behind, and for every table the number of its rows with the sum of their digests.
 *
 * A digest is 64 bits of the server's own hash function. Its values stay what they are from version to version, because
 * hash-partitioned tables rest on them.
 */

/** Tables whose rows have a digest. */
const DIGESTED = ["person", "face", "log", "effect", "head", "erasure"] as const;
export type DigestedTable = (typeof DIGESTED)[number];

/** The ingredients of each digest: whole numbers that come first, then texts. */
const VALUES: Record<
  DigestedTable,
  { readonly numbers: readonly string[]; readonly texts: readonly string[] }
> = {
  person: { numbers: ["id", "present::integer"], texts: ["name", "expires"] },
  face: { numbers: ["id", "person", "present::integer"], texts: ["source", "sha256", "details"] },
  log: { numbers: ["sequence", "undoes", "forgotten"], texts: ["kind", "at"] },
  effect: { numbers: ["sequence", "ordinal", "id"], texts: ["subject", "before::text", "after::text"] },
  erasure: { numbers: ["id", "tries"], texts: ["at", "counts", "names", "marks", "receipt"] },
  // Its sequence moves with every change, and is that of the log's last entry.
  head: { numbers: ["generation"], texts: ["contract::text", "settings::text", "next_contract::text"] },
};

/** The digest of a row, as SQL: each value is hashed with the digest of those before it as seed. */
function formula(table: DigestedTable): string {
  const { numbers, texts } = VALUES[table];
  const hashed = numbers.reduce(
    (seed, value) => `hashint8extended(coalesce(${table}.${value}, -1), ${seed})`,
    "0",
  );
  return texts.reduce(
    (seed, value) => `hashtextextended(coalesce('+' || ${table}.${value}, '-') COLLATE "C", ${seed})`,
    hashed,
  );
}

/** Tells whether a row of a table is as it was written, as SQL for a query that names the table so. */
export function isWhole(table: DigestedTable): string {
  return `${table}.digest IS NOT DISTINCT FROM ${formula(table)}`;
}

/** Tables whose rows are counted, with what is summed up of each row. */
export const SEALS = {
  person: "digest",
  face: "digest",
  log: "digest",
  effect: "digest",
  crop: "checksum",
} as const;
export type SealedTable = keyof typeof SEALS;

/** The rows of a table and the sum of their digests, as SQL. */
export function sealOf(table: SealedTable): string {
  return `SELECT count(*) AS rows, coalesce(sum(${SEALS[table]}), 0) AS sum FROM ${table}`;
}

/** Digests and seals for a schema that has none, and those of what is in it. */
export function createDigests(): string {
  const columns = DIGESTED.map(
    (table) => `
  ALTER TABLE ${table} ADD COLUMN digest bigint GENERATED ALWAYS AS (${formula(table).replaceAll(`${table}.`, "")}) STORED;
  ALTER TABLE ${table} ALTER COLUMN digest SET STATISTICS 0;`,
  );
  const seals = (Object.keys(SEALS) as SealedTable[]).map(
    (table) => `
  INSERT INTO seal (name, rows, sum) SELECT '${table}', rows, sum FROM (${sealOf(table)}) AS now;
  CREATE TRIGGER ${table}_added AFTER INSERT ON ${table} REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION seal_rows('${SEALS[table]}');
  CREATE TRIGGER ${table}_changed AFTER UPDATE ON ${table} REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION seal_rows('${SEALS[table]}');
  CREATE TRIGGER ${table}_removed AFTER DELETE ON ${table} REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION seal_rows('${SEALS[table]}');`,
  );
  return `${columns.join("")}
  CREATE TABLE seal (name text PRIMARY KEY, rows bigint NOT NULL, sum numeric NOT NULL);
  ALTER TABLE seal ALTER COLUMN sum SET STATISTICS 0;
  -- The schema's own name is not written down, so that it may be given another.
  CREATE FUNCTION seal_rows() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    side text;
  BEGIN
    FOREACH side IN ARRAY ARRAY['removed', 'added'] LOOP
      CONTINUE WHEN side = 'removed' AND TG_OP = 'INSERT' OR side = 'added' AND TG_OP = 'DELETE';
      EXECUTE format(
        'UPDATE %I.seal SET rows = seal.rows + $1 * now.rows, sum = seal.sum + $1 * now.sum
         FROM (SELECT count(*) AS rows, coalesce(sum(%I), 0) AS sum FROM %I) AS now WHERE name = $2 AND now.rows > 0',
        TG_TABLE_SCHEMA, TG_ARGV[0], side
      ) USING CASE side WHEN 'added' THEN 1 ELSE -1 END, TG_TABLE_NAME;
    END LOOP;
    RETURN NULL;
  END $$;${seals.join("")}
  `;
}
