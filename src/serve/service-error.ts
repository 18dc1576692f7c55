import { type Complaint, type ErrorCode, FaceError, sentenceOf, wordsOf } from "../core/index.ts";

/** Failures that only a service knows, beside the library's codes, with their HTTP status. */
const SERVICE_STATUS = {
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  TIMEOUT: 408,
  TOO_LARGE: 413,
  MEDIA_TYPE: 415,
  REFUSED: 422,
  TOO_MANY_REQUESTS: 429,
  NOT_IMPLEMENTED: 501,
  OVERLOADED: 503,
  STOPPING: 503,
} as const;

/** One of the service's own codes. */
export type ServiceCode = keyof typeof SERVICE_STATUS;

/** The HTTP status of each of the library's codes. 500 and above are never the caller's doing, and tell no details. */
const LIBRARY_STATUS: Readonly<Record<ErrorCode, number>> = {
  USAGE: 400,
  BAD_IMAGE: 422,
  NO_FACE: 422,
  SEVERAL_FACES: 422,
  SHAPE: 422,
  ZERO_VECTOR: 422,
  PERSON_UNKNOWN: 404,
  CONFLICT: 409,
  MODEL_MISMATCH: 409,
  NETWORK: 502,
  ABORTED: 503,
  CLOSED: 503,
  BAD_FILE: 500,
  BAD_MODEL: 500,
  BAD_CONTRACT: 500,
  MODEL_UNKNOWN: 500,
  MODEL_DAMAGED: 500,
  LICENCE: 500,
  STORAGE: 503,
  DIVERGED: 500,
  INTERNAL: 500,
};

/** The sentence for what is not the caller's doing: the library's own may name paths of this machine. */
const DEFECT = "service: something went wrong here, and the log says what under this request's id";

/** The sentence for a disk that is full or a database that does not answer: nobody's defect, and no caller's either. */
const STORAGE =
  "service: its storage does not take or give this now, and the log says why under this request's id";

/** A request that the service itself refuses. The sentence is the caller's to read. */
export class ServiceError extends Error {
  readonly code: ServiceCode;
  /** Further headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ServiceCode, complaint: Complaint, headers: Readonly<Record<string, string>> = {}) {
    super(wordsOf(complaint));
    this.code = code;
    this.headers = headers;
  }
}

/** The refusal of a service that is being stopped; the connection ends with it. */
export function stoppingError(): ServiceError {
  return new ServiceError(
    "STOPPING",
    { where: "service", expected: "it to go on", got: "it being stopped", note: "ask again" },
    {
      "Retry-After": "5",
      Connection: "close",
    },
  );
}

/** Whatever was thrown, as the answer tells it. */
export interface Told {
  readonly status: number;
  readonly code: ErrorCode | ServiceCode;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An error's status and the sentence that the caller may read. */
export function told(thrown: unknown): Told {
  if (thrown instanceof ServiceError) {
    const { code, message, headers } = thrown;
    return { status: SERVICE_STATUS[code], code, message, headers };
  }
  if (thrown instanceof FaceError) {
    const status = LIBRARY_STATUS[thrown.code];
    // A refusal of a picture's own bytes is about them, whatever its code.
    const ofPicture = thrown.code === "BAD_FILE" && thrown.where === "image";
    if (ofPicture) return { status: 422, code: thrown.code, message: thrown.message, headers: {} };
    if (status < 500)
      return { status, code: thrown.code, message: withoutPlace(thrown).message, headers: {} };
    // When to ask again is not said: a change that was under way may have been kept.
    const message = thrown.code === "STORAGE" ? STORAGE : DEFECT;
    return { status, code: thrown.code, message, headers: {} };
  }
  return { status: 500, code: "INTERNAL", message: DEFECT, headers: {} };
}

/** An error of a gallery's store says where that lies, on this machine or on a server, which is not the caller's business. */
function withoutPlace(error: FaceError): FaceError {
  return /[\\/]/.test(error.where) ? new FaceError(error.code, { ...error.parts, where: "gallery" }) : error;
}

/** A defect as the log tells it: its sentence without what stands in quotes, which may be somebody's name. */
export function logged(thrown: unknown): { readonly reason: string; readonly stack: readonly string[] } {
  const stack = thrown instanceof Error ? (thrown.stack ?? "").split("\n").slice(1, 12) : [];
  return {
    reason: sentenceOf(thrown).replace(/"[^"]*"/g, '"…"'),
    stack: stack.map((line) => line.trim()),
  };
}
