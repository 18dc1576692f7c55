import { type Gallery, isUnknownName, type LogEntry, type Person } from "../gallery/index.ts";
import { type FaceToAsk, type GroupToAsk, type Question, Questions, type Said } from "./questions.ts";

/** Faces and changes in one question to the gallery. */
const PAGE = 1000;
/** Faces of each side that are named in a question; there may be more. */
const SHOWN = 12;

/** One side of a question. */
export interface QuestionSide {
  readonly person: Person;
  /** True if nobody gave the person a name yet. */
  readonly unknown: boolean;
  /** Faces to show, the one first that is most like the others. */
  readonly faces: readonly number[];
  /** The number of the side's faces. */
  readonly count: number;
}

/** A question about a gallery's people. */
export interface GalleryQuestion {
  /** "who": is somebody without a name somebody who has one; "merge": are two people one; "split": is one person two. */
  readonly kind: "who" | "merge" | "split";
  /** The two that an answer is kept of. */
  readonly faces: readonly [number, number];
  readonly sides: readonly [QuestionSide, QuestionSide];
  /** Of "split": the faces that leave when it is two people. */
  readonly leaving: readonly number[] | null;
  readonly cosine: number;
  readonly likelihood: number;
  readonly pairs: number;
  readonly gain: number;
}

/**
 * Single questions about a gallery's people, in step with whoever changes it.
 *
 * All vectors are held in memory: 2 kB a face of 512 numbers.
 */
export class GalleryQuestions {
  readonly #gallery: Gallery;
  readonly #threshold: number;
  #questions: Questions | undefined;
  #sequence = 0;
  #following: Promise<void> = Promise.resolve();

  /** @param threshold the cosine at which two faces are taken as one person */
  constructor(gallery: Gallery, threshold: number) {
    this.#gallery = gallery;
    this.#threshold = threshold;
  }

  /** The most telling questions, as the gallery is now. */
  async next(limit: number): Promise<GalleryQuestion[]> {
    // One after the other: two that look anew at once would each do all of the work.
    const following = this.#following.catch(() => undefined).then(async () => await this.#follow());
    this.#following = following;
    await following;
    const questions = this.#questions!.next(limit);
    const ids = new Set(questions.flatMap(({ groups }) => groups));
    const people = new Map(
      (await this.#gallery.records.peopleWith([...ids])).map((person) => [person.id, person]),
    );
    return questions.flatMap((question) => {
      const [a, b] = question.groups.map((id) => people.get(id));
      return a && b ? [asked(question, a, b)] : [];
    });
  }

  async #follow(): Promise<void> {
    const { records } = this.#gallery;
    const latest = await records.latest();
    if (this.#questions && latest === this.#sequence) return;
    const said = await this.#said();
    const entries = this.#questions && (await this.#entriesSince(this.#sequence));
    if (!this.#questions || !entries || entries.some(({ kind }) => kind === "forget" || kind === "reindex")) {
      const people = new Map<number, FaceToAsk[]>();
      for await (const { person, ...face } of this.#faces())
        people.set(person, [...(people.get(person) ?? []), face]);
      const groups = [...people].map(([id, faces]) => ({ id, faces }));
      this.#questions = await Questions.of(groups, said, { threshold: this.#threshold });
    } else {
      const groups: GroupToAsk[] = [];
      for (const id of touched(entries)) {
        const faces: FaceToAsk[] = [];
        for await (const { person: _, ...face } of this.#faces(id)) faces.push(face);
        groups.push({ id, faces });
      }
      this.#questions.change(groups, said);
    }
    this.#sequence = latest;
  }

  async *#faces(person?: number): AsyncGenerator<FaceToAsk & { readonly person: number }> {
    const { records } = this.#gallery;
    for (let after: number | undefined; ; ) {
      const faces = await records.faces({ after, limit: PAGE }, person);
      const vectors = await records.vectors(faces.map(({ id }) => id));
      for (const { id, person: owner, provenance } of faces) {
        const embedding = vectors.get(id);
        if (embedding)
          yield { id, person: owner, embedding, photograph: provenance.sha256 ?? provenance.source };
      }
      if (faces.length < PAGE) return;
      after = faces.at(-1)!.id;
    }
  }

  async #said(): Promise<Said[]> {
    return (await this.#gallery.records.links()).flatMap(({ kind, faces }) => {
      const [a, b] = faces;
      return kind === "no-face" || a === undefined || b === undefined
        ? []
        : [{ kind, faces: [a, b] as const }];
    });
  }

  async #entriesSince(sequence: number): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for (let after: number | undefined; ; ) {
      const page = await this.#gallery.records.log({ after, limit: PAGE });
      entries.push(...page.filter((entry) => entry.sequence > sequence));
      const last = page.at(-1);
      if (!last || last.sequence <= sequence + 1) return entries;
      after = last.sequence;
    }
  }
}

/** People whose faces are others after changes. */
function touched(entries: readonly LogEntry[]): Set<number> {
  const people = new Set<number>();
  for (const { effects } of entries)
    for (const effect of effects) {
      if (effect.subject === "person") people.add(effect.id);
      else if (effect.subject === "face")
        for (const state of [effect.before, effect.after]) if (state) people.add(state.person);
    }
  return people;
}

function asked(
  { kind, faces, sides, cosine, likelihood, pairs, gain }: Question,
  a: Person,
  b: Person,
): GalleryQuestion {
  const side = (person: Person, all: readonly number[]): QuestionSide => ({
    person,
    unknown: isUnknownName(person.name),
    faces: all.slice(0, SHOWN),
    count: all.length,
  });
  const [one, other] = [side(a, sides[0]), side(b, sides[1])];
  return {
    kind: kind === "merge" && one.unknown !== other.unknown ? "who" : kind,
    faces,
    sides: [one, other],
    leaving: kind === "split" ? sides[1] : null,
    cosine,
    likelihood,
    pairs,
    gain,
  };
}
