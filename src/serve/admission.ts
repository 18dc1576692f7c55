import type { Caller } from "./service.ts";
import { ServiceError, stoppingError } from "./service-error.ts";
import { type KeyRing, RateLimit, ROLES, type Role } from "./settings/index.ts";

/** Whoever asks a service without keys; no key has this id. */
const LOCAL = "local";

/** Those who may ask, and how often. */
export interface AdmissionOptions {
  readonly keys?: Pick<KeyRing, "find"> | undefined;
  readonly origins?: readonly string[] | undefined;
  readonly requestsPerSecond: number;
  readonly now: () => number;
  readonly isStopping: () => boolean;
}

/** The door: a request's caller, looked at before its body is read. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #rates: RateLimit;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#rates = new RateLimit(options.requestsPerSecond, options.now);
  }

  /** The caller, when they may ask. Throws ServiceError UNAUTHORIZED, FORBIDDEN, TOO_MANY_REQUESTS, STOPPING. */
  async admit(request: Request, role: Role, collection: string | undefined): Promise<Caller> {
    const caller = await this.#callerOf(request);
    if (ROLES.indexOf(caller.role) < ROLES.indexOf(role))
      throw new ServiceError("FORBIDDEN", { where: "key", expected: `the role ${role}`, got: caller.role });
    if (collection !== undefined && caller.gallery !== null && caller.gallery !== collection)
      throw new ServiceError("FORBIDDEN", {
        where: "key",
        expected: "a key for this gallery",
        got: "one for another",
      });
    if (caller.id !== LOCAL) this.#rates.take(caller.id);
    if (this.#options.isStopping()) throw stoppingError();
    return caller;
  }

  /** Finds out who asks. Throws ServiceError UNAUTHORIZED, FORBIDDEN. */
  async #callerOf(request: Request): Promise<Caller> {
    const { keys, origins = [] } = this.#options;
    if (!keys) {
      expectOwnMachine(request, origins);
      return { id: LOCAL, role: "admin", gallery: null };
    }
    const secret = secretOf(request);
    const key = await keys.find(secret ?? "");
    if (key) return key;
    throw new ServiceError(
      "UNAUTHORIZED",
      {
        where: "key",
        expected: 'a valid key in "Authorization: Bearer …" or "x-api-key"',
        got: secret === undefined ? "none" : "one that is unknown, revoked or expired",
      },
      {
        "WWW-Authenticate": "Bearer",
      },
    );
  }
}

function secretOf({ headers }: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? headers.get("x-api-key") ?? undefined;
}

/** Headers that proxies add to requests of others. */
const FORWARDED = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/**
 * Without keys the service is this machine's own: a page of another origin in somebody's browser is not, nor a name of the
 * internet that was pointed here, nor whoever comes through a proxy.
 *
 * Throws    ServiceError FORBIDDEN
 */
function expectOwnMachine(request: Request, origins: readonly string[]): void {
  const { hostname, origin: own } = new URL(request.url);
  if (!/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname))
    throw new ServiceError("FORBIDDEN", {
      where: "host",
      expected: "localhost or 127.0.0.1 of a service without keys",
      got: "another name",
    });
  if (FORWARDED.some((name) => request.headers.has(name)))
    throw new ServiceError("FORBIDDEN", {
      where: "proxy",
      expected: "requests of this machine's own, of a service without keys",
      got: "one that was passed on",
      note: "behind a proxy a service needs keys: --keys FILE",
    });
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== own && !origins.includes(origin))
    throw new ServiceError("FORBIDDEN", {
      where: "origin",
      expected: "no page of another origin",
      got: "one",
      note: "--origin names those that may ask",
    });
}
