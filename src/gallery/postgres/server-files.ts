import { FaceError } from "../../core/index.ts";
import { countMarks, type FileSearch, type MarkedFile, type Marks, PART_BYTES } from "../erasure/index.ts";
import { type Connections, serverCode } from "./connection.ts";

/** Data that a server keeps elsewhere; no client can look there. */
const ELSEWHERE =
  "the server's write-ahead log, backups, replicas, logs of statements and the disk's freed blocks were not searched: they are their keeper's to renew";

/** PostgreSQL's code of something that a user may not do. */
const INSUFFICIENT_PRIVILEGE = "42501";

/** PostgreSQL splits a table's file at this size. */
const SEGMENT_BYTES = 2 ** 30;

/**
 * Searches the files of tables, of their indexes and of their long values, byte by byte, as they lie on the server's
 * disk.
 */
export async function searchServerFiles(
  connections: Connections,
  tables: readonly string[],
  marks: Marks,
): Promise<FileSearch> {
  try {
    // Pages still in the server's memory go to the files first.
    await connections.rows("CHECKPOINT");
    const files: MarkedFile[] = [];
    for (const path of await filesOf(connections, tables)) {
      for (let segment = 0; ; segment++) {
        const name = segment === 0 ? path : `${path}.${segment}`;
        const bytes = await sizeOf(connections, name);
        if (bytes === undefined) break;
        files.push({ path: name, bytes, found: await countMarks(partsOf(connections, name), marks) });
        if (bytes < SEGMENT_BYTES) break;
      }
    }
    return { files, beyond: [ELSEWHERE], failed: [] };
  } catch (thrown) {
    if (!(thrown instanceof FaceError)) throw thrown;
    const sentence = "the tables were rewritten without the rows, but their files were not searched";
    return serverCode(thrown) === INSUFFICIENT_PRIVILEGE
      ? {
          files: [],
          beyond: [ELSEWHERE, `${sentence}: this user may not read the server's files`],
          failed: [],
        }
      : { files: [], beyond: [ELSEWHERE], failed: [`${sentence}: ${thrown.message}`] };
  }
}

/** Paths below the server's data folder. */
async function filesOf(connections: Connections, tables: readonly string[]): Promise<string[]> {
  const rows = await connections.rows<{ path: string }>(
    `WITH own AS (SELECT oid, reltoastrelid FROM pg_class WHERE relnamespace = $1::regnamespace AND relname = ANY($2)),
       rows_of AS (SELECT oid FROM own UNION SELECT reltoastrelid FROM own WHERE reltoastrelid <> 0),
       every AS (SELECT oid FROM rows_of UNION SELECT indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM rows_of))
     SELECT pg_relation_filepath(oid) AS path FROM every ORDER BY path`,
    [connections.schema, tables],
  );
  return rows.map(({ path }) => path);
}

async function sizeOf(connections: Connections, path: string): Promise<number | undefined> {
  const [row] = await connections.rows<{ size: number | null }>(
    "SELECT (pg_stat_file($1, true)).size AS size",
    [path],
  );
  return row?.size ?? undefined;
}

async function* partsOf(connections: Connections, path: string): AsyncGenerator<Uint8Array> {
  for (let offset = 0; ; offset += PART_BYTES) {
    const [row] = await connections.rows<{ part: Buffer | null }>(
      "SELECT pg_read_binary_file($1, $2, $3, true) AS part",
      [path, offset, PART_BYTES],
    );
    if (!row?.part || row.part.length === 0) return;
    yield row.part;
  }
}
