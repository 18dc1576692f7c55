/** Tables of long work. */
export const CREATE_JOBS = `
  CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, state TEXT NOT NULL, step TEXT NOT NULL,
    created TEXT NOT NULL, changed TEXT NOT NULL, revision INTEGER NOT NULL, total INTEGER NOT NULL,
    done INTEGER NOT NULL, counts TEXT NOT NULL, error TEXT, input TEXT NOT NULL, result TEXT
  );
  CREATE INDEX job_open ON job (id) WHERE state IN ('waiting', 'running');
  CREATE TABLE job_share (
    job INTEGER NOT NULL, ordinal INTEGER NOT NULL, step TEXT NOT NULL, units INTEGER NOT NULL, input TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0, holder TEXT, until INTEGER NOT NULL DEFAULT 0, fence INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0, outcome TEXT, vectors BLOB, PRIMARY KEY (job, ordinal)
  );
  CREATE INDEX job_share_open ON job_share (job, step, ordinal) WHERE NOT done;
  CREATE TABLE job_file (job INTEGER NOT NULL, ordinal INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (job, ordinal));
`;
