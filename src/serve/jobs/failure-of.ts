import { FaceError } from "../../core/index.ts";
import type { Job } from "../../gallery/index.ts";
import { told } from "../service-error.ts";

/** Codes of failures whose sentences say something about what a job was asked for. */
const TELLING: ReadonlySet<string> = new Set(["BAD_FILE", "BAD_IMAGE"]);

/** The reason why a job failed, as whoever asked for it may read it: without this machine's folders. */
export function failureOf(thrown: unknown): NonNullable<Job["error"]> {
  const { code, message } = told(thrown);
  const telling = thrown instanceof FaceError && TELLING.has(thrown.code);
  return { code, message: withoutFolders(telling ? thrown.message : message) };
}

/** A sentence whose paths are names only. */
export function withoutFolders(sentence: string): string {
  return sentence.replace(/(?:[A-Za-z]:)?[\\/][^\s"]*[\\/]/g, "");
}
