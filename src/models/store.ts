import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { FaceError, nearestName, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { defaultCacheFolder, lockAmongProcesses } from "../registry/index.ts";
import { acceptLicences, wasAccepted } from "./accepted-licences.ts";
import type { CardFile, ModelCard } from "./card.ts";
import { BUILT_IN_CARDS } from "./cards.ts";
import { fetchFiles, groupBySource, sourceKey } from "./fetch-files.ts";
import { sha256, sha256OfFile } from "./sha256.ts";
import { makeFolder, storageError, writeStored } from "./store-folder.ts";

/** State of one file of a card in the store. */
export type FileState = "present" | "missing" | "damaged";

/** The store's knowledge about one card. */
export interface StoredModel {
  readonly card: ModelCard;
  readonly files: readonly { readonly name: string; readonly path: string; readonly state: FileState }[];
  /** True if no licence forbids a use, or it was accepted. */
  readonly accepted: boolean;
}

/** Folder of the store and the cards that it knows. */
export interface ModelStoreOptions {
  /** Folder for downloads. @default the platform's cache folder for "arcface" */
  readonly home?: string | undefined;
  /** Cards beyond the built-in ones. */
  readonly cards?: readonly ModelCard[];
}

/**
 * Model files on disk: downloaded once, held against their checksums, written whole or not at all.
 *
 * Any number of processes may share one folder; the first one that needs a file downloads it, the others wait.
 *
 * ```ts
 * import { ModelStore, Recognizer } from "arcface-ts";
 *
 * const store = new ModelStore({ home: "/var/lib/arcface" });
 * await store.pull("fr-feature-512");
 * await using recognizer = await Recognizer.open({ store, model: "fr-feature-512" });
 * ```
 */
export class ModelStore {
  readonly home: string;
  readonly #cards: ReadonlyMap<string, ModelCard>;
  /** Files whose checksum was right when this process first used them. */
  readonly #verified = new Set<string>();

  constructor(options: ModelStoreOptions = {}) {
    this.home = options.home ?? defaultCacheFolder();
    this.#cards = new Map([...BUILT_IN_CARDS, ...(options.cards ?? [])].map((card) => [card.id, card]));
  }

  cards(): ModelCard[] {
    return [...this.#cards.values()];
  }

  /**
   * @param task the cards that would do, for the sentence: a detector is no answer to a mistyped embedder
   * Throws    FaceError MODEL_UNKNOWN with the ids there are and the nearest of them, if one is near
   */
  card(id: string, task?: ModelCard["task"]): ModelCard {
    const card = this.#cards.get(id);
    if (card) return card;
    const ids = this.cards()
      .filter((each) => task === undefined || each.task === task)
      .map((each) => each.id);
    const near = nearestName(id, ids);
    const file = task === "embed" ? ", or a file of weights" : "";
    const where = task === undefined ? "models" : task === "embed" ? "model" : "detector";
    throw new FaceError("MODEL_UNKNOWN", {
      where,
      expected: `one of ${ids.join(", ")}${file}`,
      got: `"${id}"`,
      note: near && `did you mean "${near}"?`,
    });
  }

  /** The cards whose files a model consists of: those of a fusion's networks, or its own. Throws FaceError MODEL_UNKNOWN. */
  partsOf(id: string): ModelCard[] {
    const card = this.card(id);
    return card.task === "fusion" ? card.networks.map((network) => this.card(network)) : [card];
  }

  /** A card with the state of its files. @param verify read the files, rather than looking at their sizes */
  async inspect(id: string, verify = false): Promise<StoredModel> {
    const card = this.card(id);
    const files = await Promise.all(
      this.partsOf(id).flatMap((part) =>
        part.files.map(async (file) => {
          const path = this.#pathOf(part, file);
          return { name: file.name, path, state: await stateOf(path, file, verify) };
        }),
      ),
    );
    return { card, files, accepted: await this.#isAccepted(card) };
  }

  /**
   * Paths of a card's files by name, after downloading what is missing and checking what is there.
   *
   * Throws    FaceError LICENCE, NETWORK, MODEL_DAMAGED, STORAGE, ABORTED
   */
  async pull(id: string, options: WorkOptions = {}): Promise<ReadonlyMap<string, string>> {
    const card = this.card(id);
    if (card.task === "checkpoint") {
      throw new FaceError("USAGE", {
        where: card.id,
        expected: "a model that can be downloaded",
        got: "one that cannot",
        note: card.source.instructions,
      });
    }
    await this.requireLicence(card);
    if (card.task === "fusion") {
      const files: [string, string][] = [];
      for (const network of card.networks) files.push(...(await this.pull(network, options)));
      return new Map(files);
    }
    const missing = await this.#missing(card);
    if (missing.length > 0) await this.#download(card, options);
    for (const file of card.files) await this.#verifyOnce(card, file);
    return new Map(card.files.map((file) => [file.name, this.#pathOf(card, file)]));
  }

  /**
   * Takes a card's file from somewhere else on this machine, if its bytes are right.
   *
   * Throws    FaceError MODEL_DAMAGED when they are not, STORAGE
   */
  async add(id: string, path: string): Promise<void> {
    const parts = this.partsOf(id).flatMap((card) => card.files.map((file) => ({ card, file })));
    const data = await readFile(path).catch((cause: unknown) => {
      throw new FaceError("BAD_FILE", { where: path, expected: "a readable file", cause });
    });
    const digest = sha256(data);
    const part = parts.find(({ file }) => file.sha256 === digest);
    if (!part) {
      throw new FaceError("MODEL_DAMAGED", {
        where: path,
        expected: `a file of ${id} (sha256 ${parts.map(({ file }) => file.sha256).join(", ")})`,
        got: digest,
      });
    }
    await this.#write(part.card, part.file, data);
  }

  /** Deletes a card's files. What is not there is no error. Throws FaceError USAGE for a fusion, which has no files of its own. */
  async remove(id: string): Promise<void> {
    const card = this.card(id);
    if (card.task === "fusion") {
      throw new FaceError("USAGE", {
        where: id,
        expected: "a model with files of its own",
        got: `a fusion of ${card.networks.join(" and ")}`,
        note: "remove these",
      });
    }
    await rm(join(this.home, "models", card.id), { recursive: true, force: true });
    for (const file of card.files) this.#verified.delete(this.#pathOf(card, file));
  }

  /** Throws FaceError LICENCE for a card whose licence forbids a use and was not accepted. */
  async requireLicence(card: ModelCard): Promise<void> {
    if (card.task === "fusion") {
      for (const part of this.partsOf(card.id)) await this.requireLicence(part);
      return;
    }
    if (!(await this.#isAccepted(card))) {
      throw new FaceError("LICENCE", {
        where: card.id,
        expected: `its licence ${card.licence.id} to be accepted`,
        got: "no acceptance",
        note: `${card.licence.note} If your use is covered: --accept-licence ${card.id}`,
      });
    }
  }

  /** Records that this user accepts a card's licence. Once is enough. */
  async acceptLicence(id: string): Promise<void> {
    await acceptLicences(this.home, this.partsOf(id));
  }

  async #download(card: ModelCard, options: WorkOptions): Promise<void> {
    const release = await this.#lock(card);
    try {
      // Another process may have finished while this one waited.
      const missing = await this.#missing(card);
      for (const [reference, files] of groupBySource(missing)) {
        const others = await this.#othersOf(reference, card);
        const data = await fetchFiles(reference, [...files, ...others.map(({ file }) => file)], options);
        for (const other of others) await this.#keepOther(other, data.get(other.file.name));
        for (const file of files) {
          const bytes = data.get(file.name);
          if (!bytes || bytes.length !== file.bytes || sha256(bytes) !== file.sha256) {
            throw new FaceError("MODEL_DAMAGED", {
              where: card.id,
              expected: `${file.name} with sha256 ${file.sha256}`,
              got: "other bytes",
              note: "nothing was kept",
            });
          }
          throwIfAborted(options.signal);
          await this.#write(card, file, bytes);
        }
      }
    } finally {
      await release();
    }
  }

  /** Files of other cards in the same download: it is large, and they are likely to be wanted next. */
  async #othersOf(reference: string, card: ModelCard): Promise<{ card: ModelCard; file: CardFile }[]> {
    const others: { card: ModelCard; file: CardFile }[] = [];
    for (const other of this.cards()) {
      if (other.id === card.id || !(await this.#isAccepted(other))) continue;
      for (const file of await this.#missing(other)) {
        if (sourceKey(file.source) === reference) others.push({ card: other, file });
      }
    }
    return others;
  }

  async #keepOther({ card, file }: { card: ModelCard; file: CardFile }, bytes: Uint8Array | undefined) {
    if (bytes?.length === file.bytes && sha256(bytes) === file.sha256) await this.#write(card, file, bytes);
  }

  async #lock(card: ModelCard): Promise<() => Promise<void>> {
    const folder = join(this.home, "models");
    await makeFolder(folder);
    try {
      return await lockAmongProcesses(join(folder, card.id));
    } catch (cause) {
      throw storageError(folder, cause);
    }
  }

  async #missing(card: ModelCard): Promise<CardFile[]> {
    const states = await Promise.all(
      card.files.map((file) => stateOf(this.#pathOf(card, file), file, false)),
    );
    return card.files.filter((_, i) => states[i] !== "present");
  }

  async #verifyOnce(card: ModelCard, file: CardFile): Promise<void> {
    const path = this.#pathOf(card, file);
    if (this.#verified.has(path)) return;
    if ((await stateOf(path, file, true)) !== "present") {
      throw new FaceError("MODEL_DAMAGED", {
        where: path,
        expected: `sha256 ${file.sha256}`,
        got: "other bytes",
        note: `run "arcface models remove ${card.id}" and "arcface models pull ${card.id}"`,
      });
    }
    this.#verified.add(path);
  }

  async #write(card: ModelCard, file: CardFile, data: Uint8Array): Promise<void> {
    await makeFolder(join(this.home, "models", card.id));
    await writeStored(this.home, this.#pathOf(card, file), data);
    this.#verified.add(this.#pathOf(card, file));
  }

  #pathOf(card: ModelCard, file: CardFile): string {
    return join(this.home, "models", card.id, file.name);
  }

  async #isAccepted(card: ModelCard): Promise<boolean> {
    if (card.task === "fusion") {
      const parts = await Promise.all(this.partsOf(card.id).map((part) => this.#isAccepted(part)));
      return parts.every(Boolean);
    }
    return card.licence.commercial !== "forbidden" || (await wasAccepted(this.home, card));
  }
}

async function stateOf(path: string, file: CardFile, verify: boolean): Promise<FileState> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return "missing";
  if (found.size !== file.bytes) return "damaged";
  if (!verify) return "present";
  return (await sha256OfFile(path)) === file.sha256 ? "present" : "damaged";
}
