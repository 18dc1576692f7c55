import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { parseJson } from "../../core/index.ts";
import { pageOfStudy } from "../jobs/kinds/study.ts";
import { type Handlers, served } from "../service.ts";
import { ServiceError } from "../service-error.ts";

/** Milliseconds for which an address of a page is good: a browser cannot show a key, so that the address is one. */
const GOOD_MS = 3_600_000;

/** Addresses that are good at one time; the oldest goes first. */
const MOST = 1000;

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

/** Pages that may be opened, by the secret in their address. */
const opened = new Map<string, { readonly folder: string; readonly until: number }>();

/** Pages of studies and evaluations. */
export const STUDIES: Handlers<"openPage" | "page"> = {
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
    const secret = randomBytes(24).toString("base64url");
    opened.set(secret, { folder: join(studies.folder, found.folder), until: service.now() + GOOD_MS });
    if (opened.size > MOST) opened.delete(opened.keys().next().value!);
    return { address: `/v1/pages/${secret}/${found.page}`, seconds: GOOD_MS / 1000 };
  },

  page: async (service, { params: { secret, file } }) => {
    const found = opened.get(secret);
    const type = TYPES[extname(file)];
    const bytes =
      found && type !== undefined && found.until > service.now()
        ? await readFile(join(found.folder, file)).catch(() => undefined)
        : undefined;
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
