import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { FaceError, parseJson, readText, systemCode } from "../../core/index.ts";
import { lockAmongProcesses } from "../../registry/index.ts";
import { ROLES, type Role } from "./roles.ts";

const KeySchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9]{8}$/),
  role: z.enum(ROLES),
  /** The only gallery it is for; null for all. */
  gallery: z.string().nullable(),
  created: z.string(),
  expires: z.string().nullable(),
  revoked: z.string().nullable(),
  /** Of the secret, 64 hexadecimal digits. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** A key as it is kept: the secret itself is not. */
export type KeptKey = z.infer<typeof KeySchema>;

const FileSchema = z.strictObject({
  magic: z.literal("arcface-keys"),
  version: z.literal(1),
  keys: z.array(KeySchema).max(100_000),
});

/** When each key was used last, by its id; a file of its own, so that the service never writes the keys. */
const UsedSchema = z.record(z.string(), z.string());

/** A key that was just made, with the secret that is shown once. */
export interface CreatedKey {
  readonly key: KeptKey;
  readonly secret: string;
}

/** A key with when it was used last. */
export interface ListedKey extends Omit<KeptKey, "sha256"> {
  readonly lastUse: string | null;
}

/** The number of times that the file is looked at for keys that were made or revoked, and last uses are written, in milliseconds. */
const LOOK_MS = 1000;
const USED_MS = 60_000;

const BYTES = 32;

/**
 * Keys in one file. A key is `afk_ID_SECRET`, whose secret is 256 bits of chance: no list of guesses can hold it, so one
 * SHA-256 keeps it as safe as a slow hash would, and costs a request microseconds.
 *
 * The command line makes and revokes keys while services read the file.
 */
export class KeyRing {
  readonly path: string;
  readonly #clock: () => Date;
  #keys = new Map<string, KeptKey>();
  #read: string | undefined;
  #looked = Number.NEGATIVE_INFINITY;
  readonly #used = new Map<string, string>();
  #usedWritten: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, clock: () => Date) {
    this.path = path;
    this.#clock = clock;
    this.#usedWritten = clock().getTime();
  }

  /** Reads a file of keys; one that is not there holds none. Throws FaceError BAD_FILE. */
  static async open(path: string, clock: () => Date): Promise<KeyRing> {
    const ring = new KeyRing(resolve(path), clock);
    await ring.#look();
    return ring;
  }

  /** Makes a key. Its secret is in the result and nowhere else. Throws FaceError STORAGE. */
  async create(options: {
    readonly role: Role;
    readonly gallery?: string | undefined;
    readonly expires?: Date | undefined;
  }): Promise<CreatedKey> {
    const id = randomBytes(8).toString("hex").slice(0, 8);
    const hidden = randomBytes(BYTES).toString("base64url");
    const key: KeptKey = {
      id,
      role: options.role,
      gallery: options.gallery ?? null,
      created: this.#clock().toISOString(),
      expires: options.expires?.toISOString() ?? null,
      revoked: null,
      sha256: digestOf(hidden).toString("hex"),
    };
    await this.#change((keys) => [...keys, key]);
    return { key, secret: `afk_${id}_${hidden}` };
  }

  /** Revokes a key for good. Throws FaceError USAGE for one that there is not, STORAGE. */
  async revoke(id: string): Promise<void> {
    await this.#change((keys) => {
      if (!keys.some((key) => key.id === id))
        throw new FaceError("USAGE", {
          where: "keys revoke",
          expected: 'an id as "keys list" shows it',
          got: JSON.stringify(id.slice(0, 40)),
        });
      const now = this.#clock().toISOString();
      return keys.map((key) => (key.id === id ? { ...key, revoked: key.revoked ?? now } : key));
    });
  }

  /** All keys in order of their making. */
  async list(): Promise<ListedKey[]> {
    await this.#look();
    const used = await this.#readUsed();
    return [...this.#keys.values()].map(({ sha256: _, ...key }) => ({
      ...key,
      lastUse: this.#used.get(key.id) ?? used[key.id] ?? null,
    }));
  }

  /** Tells whether a key could be used now. */
  async hasValid(): Promise<boolean> {
    await this.#look();
    return [...this.#keys.values()].some((key) => this.#isValid(key));
  }

  /** The key of a secret; undefined for one that is none, was revoked or has expired. */
  async find(secret: string): Promise<KeptKey | undefined> {
    const now = this.#clock().getTime();
    await this.#lookNowAndThen();
    const [, id, hidden] = /^afk_([a-z0-9]{8})_([A-Za-z0-9_-]{43})$/.exec(secret) ?? [];
    const key = id === undefined ? undefined : this.#keys.get(id);
    // As long for an id that nobody has.
    const right = timingSafeEqual(digestOf(hidden ?? ""), Buffer.from(key?.sha256 ?? "0".repeat(64), "hex"));
    if (!key || !right || !this.#isValid(key)) return undefined;
    this.#used.set(key.id, new Date(now).toISOString());
    if (Math.abs(now - this.#usedWritten) >= USED_MS) {
      this.#usedWritten = now;
      this.#writing = this.writeUsed().catch(() => undefined);
    }
    return key;
  }

  /** Writes down when keys were used last; a later use by another service stays. Throws FaceError STORAGE. */
  async writeUsed(): Promise<void> {
    if (this.#used.size === 0) return;
    await this.#locked(async () => {
      const used = await this.#readUsed();
      for (const [id, at] of this.#used) if (at > (used[id] ?? "")) used[id] = at;
      await write(this.#usedPath, used);
    });
  }

  /** Writes last uses down, where that can be done, and ends. */
  async close(): Promise<void> {
    await this.#writing;
    // Keys in a folder that the service only reads are none of its mistakes.
    await this.writeUsed().catch(() => undefined);
  }

  get #usedPath(): string {
    return `${this.path}.used.json`;
  }

  #isValid({ revoked, expires }: KeptKey): boolean {
    return revoked === null && (expires === null || expires > this.#clock().toISOString());
  }

  async #readUsed(): Promise<Record<string, string>> {
    const text = await textOf(this.#usedPath);
    if (text === undefined) return {};
    try {
      return UsedSchema.parse(parseJson(text));
    } catch {
      // It only says when, and is written anew.
      return {};
    }
  }

  async #lookNowAndThen(): Promise<void> {
    // Also when the clock was put back: a key that was revoked would stay good until it comes by again.
    if (Math.abs(this.#clock().getTime() - this.#looked) >= LOOK_MS) await this.#look();
  }

  async #look(): Promise<void> {
    this.#looked = this.#clock().getTime();
    const found = await stat(this.path).catch(() => undefined);
    const state = found && `${found.mtimeMs} ${found.size} ${found.ino}`;
    if (state !== undefined && state === this.#read) return;
    const text = await textOf(this.path);
    this.#keys = new Map(text === undefined ? [] : parse(this.path, text).map((key) => [key.id, key]));
    this.#read = state;
  }

  async #change(change: (keys: readonly KeptKey[]) => readonly KeptKey[]): Promise<void> {
    await this.#locked(async () => {
      const text = await textOf(this.path);
      const keys = change(text === undefined ? [] : parse(this.path, text));
      await write(this.path, { magic: "arcface-keys", version: 1, keys });
    });
    this.#read = undefined;
    await this.#look();
  }

  async #locked(work: () => Promise<void>): Promise<void> {
    try {
      await mkdir(dirname(this.path), { recursive: true });
      const release = await lockAmongProcesses(this.path);
      try {
        await work();
      } finally {
        await release();
      }
    } catch (cause) {
      if (cause instanceof FaceError) throw cause;
      throw new FaceError("STORAGE", { where: this.path, expected: "to write keys", cause });
    }
  }
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readText(path, 2 ** 26);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw new FaceError("BAD_FILE", { where: path, expected: "keys", cause });
  }
}

function parse(path: string, text: string): readonly KeptKey[] {
  try {
    return FileSchema.parse(parseJson(text)).keys;
  } catch (cause) {
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: 'keys as "serve keys create" writes them',
      got: "another file",
      cause,
    });
  }
}

/** Whole or not at all, and for its owner only. */
async function write(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
  await chmod(path, 0o600);
}
