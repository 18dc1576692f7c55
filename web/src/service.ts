import { computed, effect, signal } from "@preact/signals";
import {
  type ClientAnswer,
  ClientError,
  type ClientInput,
  createClient,
  type EndpointName,
} from "../../src/serve/client/index.ts";
import { param } from "./address.ts";

export type { ClientAnswer } from "../../src/serve/client/index.ts";

/*
 * The one way to the service: its typed client, with the key of whoever sits here, and with what a page has to say about
 * a service that wants a key or does not answer.
 */

/** The name under which this tab alone keeps the key; it is gone when the tab is closed, and never in an address. */
const KEPT = "arcface-key";

/** Milliseconds between questions to a service that does not answer. */
const AGAIN_MS = 1500;

/** Times that a service which asks to be asked again is asked, and the longest wait in seconds. */
const TRIES = 4;
const LONGEST_WAIT = 10;

/** The key that goes with every question. */
export const key = signal<string | undefined>(sessionStorage.getItem(KEPT) ?? undefined);

/** Set while the service wants another key than it got; the reason in words. */
export const wantsKey = signal<string | undefined>(undefined);

/** True while the service does not answer at all. */
export const isOffline = signal(false);

effect(() => {
  if (key.value === undefined) sessionStorage.removeItem(KEPT);
  else sessionStorage.setItem(KEPT, key.value);
});

const client = computed(() => createClient({ url: location.origin, key: key.value }));

/** Questions that change nothing: they are asked again by themselves once the service answers. */
const READS: ReadonlySet<EndpointName> = new Set<EndpointName>([
  "model",
  "detect",
  "embed",
  "judge",
  "occlusion",
  "who",
  "compare",
  "identify",
  "search",
  "collections",
  "collection",
  "log",
  "jobs",
  "job",
  "jobResult",
  "openPage",
  "folders",
  "persons",
  "person",
  "faces",
  "portrait",
  "portraits",
  "crop",
  "verify",
  "questions",
  "changes",
  "crops",
  "weakest",
]);

/**
 * Asks the service. Waits for a key where one is wanted.
 *
 * Throws    ClientError for what it refuses; TypeError where it does not answer; what the signal says
 */
export async function ask<N extends EndpointName>(
  name: N,
  input: ClientInput<N>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ClientAnswer<N>> {
  const { signal: until } = options;
  for (let tries = 1; ; tries++) {
    const used = key.value;
    try {
      const answer = (await client.value[name](input, options)) as ClientAnswer<N>;
      isOffline.value = false;
      return answer;
    } catch (thrown) {
      until?.throwIfAborted();
      if (thrown instanceof ClientError) {
        isOffline.value = false;
        if (thrown.status === 401) {
          await anotherKey(used, until);
          continue;
        }
        const { retryAfter } = thrown;
        if (retryAfter === undefined || tries >= TRIES || retryAfter > LONGEST_WAIT) throw thrown;
        await sleep(retryAfter * 1000, until);
      } else if (thrown instanceof TypeError) {
        watchForAnswer();
        if (!READS.has(name)) throw thrown;
        await change(isOffline, (offline) => !offline, until);
      } else throw thrown;
    }
  }
}

/** Takes the key that somebody typed; the questions that wait for one are asked with it. */
export function useKey(typed: string): void {
  key.value = typed.trim() === "" ? undefined : typed.trim();
  wantsKey.value = undefined;
}

async function anotherKey(used: string | undefined, until: AbortSignal | undefined): Promise<void> {
  if (key.value === used)
    wantsKey.value =
      used === undefined
        ? "This service answers those who have a key."
        : "The service does not take this key: it is another's, was revoked, or has expired.";
  await change(wantsKey, (wanted) => wanted === undefined, until);
}

let watching = false;

/** Asks whether the service is there again, until it is. */
function watchForAnswer(): void {
  isOffline.value = true;
  if (watching) return;
  watching = true;
  const look = async (): Promise<void> => {
    const answers = await fetch("/healthz", { cache: "no-store" }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers || !isOffline.value) {
      watching = false;
      isOffline.value = false;
    } else setTimeout(() => void look(), AGAIN_MS);
  };
  setTimeout(() => void look(), AGAIN_MS);
}

/** Waits until a signal's value is as wanted. */
async function change<T>(
  of: { readonly value: T },
  wanted: (value: T) => boolean,
  until: AbortSignal | undefined,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    until?.addEventListener("abort", () => reject(until.reason as Error), { once: true });
    const stop = effect(() => {
      if (!wanted(of.value)) return;
      resolve();
      // The first run comes before there is anything to stop.
      queueMicrotask(() => stop());
    });
  });
}

async function sleep(ms: number, until: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    setTimeout(resolve, ms);
    until?.addEventListener("abort", () => reject(until.reason as Error), { once: true });
  });
}

/** A failure as a person reads it. */
export function sentenceOf(thrown: unknown): string {
  if (thrown instanceof ClientError) {
    const { message, status, requestId } = thrown;
    const sentence = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}`;
    return status === 500 && requestId !== undefined ? `${sentence} (${requestId}).` : `${sentence}.`;
  }
  if (thrown instanceof TypeError) return "The service does not answer. Is it still running?";
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The galleries that are served; undefined until the service has said so. */
export const collections = signal<ClientAnswer<"collections">["collections"] | undefined>(undefined);

/** Asks anew which galleries there are, and how large they are. */
export async function refreshCollections(): Promise<void> {
  collections.value = (await ask("collections", {})).collections;
}

/** The gallery that the screens work on: the one in the address, else the first; undefined where none is served. */
export const gallery = computed<string | undefined>(() => {
  const all = collections.value ?? [];
  const wanted = param("gallery");
  return (all.find(({ name }) => name === wanted) ?? all[0])?.name;
});
