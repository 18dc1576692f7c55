import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { parseJson } from "../../core/index.ts";
import { pageOfStudy } from "../jobs/kinds/study.ts";
import { type Handlers, served } from "../service.ts";
import { ServiceError } from "../service-error.ts";
import type { STUDIES as ENDPOINTS } from "../wire/endpoints/studies.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

/**
 * A page's rules: its script runs in an origin of its own, as if it were from elsewhere, and loads and sends nothing. Pages say
 * themselves which script is theirs.
 */
const POLICY =
  "sandbox allow-scripts; default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Pages of studies and evaluations. */
export const STUDIES: Handlers<keyof typeof ENDPOINTS> = {
  folders: async ({ folders, studies }) => ({
    folders: await folders.ofPeople(),
    studies: studies !== undefined,
  }),

  openPage: async (service, asked) => {
    const { gallery } = served(service, asked);
    const { studies } = service;
    const job = await gallery.jobs.job(asked.params.job);
    const result = job && parseJson((await gallery.jobs.result(job.id)) ?? "{}");
    const found = job && pageOfStudy(job, result);
    if (!studies || !found)
      throw new ServiceError("NOT_FOUND", {
        where: "job",
        expected: "a study that is done",
        got: "none with a page",
      });
    const { secret, seconds } = service.pages.open(join(studies.folder, found.folder));
    return { address: `/v1/pages/${secret}/${found.page}`, seconds };
  },

  page: async (service, { params: { secret, file } }) => {
    const folder = service.pages.folderOf(secret);
    const type = TYPES[extname(file)];
    const bytes =
      folder === undefined || type === undefined
        ? undefined
        : await readFile(join(folder, file)).catch(() => undefined);
    if (!bytes)
      throw new ServiceError("NOT_FOUND", {
        where: "page",
        expected: "an address that is good",
        got: "one that is not, or not any more",
      });
    return new Response(new Uint8Array(bytes), {
      headers: { "Content-Type": type!, "Content-Security-Policy": POLICY },
    });
  },
};
