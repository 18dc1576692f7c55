import { FaceError } from "../core/index.ts";

/** The address of a gallery, taken apart. */
export type GalleryAddress =
  | { readonly engine: "sqlite"; readonly path: string }
  | {
      readonly engine: "postgres";
      /** For the driver, with credentials and without what only this library reads. */
      readonly url: string;
      /** The schema that holds the gallery. */
      readonly schema: string;
      readonly search: "approximate" | "exact";
    }
  | {
      readonly engine: "milvus";
      /** `host:port`, with `https://` in front for TLS. */
      readonly endpoint: string;
      readonly user: string;
      readonly password: string;
      readonly database: string | null;
      /** Prefix of the collections; galleries of one prefix share collections and a model. */
      readonly prefix: string;
      /** The tenant whose rows of the collections are this gallery's. */
      readonly tenant: string;
      readonly index: MilvusIndexKind;
      readonly consistency: MilvusConsistency;
      /** Address of the people, faces and log; Milvus holds what searches need. */
      readonly records: string;
    };

/** Indexes that can be asked for on Milvus. */
export const MILVUS_INDEXES = ["FLAT", "IVF_FLAT", "IVF_SQ8", "HNSW", "DISKANN"] as const;
export type MilvusIndexKind = (typeof MILVUS_INDEXES)[number];

/** The levels of consistency: how soon a search on Milvus sees what was written. */
export const MILVUS_CONSISTENCIES = ["Strong", "Session", "Bounded", "Eventually"] as const;
export type MilvusConsistency = (typeof MILVUS_CONSISTENCIES)[number];

/** A name that is safe inside SQL and as a collection's name. */
const PLAIN_NAME = /^[a-z][a-z0-9_]{0,39}$/;

/**
 * Reads an address:
 *
 * - `sqlite:people.db`, or a path alone
 * - `postgres://user@host/database?gallery=people&search=exact`
 * - `milvus://host:19530/prefix?tenant=acme&index=HNSW&consistency=Strong&tls=1&records=ADDRESS`, where ADDRESS is one of
 *   the other two, with `?` and `&` as `%3F` and `%26`
 *
 * Throws    FaceError USAGE
 */
export function parseAddress(address: string): GalleryAddress {
  const scheme = /^([a-z]+):/i.exec(address)?.[1]?.toLowerCase();
  // A drive letter is no scheme.
  if (scheme === undefined || scheme.length === 1) return sqlite(address);
  if (scheme === "sqlite") return sqlite(address.slice("sqlite:".length));
  if (scheme === "postgres" || scheme === "postgresql") return postgres(urlOf(address));
  if (scheme === "milvus") return milvus(urlOf(address));
  throw new FaceError("USAGE", {
    where: "gallery",
    expected: "an address that begins with sqlite:, postgres:// or milvus://",
    got: `"${scheme}:"`,
  });
}

function sqlite(path: string): GalleryAddress {
  if (path === "")
    throw new FaceError("USAGE", { where: "gallery", expected: "a path behind sqlite:", got: "none" });
  // SQLite makes such a database in memory, or looks elsewhere than where the name says.
  if (/^(?::|file:)|\0/i.test(path))
    throw new FaceError("USAGE", {
      where: "gallery",
      expected: "the path of a file behind sqlite:",
      got: `"${path.replaceAll("\0", "\\0")}", which SQLite takes for something else`,
      note: '"./" in front makes it a path',
    });
  return { engine: "sqlite", path };
}

function urlOf(address: string): URL {
  try {
    return new URL(address);
  } catch (cause) {
    // The address may hold a password and is not repeated.
    throw new FaceError("USAGE", {
      where: "gallery",
      expected: "a URL",
      got: "something that is none",
      cause,
    });
  }
}

function postgres(url: URL): GalleryAddress {
  const schema = plain("gallery", url.searchParams.get("gallery") ?? "arcface");
  const search = oneOf("search", url.searchParams.get("search") ?? "approximate", ["approximate", "exact"]);
  url.searchParams.delete("gallery");
  url.searchParams.delete("search");
  return { engine: "postgres", url: url.href, schema, search };
}

function milvus(url: URL): GalleryAddress {
  const read = url.searchParams;
  const port = url.port || "19530";
  if (url.hostname === "")
    throw new FaceError("USAGE", { where: "gallery", expected: "milvus://host:port", got: "no host" });
  return {
    engine: "milvus",
    endpoint: `${read.get("tls") === "1" ? "https://" : ""}${url.hostname}:${port}`,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: read.get("database"),
    prefix: plain("prefix", url.pathname.slice(1) || "arcface"),
    tenant: plain("tenant", read.get("tenant") ?? "main"),
    index: oneOf("index", (read.get("index") ?? "HNSW").toUpperCase(), MILVUS_INDEXES),
    consistency: oneOf("consistency", read.get("consistency") ?? "Strong", MILVUS_CONSISTENCIES),
    records: recordsOf(read.get("records")),
  };
}

function recordsOf(address: string | null): string {
  if (address !== null && parseAddress(address).engine !== "milvus") return address;
  throw new FaceError("USAGE", {
    where: "gallery",
    expected: "milvus://…?records=sqlite:FILE or records=postgres://…, where people and the log are kept",
    got: "neither",
  });
}

function plain(what: string, name: string): string {
  if (PLAIN_NAME.test(name)) return name;
  throw new FaceError("USAGE", {
    where: "gallery",
    expected: `${what} of up to 40 lower-case letters, digits and underscores`,
    got: `"${name}"`,
  });
}

function oneOf<T extends string>(what: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new FaceError("USAGE", {
    where: "gallery",
    expected: `${what} to be one of ${allowed.join(", ")}`,
    got: `"${value}"`,
  });
}
