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
import type { Connection } from "./connection.ts";

/** Milliseconds since 1970 by this machine's clock, as SQL. */
const NOW = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";

const COLUMNS = "id, kind, state, step, created, changed, revision, total, done, counts, error, input";
const OPEN = "state IN ('waiting', 'running')";
const HELD = "job = ? AND ordinal = ? AND fence = ? AND NOT done";

type JobRow = Omit<Job, "counts" | "error"> & { readonly counts: string; readonly error: string | null };

const Counts = z.record(z.string(), z.number());
const Failure = z.object({ code: z.string(), message: z.string() });

/** Long work on a gallery in a file. */
export class SqliteJobs implements JobStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async create({ kind, input, shares, files = [] }: NewJob, at: string): Promise<number> {
    const connection = this.#connection;
    return await connection.write(() => {
      const step = nextStep(new Set(shares.map((share) => share.step))) ?? "work";
      const total = unitsOf(shares);
      connection.run(
        `INSERT INTO job (kind, state, step, created, changed, revision, total, done, counts, input)
         VALUES (?, 'waiting', ?, ?, ?, 1, ?, 0, '{}', ?)`,
        ...[kind, step, at, at, total, input],
      );
      const { id } = connection.get<{ id: number }>("SELECT last_insert_rowid() AS id")!;
      addShares(connection, id, shares);
      for (const [ordinal, bytes] of files.entries())
        connection.run("INSERT INTO job_file (job, ordinal, bytes) VALUES (?, ?, ?)", id, ordinal, bytes);
      return id;
    });
  }

  async job(id: number): Promise<Job | undefined> {
    const row = this.#connection.get<JobRow>(`SELECT ${COLUMNS} FROM job WHERE id = ?`, id);
    return row && this.#jobOf(row);
  }

  async jobs({ after, limit }: Page<number>): Promise<Job[]> {
    const sql = `SELECT ${COLUMNS} FROM job WHERE id < ? ORDER BY id DESC LIMIT ?`;
    return this.#connection
      .all<JobRow>(sql, after ?? Number.MAX_SAFE_INTEGER, limit)
      .map((row) => this.#jobOf(row));
  }

  async result(id: number): Promise<string | undefined> {
    const row = this.#connection.get<{ result: string | null }>("SELECT result FROM job WHERE id = ?", id);
    return row?.result ?? undefined;
  }

  async outcomes(id: number, { after, limit }: Page<number>): Promise<KeptOutcome[]> {
    return this.#connection.all<KeptOutcome>(
      `SELECT ordinal, outcome, vectors FROM job_share
       WHERE job = ? AND done AND outcome IS NOT NULL AND ordinal > ? ORDER BY ordinal LIMIT ?`,
      ...[id, after ?? -1, limit],
    );
  }

  async file(id: number, ordinal: number): Promise<Uint8Array | undefined> {
    const sql = "SELECT bytes FROM job_file WHERE job = ? AND ordinal = ?";
    return this.#connection.get<{ bytes: Uint8Array }>(sql, id, ordinal)?.bytes;
  }

  async cancel(id: number, at: string): Promise<boolean> {
    return await this.#connection.write(() => this.#end(id, "cancelled", null, at));
  }

  async purge(endedBefore: string): Promise<number> {
    const connection = this.#connection;
    const ended = `SELECT id FROM job WHERE NOT (${OPEN}) AND changed < ?`;
    // Most looks find nothing, and write nothing.
    if (!connection.get(ended, endedBefore)) return 0;
    return await connection.write(() => {
      const jobs = connection.all<{ id: number }>(ended, endedBefore);
      for (const { id } of jobs) removeJob(connection, id);
      return jobs.length;
    });
  }

  async fail(lease: ShareLease, error: NonNullable<Job["error"]>, at: string): Promise<boolean> {
    return await this.#connection.write(
      () => isHeld(this.#connection, lease) && this.#end(lease.job, "failed", error, at),
    );
  }

  async claim(
    holder: string,
    leaseMs: number,
    at: string,
    kinds: readonly string[],
  ): Promise<HeldShare | undefined> {
    const connection = this.#connection;
    const able = JSON.stringify(kinds);
    const next = `SELECT share.job, share.ordinal FROM job JOIN job_share AS share ON share.job = job.id AND share.step = job.step
      WHERE job.${OPEN} AND job.kind IN (SELECT value FROM json_each(?)) AND NOT share.done AND share.until < ${NOW} ORDER BY share.job, share.ordinal LIMIT 1`;
    // Most looks find nothing, and write nothing.
    if (!connection.get(next, able)) return undefined;
    return await connection.write(() => {
      const place = connection.get<{ job: number; ordinal: number }>(next, able);
      if (!place) return undefined;
      const { job, ordinal } = place;
      connection.run(
        `UPDATE job_share SET holder = ?, until = ${NOW} + ?, fence = fence + 1, tries = tries + 1 WHERE job = ? AND ordinal = ?`,
        ...[holder, leaseMs, job, ordinal],
      );
      connection.run(
        "UPDATE job SET state = 'running', changed = ?, revision = revision + 1 WHERE id = ? AND state = 'waiting'",
        ...[at, job],
      );
      return connection.get<HeldShare>(
        `SELECT job, ordinal, fence, kind, share.step, units, share.input, job.input AS jobInput, tries
         FROM job_share AS share JOIN job ON job.id = share.job WHERE job = ? AND ordinal = ?`,
        ...[job, ordinal],
      );
    });
  }

  async renew(lease: ShareLease, leaseMs: number, progress?: JobProgress): Promise<boolean> {
    const connection = this.#connection;
    return await connection.write(() => {
      if (!isHeld(connection, lease)) return false;
      const { job, ordinal } = lease;
      connection.run(
        `UPDATE job_share SET until = ${NOW} + ? WHERE job = ? AND ordinal = ?`,
        ...[leaseMs, job, ordinal],
      );
      if (!progress) return true;
      const further = connection.run(
        "UPDATE job SET done = max(done, ?1), total = max(total, ?2), revision = revision + 1 WHERE id = ?3 AND (done < ?1 OR total < ?2)",
        ...[progress.done, progress.total, job],
      );
      if (further > 0)
        connection.run("UPDATE job_share SET tries = 1 WHERE job = ? AND ordinal = ?", job, ordinal);
      return true;
    });
  }

  async release({ job, ordinal, fence }: ShareLease): Promise<void> {
    const sql = `UPDATE job_share SET until = 0, holder = NULL, tries = tries - 1 WHERE ${HELD}`;
    await this.#connection.write(() => this.#connection.run(sql, job, ordinal, fence));
  }

  async addShares(lease: ShareLease, shares: readonly NewShare[], at: string): Promise<boolean> {
    const connection = this.#connection;
    return await connection.write(() => {
      if (!isHeld(connection, lease)) return false;
      addShares(connection, lease.job, shares);
      connection.run(
        `UPDATE job SET total = (SELECT sum(units) FROM job_share WHERE job = job.id), changed = ?, revision = revision + 1 WHERE id = ?`,
        ...[at, lease.job],
      );
      return true;
    });
  }

  async split(lease: ShareLease, [own, ...others]: readonly SharePart[]): Promise<boolean> {
    const connection = this.#connection;
    const { job, ordinal } = lease;
    return await connection.write(() => {
      if (!own || !isHeld(connection, lease)) return false;
      connection.run(
        "UPDATE job_share SET units = ?, input = ?, tries = 1 WHERE job = ? AND ordinal = ?",
        ...[own.units, own.input, job, ordinal],
      );
      const sql = "SELECT max(ordinal) AS last FROM job_share WHERE job = ? AND step = 'work'";
      const next = connection.get<{ last: number }>(sql, job)!.last + 1;
      const later = others.map((each, i): NewShare => ({ ...each, step: "work", ordinal: next + i }));
      addShares(connection, job, later);
      return true;
    });
  }

  async finish(lease: ShareLease, outcome: ShareOutcome, at: string): Promise<boolean> {
    const connection = this.#connection;
    return await connection.write(() => {
      if (!isHeld(connection, lease)) return false;
      connection.run(
        "UPDATE job_share SET done = 1, holder = NULL, outcome = ?, vectors = ? WHERE job = ? AND ordinal = ?",
        ...[outcome.outcome, outcome.vectors ?? null, lease.job, lease.ordinal],
      );
      const { counts } = connection.get<{ counts: string }>(
        "SELECT counts FROM job WHERE id = ?",
        lease.job,
      )!;
      const sum = addCounts(stored(connection.path, `job ${lease.job}`, counts, Counts), outcome.counts);
      connection.run(
        `UPDATE job SET done = done + (SELECT units FROM job_share WHERE job = ?1 AND ordinal = ?2), counts = ?3,
           result = coalesce(?4, result), changed = ?5, revision = revision + 1 WHERE id = ?1`,
        ...[lease.job, lease.ordinal, JSON.stringify(sum), outcome.result ?? null, at],
      );
      this.#goOn(lease.job, at);
      return true;
    });
  }

  /** Goes on to the next step that has something left, or ends the job. */
  #goOn(job: number, at: string): void {
    const rows = this.#connection.all<{ step: JobStep }>(
      "SELECT DISTINCT step FROM job_share WHERE job = ? AND NOT done",
      job,
    );
    const step = nextStep(new Set(rows.map((row) => row.step)));
    if (step) this.#connection.run("UPDATE job SET step = ? WHERE id = ?", step, job);
    else this.#end(job, "done", null, at);
  }

  #end(id: number, state: "done" | "failed" | "cancelled", error: Job["error"], at: string): boolean {
    const connection = this.#connection;
    const ended = connection.run(
      `UPDATE job SET state = ?, error = ?, changed = ?, revision = revision + 1 WHERE id = ? AND ${OPEN}`,
      ...[state, error && JSON.stringify(error), at, id],
    );
    if (ended === 0) return false;
    connection.run("DELETE FROM job_file WHERE job = ?", id);
    connection.run("UPDATE job_share SET vectors = NULL WHERE job = ? AND vectors IS NOT NULL", id);
    connection.run("DELETE FROM job_share WHERE job = ? AND NOT done", id);
    return true;
  }

  #jobOf({ counts, error, ...row }: JobRow): Job {
    const what = `job ${row.id}`;
    const { path } = this.#connection;
    return {
      ...row,
      counts: stored(path, what, counts, Counts),
      error: error === null ? null : stored(path, what, error, Failure),
    };
  }
}

/** Throws FaceError ABORTED unless a share is still held, inside the caller's transaction. */
export function expectHeld(connection: Connection, lease: ShareLease): void {
  if (!isHeld(connection, lease)) throw shareLost(connection.path, lease);
}

/** Takes out of long work whatever says one of the texts, and of work that has ended all but its figures. */
export function forgetInJobs(connection: Connection, texts: readonly string[]): void {
  const ended = `SELECT id FROM job WHERE NOT (${OPEN})`;
  connection.run(`DELETE FROM job_share WHERE job IN (${ended})`);
  connection.run(`UPDATE job SET input = '{}', result = NULL, error = NULL WHERE NOT (${OPEN})`);
  for (const { id, input } of connection.all<{ id: number; input: string }>(
    `SELECT id, input FROM job WHERE ${OPEN}`,
  )) {
    if (saysText(JSON.parse(input), texts)) removeJob(connection, id);
    else for (const text of texts) forgetInShares(connection, id, text, texts);
  }
}

/** Everything of a job that says a text: its pictures are looked at no more, and whoever holds them has to let go. */
function forgetInShares(connection: Connection, job: number, text: string, texts: readonly string[]): void {
  const rows = connection.all<{ ordinal: number; input: string; outcome: string | null }>(
    "SELECT ordinal, input, outcome FROM job_share WHERE job = ?1 AND (instr(input, ?2) > 0 OR instr(outcome, ?2) > 0)",
    ...[job, JSON.stringify(text).slice(1, -1)],
  );
  for (const { ordinal, ...row } of rows) {
    const input = withoutTexts(row.input, texts);
    const outcome = row.outcome && withoutTexts(row.outcome, texts).json;
    connection.run(
      "UPDATE job_share SET input = ?, outcome = ?, vectors = NULL, fence = fence + 1, until = 0 WHERE job = ? AND ordinal = ?",
      ...[input.json, outcome, job, ordinal],
    );
    for (const file of input.files)
      connection.run("DELETE FROM job_file WHERE job = ? AND ordinal = ?", job, file);
  }
}

function removeJob(connection: Connection, id: number): void {
  for (const table of ["job_share", "job_file"]) connection.run(`DELETE FROM ${table} WHERE job = ?`, id);
  connection.run("DELETE FROM job WHERE id = ?", id);
}

function isHeld(connection: Connection, { job, ordinal, fence }: ShareLease): boolean {
  const sql = `SELECT 1 FROM job_share WHERE ${HELD} AND job IN (SELECT id FROM job WHERE ${OPEN})`;
  return connection.get(sql, job, ordinal, fence) !== undefined;
}

function addShares(connection: Connection, job: number, shares: readonly NewShare[]): void {
  for (const { ordinal, step, units, input } of shares)
    connection.run(
      "INSERT OR REPLACE INTO job_share (job, ordinal, step, units, input) VALUES (?, ?, ?, ?, ?)",
      ...[job, ordinal, step, units, input],
    );
}

function unitsOf(shares: readonly NewShare[]): number {
  return shares.reduce((sum, { units }) => sum + units, 0);
}
