import type { z } from "zod";
import { FaceError } from "../core/index.ts";
import { type Applied, expectPipeline, type Gallery, type Person } from "../gallery/index.ts";
import type { Face, FaceChoice, PictureTasks } from "../recognise/index.ts";
import type { AllowedFolders } from "./jobs/allowed-folders.ts";
import type { Studies } from "./jobs/studies.ts";
import type { Metrics } from "./metrics.ts";
import type { OpenedPages } from "./opened-pages.ts";
import { ServiceError } from "./service-error.ts";
import type { Limits, Role } from "./settings/index.ts";
import type { AnswerOf, BodyOf, ENDPOINTS, Endpoint, EndpointName } from "./wire/index.ts";
import type { PictureWorkers, WorkQueue } from "./work-queue.ts";

/** Whoever asks: a key, or anybody of this machine where the service has no keys. */
export interface Caller {
  readonly id: string;
  readonly role: Role;
  /** The only gallery it may use; null for all. */
  readonly gallery: string | null;
}

/** A gallery that is served, and what makes vectors for it. */
export interface Served {
  readonly name: string;
  readonly gallery: Gallery;
  readonly recognition: PictureWorkers;
}

/** Everything that handlers work with. */
export interface Service {
  readonly collections: ReadonlyMap<string, Served>;
  /** The workers that make vectors where no gallery is asked. */
  readonly recognition: PictureWorkers;
  readonly queueOf: (recognition: PictureWorkers) => WorkQueue;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly clock: () => Date;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** The folders that long work may read. */
  readonly folders: AllowedFolders;
  /** The means for studies. */
  readonly studies: Studies | undefined;
  /** Their pages, as far as somebody asked for one. */
  readonly pages: OpenedPages;
  /** Has a gallery's long work looked for at once. */
  readonly wakeJobs: (collection: string) => void;
  readonly isStopping: () => boolean;
}

/** A request as a handler gets it: checked, and by somebody who may. */
export interface Asked<E extends Endpoint = Endpoint> {
  readonly params: z.output<E["params"]>;
  readonly query: z.output<E["query"]>;
  readonly body: BodyGiven<E["body"]>;
  readonly pictures: readonly Uint8Array[];
  readonly caller: Caller;
  readonly requestId: string;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

type BodyGiven<B extends BodyOf> = B extends { readonly schema: infer S extends z.ZodType }
  ? z.output<S>
  : B extends { readonly options: infer S extends z.ZodType }
    ? z.output<S>
    : undefined;

type Given<A extends AnswerOf> = A extends { readonly schema: infer S extends z.ZodType }
  ? z.input<S> | Response
  : Response;

/** Answers a request. */
export type Handler<E extends Endpoint> = (service: Service, asked: Asked<E>) => Promise<Given<E["answer"]>>;

/** Handlers of some of the endpoints. */
export type Handlers<N extends EndpointName> = {
  readonly [Name in N]: Handler<(typeof ENDPOINTS)[Name]>;
};

/** The gallery of a name. Throws ServiceError FORBIDDEN for a key of another one, NOT_FOUND. */
export function collectionOf(service: Service, caller: Caller, name: string): Served {
  if (caller.gallery !== null && caller.gallery !== name)
    throw new ServiceError("FORBIDDEN", {
      where: "key",
      expected: "a key for this gallery",
      got: "one for another",
    });
  const found = service.collections.get(name);
  if (found) return found;
  throw new ServiceError("NOT_FOUND", {
    where: "collection",
    expected: "a gallery of this service",
    got: "another name",
  });
}

/**
 * The gallery of a name, whose vectors are those that are made here.
 *
 * Throws    as {@link collectionOf}; FaceError MODEL_MISMATCH, naming both contracts
 */
export function comparable(
  service: Service,
  { caller, params }: { caller: Caller; params: { collection: string } },
): Served {
  const served = collectionOf(service, caller, params.collection);
  expectPipeline("collection", served.gallery.pipeline, served.recognition.pipeline);
  return served;
}

/** A picture's faces through the queue. Throws FaceError of the picture, ServiceError OVERLOADED, TOO_LARGE. */
export async function look<T extends keyof PictureTasks>(
  service: Service,
  recognition: PictureWorkers,
  picture: Uint8Array,
  task: T,
  signal: AbortSignal,
): Promise<PictureTasks[T]> {
  const photograph = await service.queueOf(recognition).run(picture, task, signal);
  return counted(service, photograph);
}

/** An error that is one picture's, not the request's. */
export type OrFailure<P> = P | { readonly error: { readonly code: string; readonly message: string } };

/**
 * The faces of many pictures; one that cannot be read is told in its place where there are others.
 *
 * Throws    as {@link look}, of a single picture
 */
export async function lookAtAll<T extends keyof PictureTasks>(
  service: Service,
  recognition: PictureWorkers,
  pictures: readonly Uint8Array[],
  task: T,
  signal: AbortSignal,
): Promise<OrFailure<PictureTasks[T]>[]> {
  const queue = service.queueOf(recognition);
  // All or none: half of a request's pictures in the queue would be work for nobody.
  queue.expectRoom(pictures.length);
  const asked = pictures.map((picture) => queue.ask(picture, task, signal));
  const results = await Promise.all(asked);
  return results.map((result) => {
    if (result.kind === "faces") return counted(service, result.photograph);
    const { error } = result;
    if (pictures.length === 1 || error.code === "INTERNAL") throw error;
    return { error: { code: error.code, message: error.message } };
  });
}

function counted<P extends { readonly faces: readonly unknown[] }>(service: Service, photograph: P): P {
  const { length } = photograph.faces;
  service.metrics.found(length);
  if (length <= service.limits.faces) return photograph;
  throw new ServiceError("TOO_LARGE", {
    where: "picture",
    expected: `at most ${service.limits.faces} faces`,
    got: length,
  });
}

/** The picture of a request that has one. Throws FaceError USAGE. */
export function onlyPicture({ pictures }: Pick<Asked, "pictures">): Uint8Array {
  const [picture] = pictures;
  if (picture) return picture;
  throw new FaceError("USAGE", { where: "picture", expected: "one", got: "none" });
}

/** A face on the wire, without its vector. */
export function found({ box, score, landmarks }: Pick<Face, "box" | "score" | "landmarks">): {
  box: { x: number; y: number; width: number; height: number };
  score: number;
  landmarks: { x: number; y: number }[];
} {
  return { box: { ...box }, score, landmarks: landmarks.map(({ x, y }) => ({ x, y })) };
}

/** The gallery of a request. Throws as {@link collectionOf}. */
export function served(service: Service, asked: { caller: Caller; params: { collection: string } }): Served {
  return collectionOf(service, asked.caller, asked.params.collection);
}

/** A change with the person as they are now. */
export async function changed(gallery: Gallery, { sequence, result }: Applied<Person>) {
  const [person] = await gallery.records.peopleWith([result.id]);
  return { sequence, person: person ?? null };
}

/** The face that a request means. */
export function choiceOf({
  face,
  faceAt,
}: {
  readonly face: "largest" | "central" | "only" | number;
  readonly faceAt?: readonly number[] | undefined;
}): FaceChoice {
  return faceAt ? { x: faceAt[0]!, y: faceAt[1]! } : face;
}
