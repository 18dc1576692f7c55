import { z } from "zod";
import type {
  HeldShare,
  Job,
  JobProgress,
  JobStep,
  KeptOutcome,
  NewJob,
  NewShare,
  ShareLease,
  ShareOutcome,
  SharePart,
} from "../jobs/job.ts";
import type { JobStore } from "../jobs/job-store.ts";
import { addCounts, nextStep } from "../jobs/next-step.ts";
import { shareLost } from "../jobs/share-lost.ts";
import { saysText, withoutTexts } from "../jobs/without-texts.ts";
import type { Page } from "../page.ts";
import { stored } from "../stored.ts";
import type { Client, Connections } from "./connection.ts";

/** Tables of long work. Their texts may hold names, which statistics must not sample. */
export const CREATE_JOBS = `
  CREATE TABLE job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, state text NOT NULL, step text NOT NULL,
    created text NOT NULL, changed text NOT NULL, revision bigint NOT NULL, total bigint NOT NULL, done bigint NOT NULL,
    counts text NOT NULL, error text, input text NOT NULL, result text
  );
  CREATE INDEX job_open ON job (id) WHERE state IN ('waiting', 'running');
  CREATE TABLE job_share (
    job bigint NOT NULL, ordinal bigint NOT NULL, step text NOT NULL, units bigint NOT NULL, input text NOT NULL,
    done boolean NOT NULL DEFAULT false, holder text, until timestamptz NOT NULL DEFAULT '-infinity',
    fence bigint NOT NULL DEFAULT 0, tries bigint NOT NULL DEFAULT 0, outcome text, vectors bytea, PRIMARY KEY (job, ordinal)
  );
  CREATE INDEX job_share_open ON job_share (job, step, ordinal) WHERE NOT done;
  CREATE TABLE job_file (job bigint NOT NULL, ordinal bigint NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (job, ordinal));
  ALTER TABLE job ALTER COLUMN input SET STATISTICS 0, ALTER COLUMN result SET STATISTICS 0,
    ALTER COLUMN error SET STATISTICS 0, ALTER COLUMN counts SET STATISTICS 0;
  ALTER TABLE job_share ALTER COLUMN input SET STATISTICS 0, ALTER COLUMN outcome SET STATISTICS 0,
    ALTER COLUMN vectors SET STATISTICS 0;
  ALTER TABLE job_file ALTER COLUMN bytes SET STATISTICS 0;
`;

/** Tables of long work, which may hold something about people. */
export const JOB_TABLES = ["job", "job_share", "job_file"] as const;

const COLUMNS = "id, kind, state, step, created, changed, revision, total, done, counts, error, input";
const OPEN = "state IN ('waiting', 'running')";
const LEASE = "$1 * interval '1 millisecond'";

type JobRow = Omit<Job, "counts" | "error"> & { readonly counts: string; readonly error: string | null };

const Counts = z.record(z.string(), z.number());
const Failure = z.object({ code: z.string(), message: z.string() });

/**
 * Long work on a gallery on a server. Leases end by the server's clock, so that machines need not agree about the time.
 *
 * Whoever ends a share locks the job's row first; whoever takes one passes over those that others are taking.
 */
export class PostgresJobs implements JobStore {
  readonly #connections: Connections;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  async create({ kind, input, shares, files = [] }: NewJob, at: string): Promise<number> {
    return await this.#connections.transaction(async (client) => {
      const step = nextStep(new Set(shares.map((share) => share.step))) ?? "work";
      const total = shares.reduce((sum, { units }) => sum + units, 0);
      const { rows } = await client.query<{ id: number }>(
        `INSERT INTO job (kind, state, step, created, changed, revision, total, done, counts, input)
         VALUES ($1, 'waiting', $2, $3, $3, 1, $4, 0, '{}', $5) RETURNING id`,
        [kind, step, at, total, input],
      );
      const { id } = rows[0]!;
      await addShares(client, id, shares);
      for (const [ordinal, bytes] of files.entries())
        await client.query("INSERT INTO job_file (job, ordinal, bytes) VALUES ($1, $2, $3)", [
          id,
          ordinal,
          Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        ]);
      return id;
    });
  }

  async job(id: number): Promise<Job | undefined> {
    const [row] = await this.#connections.rows<JobRow>(`SELECT ${COLUMNS} FROM job WHERE id = $1`, [id]);
    return row && this.#jobOf(row);
  }

  async jobs({ after, limit }: Page<number>): Promise<Job[]> {
    const rows = await this.#connections.rows<JobRow>(
      `SELECT ${COLUMNS} FROM job WHERE id < $1 ORDER BY id DESC LIMIT $2`,
      [after ?? Number.MAX_SAFE_INTEGER, limit],
    );
    return rows.map((row) => this.#jobOf(row));
  }

  async result(id: number): Promise<string | undefined> {
    const [row] = await this.#connections.rows<{ result: string | null }>(
      "SELECT result FROM job WHERE id = $1",
      [id],
    );
    return row?.result ?? undefined;
  }

  async outcomes(id: number, { after, limit }: Page<number>): Promise<KeptOutcome[]> {
    return await this.#connections.rows<KeptOutcome>(
      `SELECT ordinal, outcome, vectors FROM job_share
       WHERE job = $1 AND done AND outcome IS NOT NULL AND ordinal > $2 ORDER BY ordinal LIMIT $3`,
      [id, after ?? -1, limit],
    );
  }

  async file(id: number, ordinal: number): Promise<Uint8Array | undefined> {
    const [row] = await this.#connections.rows<{ bytes: Buffer }>(
      "SELECT bytes FROM job_file WHERE job = $1 AND ordinal = $2",
      [id, ordinal],
    );
    return row && new Uint8Array(row.bytes);
  }

  async cancel(id: number, at: string): Promise<boolean> {
    return await this.#connections.transaction(
      async (client) => await end(client, id, "cancelled", null, at),
    );
  }

  async purge(endedBefore: string): Promise<number> {
    return await this.#connections.transaction(async (client) => {
      // Of two that look at the same time, one passes over what the other removes.
      const { rows } = await client.query<{ id: number }>(
        `SELECT id FROM job WHERE NOT (${OPEN}) AND changed < $1 ORDER BY id FOR UPDATE SKIP LOCKED`,
        [endedBefore],
      );
      for (const { id } of rows) await removeJob(client, id);
      return rows.length;
    });
  }

  async fail(lease: ShareLease, error: NonNullable<Job["error"]>, at: string): Promise<boolean> {
    return await this.#connections.transaction(
      async (client) => (await holds(client, lease)) && (await end(client, lease.job, "failed", error, at)),
    );
  }

  async claim(
    holder: string,
    leaseMs: number,
    at: string,
    kinds: readonly string[],
  ): Promise<HeldShare | undefined> {
    const [held] = await this.#connections.rows<HeldShare>(
      `UPDATE job_share AS share SET holder = $2, until = clock_timestamp() + ${LEASE}, fence = fence + 1, tries = tries + 1
       FROM job WHERE job.id = share.job AND (share.job, share.ordinal) = (
         SELECT each.job, each.ordinal FROM job JOIN job_share AS each ON each.job = job.id AND each.step = job.step
         WHERE job.${OPEN} AND job.kind = ANY($3) AND NOT each.done AND each.until < clock_timestamp()
         ORDER BY each.job, each.ordinal LIMIT 1 FOR UPDATE OF each SKIP LOCKED
       )
       RETURNING share.job, ordinal, fence, kind, share.step, units, share.input, job.input AS "jobInput", tries`,
      [leaseMs, holder, kinds],
    );
    // Apart from the share: whoever ends one locks the job first, and two that wait for each other would be stuck.
    if (held)
      await this.#connections.rows(
        "UPDATE job SET state = 'running', changed = $1, revision = revision + 1 WHERE id = $2 AND state = 'waiting'",
        [at, held.job],
      );
    return held;
  }

  async renew(
    { job, ordinal, fence }: ShareLease,
    leaseMs: number,
    progress?: JobProgress,
  ): Promise<boolean> {
    const rows = await this.#connections.rows(
      `UPDATE job_share SET until = clock_timestamp() + ${LEASE}
       WHERE job = $2 AND ordinal = $3 AND fence = $4 AND NOT done AND job IN (SELECT id FROM job WHERE ${OPEN}) RETURNING job`,
      [leaseMs, job, ordinal, fence],
    );
    if (rows.length > 0 && progress) {
      const { done, total } = progress;
      const sql = `UPDATE job SET done = greatest(done, $1), total = greatest(total, $2), revision = revision + 1
         WHERE id = $3 AND ${OPEN} AND (done < $1 OR total < $2) RETURNING id`;
      if ((await this.#connections.rows(sql, [done, total, job])).length > 0)
        await this.#connections.rows(
          "UPDATE job_share SET tries = 1 WHERE job = $1 AND ordinal = $2 AND fence = $3",
          [job, ordinal, fence],
        );
    }
    return rows.length > 0;
  }

  async release({ job, ordinal, fence }: ShareLease): Promise<void> {
    await this.#connections.rows(
      `UPDATE job_share SET until = '-infinity', holder = NULL, tries = tries - 1
       WHERE job = $1 AND ordinal = $2 AND fence = $3 AND NOT done`,
      [job, ordinal, fence],
    );
  }

  async addShares(lease: ShareLease, shares: readonly NewShare[], at: string): Promise<boolean> {
    return await this.#connections.transaction(async (client) => {
      if (!(await holds(client, lease))) return false;
      await addShares(client, lease.job, shares);
      await client.query(
        `UPDATE job SET total = (SELECT sum(units)::bigint FROM job_share WHERE job = $1), changed = $2, revision = revision + 1
         WHERE id = $1`,
        [lease.job, at],
      );
      return true;
    });
  }

  async split(lease: ShareLease, [own, ...others]: readonly SharePart[]): Promise<boolean> {
    const { job, ordinal } = lease;
    return await this.#connections.transaction(async (client) => {
      if (!own || !(await holds(client, lease))) return false;
      await client.query(
        "UPDATE job_share SET units = $3, input = $4, tries = 1 WHERE job = $1 AND ordinal = $2",
        [job, ordinal, own.units, own.input],
      );
      const { rows } = await client.query<{ last: number }>(
        "SELECT max(ordinal) AS last FROM job_share WHERE job = $1 AND step = 'work'",
        [job],
      );
      const next = rows[0]!.last + 1;
      const later = others.map((each, i): NewShare => ({ ...each, step: "work", ordinal: next + i }));
      await addShares(client, job, later);
      return true;
    });
  }

  async finish(lease: ShareLease, outcome: ShareOutcome, at: string): Promise<boolean> {
    const { job, ordinal } = lease;
    return await this.#connections.transaction(async (client) => {
      if (!(await holds(client, lease))) return false;
      const { vectors } = outcome;
      await client.query(
        "UPDATE job_share SET done = true, holder = NULL, outcome = $3, vectors = $4 WHERE job = $1 AND ordinal = $2",
        [job, ordinal, outcome.outcome, vectors ? Buffer.from(vectors) : null],
      );
      const { rows } = await client.query<{ counts: string }>("SELECT counts FROM job WHERE id = $1", [job]);
      const kept = stored(this.#connections.address, `job ${job}`, rows[0]!.counts, Counts);
      await client.query(
        `UPDATE job SET done = done + (SELECT units FROM job_share WHERE job = $1 AND ordinal = $2), counts = $3,
           result = coalesce($4, result), changed = $5, revision = revision + 1 WHERE id = $1`,
        [job, ordinal, JSON.stringify(addCounts(kept, outcome.counts)), outcome.result ?? null, at],
      );
      await goOn(client, job, at);
      return true;
    });
  }

  #jobOf({ counts, error, ...row }: JobRow): Job {
    const what = `job ${row.id}`;
    const { address } = this.#connections;
    return {
      ...row,
      counts: stored(address, what, counts, Counts),
      error: error === null ? null : stored(address, what, error, Failure),
    };
  }
}

/** Throws FaceError ABORTED unless a share is still held, inside the caller's transaction. */
export async function expectHeld(client: Client, address: string, lease: ShareLease): Promise<void> {
  if (!(await holds(client, lease))) throw shareLost(address, lease);
}

/**
 * Takes out of long work whatever says one of the texts, and of work that has ended all but its figures, inside the
 * caller's transaction.
 */
export async function forgetInJobs(client: Client, texts: readonly string[]): Promise<void> {
  await client.query(`DELETE FROM job_share WHERE job IN (SELECT id FROM job WHERE NOT (${OPEN}))`);
  await client.query(`UPDATE job SET input = '{}', result = NULL, error = NULL WHERE NOT (${OPEN})`);
  const { rows } = await client.query<{ id: number; input: string }>(
    `SELECT id, input FROM job WHERE ${OPEN} ORDER BY id FOR UPDATE`,
  );
  for (const { id, input } of rows) {
    if (saysText(JSON.parse(input), texts)) await removeJob(client, id);
    else for (const text of texts) await forgetInShares(client, id, text, texts);
  }
}

/** Everything of a job that says a text: its pictures are looked at no more, and whoever holds them has to let go. */
async function forgetInShares(
  client: Client,
  job: number,
  text: string,
  texts: readonly string[],
): Promise<void> {
  const { rows } = await client.query<{ ordinal: number; input: string; outcome: string | null }>(
    "SELECT ordinal, input, outcome FROM job_share WHERE job = $1 AND (strpos(input, $2) > 0 OR strpos(outcome, $2) > 0)",
    [job, JSON.stringify(text).slice(1, -1)],
  );
  for (const { ordinal, ...row } of rows) {
    const input = withoutTexts(row.input, texts);
    const outcome = row.outcome && withoutTexts(row.outcome, texts).json;
    await client.query(
      `UPDATE job_share SET input = $1, outcome = $2, vectors = NULL, fence = fence + 1, until = '-infinity'
       WHERE job = $3 AND ordinal = $4`,
      [input.json, outcome, job, ordinal],
    );
    await client.query("DELETE FROM job_file WHERE job = $1 AND ordinal = ANY($2)", [job, input.files]);
  }
}

async function removeJob(client: Client, id: number): Promise<void> {
  for (const table of ["job_share", "job_file"])
    await client.query(`DELETE FROM ${table} WHERE job = $1`, [id]);
  await client.query("DELETE FROM job WHERE id = $1", [id]);
}

/** Tells whether a share is still held. Until the transaction ends nobody ends its job or a share of it. */
async function holds(client: Client, { job, ordinal, fence }: ShareLease): Promise<boolean> {
  const { rowCount } = await client.query(`SELECT 1 FROM job WHERE id = $1 AND ${OPEN} FOR UPDATE`, [job]);
  if (!rowCount) return false;
  const share = await client.query(
    "SELECT 1 FROM job_share WHERE job = $1 AND ordinal = $2 AND fence = $3 AND NOT done FOR UPDATE",
    [job, ordinal, fence],
  );
  return share.rowCount === 1;
}

/** Goes on to the next step that has something left, or ends the job. */
async function goOn(client: Client, job: number, at: string): Promise<void> {
  const left = new Set<JobStep>();
  for (const step of ["plan", "work", "finish"] as const) {
    const found = await client.query(
      "SELECT 1 FROM job_share WHERE job = $1 AND step = $2 AND NOT done LIMIT 1",
      [job, step],
    );
    if (found.rowCount) left.add(step);
    if (left.size > 0) break;
  }
  const step = nextStep(left);
  if (step) await client.query("UPDATE job SET step = $1 WHERE id = $2 AND step <> $1", [step, job]);
  else await end(client, job, "done", null, at);
}

async function end(
  client: Client,
  id: number,
  state: "done" | "failed" | "cancelled",
  error: Job["error"],
  at: string,
): Promise<boolean> {
  const ended = await client.query(
    `UPDATE job SET state = $1, error = $2, changed = $3, revision = revision + 1 WHERE id = $4 AND ${OPEN}`,
    [state, error && JSON.stringify(error), at, id],
  );
  if (!ended.rowCount) return false;
  await client.query("DELETE FROM job_file WHERE job = $1", [id]);
  await client.query("UPDATE job_share SET vectors = NULL WHERE job = $1 AND vectors IS NOT NULL", [id]);
  await client.query("DELETE FROM job_share WHERE job = $1 AND NOT done", [id]);
  return true;
}

async function addShares(client: Client, job: number, shares: readonly NewShare[]): Promise<void> {
  await client.query(
    `INSERT INTO job_share (job, ordinal, step, units, input)
     SELECT $1, ordinal, step, units, input FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[]) AS s (ordinal, step, units, input)
     ON CONFLICT (job, ordinal) DO UPDATE SET step = excluded.step, units = excluded.units, input = excluded.input`,
    [
      job,
      shares.map(({ ordinal }) => ordinal),
      shares.map(({ step }) => step),
      shares.map(({ units }) => units),
      shares.map(({ input }) => input),
    ],
  );
}
