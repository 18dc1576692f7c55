import { lookup as resolveName } from "node:dns";
import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { FaceError, reasonOf } from "../core/index.ts";
import { ServiceError } from "./service-error.ts";

/**
 * Networks that a picture is never fetched from: this machine, private and link-local ones with the clouds' metadata in
 * them, and what is no host at all.
 *
 * Source    IANA's registries of special-purpose addresses for IPv4 and IPv6
 */
const CLOSED = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const)
  CLOSED.addSubnet(network, bits, "ipv4");
/** Only global unicast is open, and of it not what is a tunnel to an IPv4 address or a document's example. */
const OPEN6 = new BlockList();
OPEN6.addSubnet("2000::", 3, "ipv6");
for (const [network, bits] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const)
  CLOSED.addSubnet(network, bits, "ipv6");

/** Tells whether an address, as it is connected to, is one of the open internet's. */
export function isOpenAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, "");
  const family = isIP(bare);
  if (family === 4) return !CLOSED.check(bare, "ipv4");
  if (family !== 6) return false;
  // An IPv4 address in IPv6's clothes (::ffff:0:0/96, and 64:ff9b::/96 of translators) is not in 2000::/3.
  return OPEN6.check(bare, "ipv6") && !CLOSED.check(bare, "ipv6");
}

/** Resolves a name to addresses; Node's own unless a test says otherwise. */
export type ResolveName = (
  name: string,
  done: (
    error: Error | null,
    addresses: readonly { readonly address: string; readonly family: number }[],
  ) => void,
) => void;

const systemNames: ResolveName = (name, done) => {
  resolveName(name, { all: true }, (error, addresses) => done(error, addresses ?? []));
};

/** Limits and rules for fetching a picture. */
export interface FetchOptions {
  readonly bytes: number;
  readonly ms: number;
  readonly signal: AbortSignal;
  readonly resolve?: ResolveName | undefined;
  /** For tests, whose servers are on this machine. */
  readonly isOpen?: ((address: string) => boolean) | undefined;
}

const REDIRECTS = 3;

/**
 * The bytes behind an address of the web. The address that a name stands for is looked at by the very connection that is
 * made, so neither a redirect nor a name server that answers differently the second time leads inside.
 *
 * Throws    ServiceError FORBIDDEN for an address inside, TOO_LARGE; FaceError USAGE, NETWORK
 */
export async function fetchPicture(address: string, options: FetchOptions): Promise<Uint8Array> {
  let url = urlOf(address);
  for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
    const found = await get(url, options);
    if (found instanceof Uint8Array) return found;
    url = urlOf(found.location, url);
  }
  throw unreachable(`at most ${REDIRECTS} redirects`, "more");
}

function urlOf(address: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(address, base);
  } catch {
    throw new FaceError("USAGE", { where: "url", expected: "an address of the web", got: "something else" });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new FaceError("USAGE", {
      where: "url",
      expected: "http: or https:",
      got: url.protocol.slice(0, 20),
    });
  if (url.username !== "" || url.password !== "")
    throw new FaceError("USAGE", { where: "url", expected: "no name and password", got: "some" });
  return url;
}

async function get(url: URL, options: FetchOptions): Promise<Uint8Array | { readonly location: string }> {
  const { isOpen = isOpenAddress, resolve = systemNames } = options;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // An address needs no name server: nothing would look at it on the way.
  if (isIP(host) !== 0 && !isOpen(host)) throw closed();
  // Every machine's own by RFC 6761, whatever a name server makes of it.
  if (/(?:^|\.)localhost\.?$/i.test(host)) throw closed();
  const lookup: LookupFunction = (name, { all }, done) => {
    resolve(name, (error, addresses) => {
      const open = addresses.filter((each) => isOpen(each.address));
      if (error) return done(error, "", 4);
      // One address inside is enough: no name of the open internet has any.
      if (open.length === 0 || open.length < addresses.length) return done(closed(), "", 4);
      if (all) return done(null, open as { address: string; family: number }[]);
      done(null, open[0]!.address, open[0]!.family);
    });
  };
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.ms)]);
  const request = url.protocol === "https:" ? overHttps : overHttp;
  return await new Promise((settle, fail) => {
    const asked = request(
      url,
      { lookup, signal, agent: false, headers: { Accept: "image/*", "User-Agent": "arcface" } },
      (response) => {
        const { statusCode = 0, headers } = response;
        if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
          response.destroy();
          return settle({ location: headers.location });
        }
        if (statusCode !== 200) {
          response.destroy();
          return fail(unreachable("200", String(statusCode)));
        }
        const parts: Buffer[] = [];
        let total = 0;
        response.on("data", (part: Buffer) => {
          total += part.length;
          if (total > options.bytes) {
            response.destroy();
            fail(
              new ServiceError("TOO_LARGE", {
                where: "url",
                expected: `at most ${options.bytes} bytes`,
                got: "more",
              }),
            );
          } else parts.push(part);
        });
        response.on("end", () => settle(Buffer.concat(parts, total)));
        response.on("error", (error) => fail(unreachable("a whole answer", reasonOf(error))));
      },
    );
    asked.on("error", (error) => {
      if (error instanceof ServiceError) fail(error);
      else fail(unreachable("an answer", "code" in error ? String(error.code) : "none"));
    });
    asked.end();
  });
}

function closed(): ServiceError {
  return new ServiceError("FORBIDDEN", {
    where: "url",
    expected: "an address of the open internet",
    got: "one inside",
  });
}

function unreachable(expected: string, got: string): FaceError {
  return new FaceError("NETWORK", { where: "url", expected, got });
}
