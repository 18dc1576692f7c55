import { FaceError } from "../core/index.ts";
import { type FetchUrl, type Form, json, ofBase64, readForm } from "./read-pictures.ts";
import type { Caller, Served, Service } from "./service.ts";
import { ServiceError } from "./service-error.ts";
import type { Limits, Role } from "./settings/index.ts";

/** A request by another system's rules. */
export interface ForeignAsked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** The body, where it is JSON. */
  readonly json: unknown;
  /** A picture by the name of its field, from a form or as base64 in JSON. Throws FaceError USAGE. */
  readonly picture: (...names: readonly string[]) => Promise<Uint8Array>;
}

/** A route of another system, answered by this one. */
export interface ForeignRoute {
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With `:name` for a part that varies. */
  readonly path: string;
  readonly role: Role;
  readonly handle: (service: Service, asked: ForeignAsked) => Promise<Response>;
  /** An error as that system words it. */
  readonly tell: (code: string, message: string, requestId: string, status: number) => object;
  /** Its status, where that system has another for the code. */
  readonly statuses?: Readonly<Record<string, number>>;
}

/** The parts of a body that other systems' clients send. */
export async function foreignBody(
  body: Uint8Array,
  type: string,
  { bodyBytes }: Pick<Limits, "bodyBytes">,
  fetchUrl: FetchUrl | undefined,
  signal: AbortSignal,
): Promise<Pick<ForeignAsked, "json" | "picture">> {
  const form: Form | undefined = /^multipart\/form-data/i.test(type) ? await readForm(body, type) : undefined;
  const value = !form && body.length > 0 ? json(body) : undefined;
  const texts = form ? form.fields : typeof value === "object" && value !== null ? value : {};
  return {
    json: value,
    picture: async (...names) => {
      for (const name of names) {
        const file = form?.files.find(({ field }) => field === name);
        if (file) return file.bytes;
        const text: unknown = Object.hasOwn(texts, name) ? Reflect.get(texts, name) : undefined;
        if (typeof text !== "string") continue;
        // A path of this machine, as such a client may send, is neither base64 nor an address.
        if (!/^https?:/i.test(text)) return ofBase64(text);
        if (fetchUrl) return await fetchUrl(text, signal, bodyBytes);
        throw new ServiceError("FORBIDDEN", {
          where: "picture",
          expected: "the picture itself",
          got: "an address",
        });
      }
      throw new FaceError("USAGE", { where: names[0]!, expected: "a picture", got: "none" });
    },
  };
}

/** The gallery that a request without its name means: the key's, else the only one, else "default". */
export function impliedGallery(service: Service, { caller }: Pick<ForeignAsked, "caller">): Served {
  const all = [...service.collections.values()];
  const found =
    caller.gallery !== null
      ? service.collections.get(caller.gallery)
      : (service.collections.get("default") ?? (all.length === 1 ? all[0] : undefined));
  if (found) return found;
  throw new ServiceError("NOT_FOUND", {
    where: "key",
    expected: "a key for one gallery of this service",
    got: "one for several or none",
  });
}
