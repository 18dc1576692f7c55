import { computed, signal } from "@preact/signals";
import { ClientError } from "../../../../../src/serve/client/index.ts";
import type { Outcome } from "../../../refusal-words.ts";
import { ask, refreshCollections } from "../../../service.ts";
import type { PlannedPerson } from "./plan.ts";

/** Pictures and bytes of one request, and requests at once. */
const PICTURES = 16;
const BYTES = 20 * 2 ** 20;
const ABREAST = 3;

/** Seconds before a service that says nothing else is asked again. */
const AGAIN_S = 2;

/** A picture on its way into the gallery. */
export interface EnrolledPicture {
  readonly id: number;
  readonly name: string;
  readonly person: string;
  readonly file: File;
  state: PictureState;
}

/** A picture's state: its outcome, or what keeps it from having one. */
export type PictureState =
  | { readonly kind: "waiting" }
  | { readonly kind: "unsent"; readonly thrown: unknown }
  | Outcome;

/** Pictures of people on their way into a gallery: bounded in number, and nothing is lost when a request fails. */
export class Enrolment {
  readonly collection: string;
  readonly pictures: readonly EnrolledPicture[];
  readonly isRunning = signal(false);
  /** Set while the service has too much to do. */
  readonly waitsSeconds = signal<number | undefined>(undefined);
  readonly #changed = signal(0);
  readonly #sequences = new Set<number>();
  /** People whom a request collided over with somebody else's change. */
  readonly #askedAgain = new Set<string>();
  #gone = new AbortController();

  constructor(collection: string, people: readonly PlannedPerson[]) {
    this.collection = collection;
    let id = 0;
    this.pictures = people.flatMap(({ name, files }) =>
      files.map(({ path, file }) => ({
        id: ++id,
        name: path,
        person: name,
        file,
        state: { kind: "waiting" } as const,
      })),
    );
  }

  /** Pictures by what became of them. */
  readonly counts = computed(() => {
    this.#changed.value;
    const counts = { waiting: 0, unsent: 0, enrolled: 0, known: 0, rejected: 0, failed: 0 };
    for (const { state } of this.pictures) counts[state.kind]++;
    return counts;
  });

  /** Pictures that were not taken, and those that could not be sent. */
  readonly refused = computed(() => {
    this.#changed.value;
    return this.pictures.filter(({ state: { kind } }) => ["unsent", "rejected", "failed"].includes(kind));
  });

  /** Sends what waits, until all is done or {@link cancel}. */
  async run(): Promise<void> {
    if (this.isRunning.value) return;
    this.isRunning.value = true;
    this.#gone = new AbortController();
    const { signal: until } = this.#gone;
    const byPerson = new Map<string, EnrolledPicture[]>();
    for (const picture of this.pictures)
      if (picture.state.kind === "waiting") {
        const own = byPerson.get(picture.person);
        if (own) own.push(picture);
        else byPerson.set(picture.person, [picture]);
      }
    const queue = [...byPerson];
    const send = async (): Promise<void> => {
      // One person's pictures go one request after the other: the first may make the person.
      for (let next = queue.shift(); next && !until.aborted; next = queue.shift())
        for (const batch of batchesOf(next[1])) if (!until.aborted) await this.#send(next[0], batch, until);
    };
    await Promise.all(Array.from({ length: ABREAST }, send));
    this.isRunning.value = false;
    this.waitsSeconds.value = undefined;
    void refreshCollections().catch(() => undefined);
  }

  /** Pictures that were not sent wait; {@link run} goes on. */
  cancel(): void {
    this.#gone.abort(new DOMException("not wanted any more", "AbortError"));
  }

  /** Sends again what could not be sent. */
  async retry(): Promise<void> {
    for (const picture of this.pictures)
      if (picture.state.kind === "unsent") picture.state = { kind: "waiting" };
    this.#changed.value++;
    await this.run();
  }

  /** Takes a picture that was refused, however its face looks. @param box x, y, width, height of the face, where it was not found */
  async take(picture: EnrolledPicture, box?: readonly number[]): Promise<void> {
    const { signal: until } = new AbortController();
    await this.#send(picture.person, [picture], until, box ? { box: [...box] } : { force: true });
    void refreshCollections().catch(() => undefined);
  }

  /** Takes back all that was added, the last first. */
  async undo(): Promise<void> {
    for (const sequence of [...this.#sequences].sort((a, b) => b - a)) {
      await ask("undo", { collection: this.collection, sequence });
      this.#sequences.delete(sequence);
      for (const picture of this.pictures)
        if (picture.state.kind === "enrolled" && picture.state.sequence === sequence)
          picture.state = { kind: "waiting" };
      this.#changed.value++;
    }
    await refreshCollections();
  }

  async #send(
    name: string,
    pictures: readonly EnrolledPicture[],
    until: AbortSignal,
    how: { readonly force?: boolean; readonly box?: number[] } = {},
  ): Promise<void> {
    try {
      const readable = await this.#readable(pictures);
      if (readable.length === 0) return;
      const outcomes = await this.#ask(name, readable, until, how);
      for (const [i, picture] of readable.entries()) {
        const state = outcomes[i]!;
        picture.state = state;
        if (state.kind === "enrolled") this.#sequences.add(state.sequence);
      }
    } catch (thrown) {
      if (until.aborted) return;
      if (thrown instanceof ClientError && thrown.status === 413 && pictures.length > 1) {
        const half = Math.ceil(pictures.length / 2);
        await this.#send(name, pictures.slice(0, half), until, how);
        await this.#send(name, pictures.slice(half), until, how);
        return;
      }
      for (const picture of pictures) picture.state = { kind: "unsent", thrown };
    } finally {
      this.#changed.value++;
    }
  }

  /** Those whose files are still there; a request with one that is not would fail as if the service were gone. */
  async #readable(pictures: readonly EnrolledPicture[]): Promise<EnrolledPicture[]> {
    const readable: EnrolledPicture[] = [];
    for (const picture of pictures)
      await picture.file
        .slice(0, 1)
        .arrayBuffer()
        .then(
          () => readable.push(picture),
          () => {
            const thrown = new Error(
              "The file cannot be read any more: it was changed, moved or taken away.",
            );
            picture.state = { kind: "unsent", thrown };
          },
        );
    return readable;
  }

  async #ask(
    name: string,
    pictures: readonly EnrolledPicture[],
    until: AbortSignal,
    how: { readonly force?: boolean; readonly box?: number[] },
  ): Promise<readonly Outcome[]> {
    const { collection } = this;
    const files = pictures.map(({ file }) => file);
    for (;;) {
      try {
        const { persons } = await ask("persons", { collection, name }, { signal: until });
        const [person] = persons;
        const answer = person
          ? await ask(
              "addFaces",
              { collection, person: person.id, pictures: files, ...how },
              { signal: until },
            )
          : await ask("createPerson", { collection, name, pictures: files, ...how }, { signal: until });
        this.waitsSeconds.value = undefined;
        return answer.pictures;
      } catch (thrown) {
        if (!(thrown instanceof ClientError)) throw thrown;
        // Somebody made, renamed or merged the person in between; or the service has too much to do.
        const { status, retryAfter } = thrown;
        if (status === 503 || status === 429) {
          this.waitsSeconds.value = retryAfter ?? AGAIN_S;
          await sleep((retryAfter ?? AGAIN_S) * 1000, until);
        } else if (status !== 409 && status !== 404) throw thrown;
        else if (this.#isAsBefore(name, thrown)) throw thrown;
      }
    }
  }

  /** True if asking again would be refused again. */
  #isAsBefore(name: string, { code }: ClientError): boolean {
    if (code === "MODEL_MISMATCH" || code === "NOT_FOUND") return true;
    if (this.#askedAgain.has(name)) return true;
    this.#askedAgain.add(name);
    return false;
  }
}

/** The pictures on their way, if any: they go on while other screens are looked at. */
export const enrolment = signal<Enrolment | undefined>(undefined);

function batchesOf(pictures: readonly EnrolledPicture[]): EnrolledPicture[][] {
  const batches: EnrolledPicture[][] = [];
  let bytes = 0;
  for (const picture of pictures) {
    const last = batches.at(-1);
    if (last && last.length < PICTURES && bytes + picture.file.size <= BYTES) last.push(picture);
    else {
      batches.push([picture]);
      bytes = 0;
    }
    bytes += picture.file.size;
  }
  return batches;
}

async function sleep(ms: number, until: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    setTimeout(resolve, ms);
    until.addEventListener("abort", () => reject(until.reason as Error), { once: true });
  });
}
