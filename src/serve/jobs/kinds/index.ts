import type { JobKind } from "../work.ts";
import { CLUSTER } from "./cluster.ts";
import { ENROL } from "./enrol.ts";
import { IMPORT } from "./import.ts";
import { MAP } from "./map.ts";
import { REINDEX } from "./reindex.ts";
import { SHARDS } from "./shards.ts";
import { studyOf } from "./study.ts";

/** Every kind of long work, by the name that it is kept under. */
export const KINDS: Readonly<Record<string, JobKind>> = {
  enrol: ENROL,
  import: IMPORT,
  reindex: REINDEX,
  cluster: CLUSTER,
  map: MAP,
  shards: SHARDS,
  study: studyOf("study"),
  evaluate: studyOf("evaluate"),
};
