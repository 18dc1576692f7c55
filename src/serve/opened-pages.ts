import { randomBytes } from "node:crypto";

/** Milliseconds for which an address of a page is good: a browser cannot show a key, so that the address is one. */
const GOOD_MS = 3_600_000;

/** Addresses that are good at one time; the oldest goes first. */
const MOST = 1000;

/** Pages of studies that may be looked at, by the secret in their address. They are forgotten with the process. */
export class OpenedPages {
  readonly #now: () => number;
  readonly #folders = new Map<string, { readonly folder: string; readonly until: number }>();

  /** @param now milliseconds of a clock that only goes forward */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Opens a page's folder. */
  open(folder: string): { readonly secret: string; readonly seconds: number } {
    const secret = randomBytes(24).toString("base64url");
    this.#folders.set(secret, { folder, until: this.#now() + GOOD_MS });
    if (this.#folders.size > MOST) this.#folders.delete(this.#folders.keys().next().value!);
    return { secret, seconds: GOOD_MS / 1000 };
  }

  /** The folder that a secret opens; undefined for one that is not good, or not any more. */
  folderOf(secret: string): string | undefined {
    const found = this.#folders.get(secret);
    return found && found.until > this.#now() ? found.folder : undefined;
  }
}
