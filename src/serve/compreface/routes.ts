import type { ForeignRoute } from "../foreign.ts";
import { FACES } from "./faces.ts";
import { RECOGNITION } from "./recognition.ts";
import { SUBJECTS } from "./subjects.ts";

/*
 * CompreFace's routes over this service's own parts, so that its clients keep working with another address.
 *
 * Source    https://github.com/exadel-inc/CompreFace/blob/master/docs/Rest-API-description.md
 */

/** CompreFace's routes. */
export const COMPREFACE: readonly ForeignRoute[] = [...SUBJECTS, ...FACES, ...RECOGNITION];
