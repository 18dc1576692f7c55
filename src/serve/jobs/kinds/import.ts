import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { FaceError, parseJson } from "../../../core/index.ts";
import type { NewJob } from "../../../gallery/index.ts";
import { importFaces } from "../../../recognise/index.ts";
import type { JobKind, Work } from "../work.ts";

const ImportInput = z.strictObject({
  path: z.string().optional(),
  format: z.enum(["jsonl", "parquet"]).optional(),
});

/** An import of a file of faces: one that the service may read, or one that came with the request. */
export function importJob(input: z.input<typeof ImportInput>, file?: Uint8Array): NewJob {
  return {
    kind: "import",
    input: JSON.stringify(input),
    shares: [{ ordinal: 1, step: "work", units: 0, input: "[]" }],
    ...(file && { files: [file] }),
  };
}

/** Faces of a file, added to the people they name. One that was interrupted passes over what is there already. */
export const IMPORT: JobKind = {
  work: async (work) => {
    const { path, format = "parquet" } = ImportInput.parse(parseJson(work.share.jobInput));
    if (path !== undefined) return await importFrom(work, path);
    const bytes = await work.gallery.jobs.file(work.share.job, 0);
    if (!bytes)
      throw new FaceError("ABORTED", { where: "import", expected: "the file", got: "none any more" });
    const copy = join(tmpdir(), `arcface-import-${randomUUID()}.${format}`);
    try {
      await writeFile(copy, bytes, { mode: 0o600, flag: "wx" });
      return await importFrom(work, copy);
    } finally {
      await rm(copy, { force: true });
    }
  },
};

async function importFrom({ gallery, share, signal, tell }: Work, path: string) {
  const { faces, known, nameless } = await importFaces(gallery, path, {
    signal,
    lease: share,
    onProgress: ({ done }) => tell(done, done),
  });
  return { counts: { imported: faces, known, nameless }, outcome: "[]" };
}
