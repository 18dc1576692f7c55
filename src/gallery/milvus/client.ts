import type { MilvusClient } from "@zilliz/milvus2-sdk-node";
import { FaceError } from "../../core/index.ts";
import type { GalleryAddress } from "../address.ts";

/** Address of a gallery's vectors on a Milvus server. */
export type MilvusAddress = Extract<GalleryAddress, { engine: "milvus" }>;

/** A server's answer when it has nothing else to say, or first of all. */
export interface Status {
  readonly error_code: string | number;
  readonly code?: number;
  readonly reason: string;
  readonly retriable?: boolean;
}

/** The server's own package, loaded only when a gallery wants it. Throws FaceError USAGE when it is not installed. */
export async function loadClient(): Promise<typeof import("@zilliz/milvus2-sdk-node")> {
  try {
    return await import("@zilliz/milvus2-sdk-node");
  } catch (cause) {
    throw new FaceError("USAGE", {
      where: "milvus",
      expected: "the package @zilliz/milvus2-sdk-node",
      got: "none",
      note: '"npm install @zilliz/milvus2-sdk-node" adds it',
      cause,
    });
  }
}

const TIMEOUT_MS = 30_000;

/** Connects. Throws FaceError STORAGE when nothing answers, USAGE. */
export async function connect(address: MilvusAddress, shown: string): Promise<MilvusClient> {
  const { MilvusClient } = await loadClient();
  const client = new MilvusClient({
    address: address.endpoint,
    timeout: TIMEOUT_MS,
    // Repeated here, where it is known which questions may be.
    maxRetries: 0,
    ...(address.user === "" ? {} : { username: address.user, password: address.password }),
    ...(address.database === null ? {} : { database: address.database }),
  });
  try {
    await client.connectPromise;
    return client;
  } catch (cause) {
    await client.closeConnection().catch(() => undefined);
    throw unanswered(shown, cause);
  }
}

/** gRPC's codes of an answer that may come when asked again: deadline, exhausted, unavailable. */
const PASSING_GRPC_CODES = [4, 8, 14];
/** Milvus's code of a server that wants fewer questions. */
const RATE_LIMIT = 8;

/** Pauses before a question is put again. */
const PAUSES_MS = [100, 400, 1600];

/**
 * Puts a question that may be repeated, and repeats it while the trouble looks passing.
 *
 * @param pausesMs how long to wait before each repetition
 * Throws    FaceError STORAGE with what the server said
 */
export async function asking<T>(
  where: string,
  ask: () => Promise<T>,
  pausesMs: readonly number[] = PAUSES_MS,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    const outcome = await attempt(ask);
    if (outcome.kind === "answer") return outcome.answer;
    const pause = pausesMs[tries];
    if (!outcome.passing || pause === undefined) throw unanswered(where, outcome.cause);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

type Outcome<T> =
  | { readonly kind: "answer"; readonly answer: T }
  | { readonly kind: "trouble"; readonly cause: unknown; readonly passing: boolean };

async function attempt<T>(ask: () => Promise<T>): Promise<Outcome<T>> {
  try {
    const answer = await ask();
    const status = statusOf(answer);
    if (status === undefined || isSuccess(status)) return { kind: "answer", answer };
    const passing = status.retriable === true || status.code === RATE_LIMIT;
    return { kind: "trouble", cause: new Error(status.reason || String(status.error_code)), passing };
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    return { kind: "trouble", cause, passing: PASSING_GRPC_CODES.includes(code as number) };
  }
}

function isSuccess({ error_code, code }: Status): boolean {
  return (error_code === "Success" || error_code === 0) && (code ?? 0) === 0;
}

/** Answers are a status, or hold one. */
function statusOf(answer: unknown): Status | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  if ("error_code" in answer) return answer as Status;
  return "status" in answer ? statusOf(answer.status) : undefined;
}

function unanswered(where: string, cause: unknown): FaceError {
  return new FaceError("STORAGE", { where, expected: "the server to answer", cause });
}
