import { FaceError, normalize, type UnitVector } from "../core/index.ts";
import { cosineGraph } from "./cosine-graph.ts";
import { type Likeness, SameLikelihood, type Settled } from "./likelihood.ts";
import { dot, partsOfGroup } from "./parts-of-group.ts";

/** A person's faces, as far as they are grouped. */
export interface GroupToAsk {
  /** The group's own number, never given twice. */
  readonly id: number;
  readonly faces: readonly FaceToAsk[];
}

/** A face with the number by which it is spoken of. */
export interface FaceToAsk {
  readonly id: number;
  readonly embedding: UnitVector;
  /** Two faces of one photograph are two people's. */
  readonly photograph: string;
}

/** A single question: are the faces of two sides one person's? */
export interface Question {
  /** "merge": two groups; "split": two parts of one. */
  readonly kind: "merge" | "split";
  /** The groups of the two sides: of a split the same one twice. */
  readonly groups: readonly [number, number];
  /** A face of each side, the one most like its side's others: what is answered is kept of these two. */
  readonly faces: readonly [number, number];
  /** All faces of each side, those first that are most like the side's others. */
  readonly sides: readonly [readonly number[], readonly number[]];
  /** The mean cosine over all pairs across. */
  readonly cosine: number;
  /** The probability that it is one person, by the likeness and by what was answered so far. */
  readonly likelihood: number;
  /** Pairs of faces that the answer settles. */
  readonly pairs: number;
  /** Pairs that are expected to be put right by an answer. */
  readonly gain: number;
}

/** The limits by which questions are chosen. */
export interface QuestionOptions {
  /** The cosine at which two faces are taken as one person. */
  readonly threshold: number;
  /** The mean cosine below which no two groups are asked about. @default the threshold less 0.2 */
  readonly floor?: number | undefined;
}

/** Another order of questions than the most telling first, to hold it against. */
export interface AskingOrder {
  /** In [0, 1): asks in a random order. */
  readonly random?: (() => number) | undefined;
  readonly order?: "gain" | "alike" | "uncertain" | "doubtful" | undefined;
}

/** A word about two faces. */
export interface Said {
  readonly kind: "same" | "different";
  readonly faces: readonly [number, number];
}

const BELOW = 0.2;
/** The chance of a correction from which a question counts as doubtful. */
const DOUBT = 0.1;

/** A group with its sums. */
interface Group {
  readonly id: number;
  readonly faces: readonly FaceToAsk[];
  readonly sum: Float32Array;
  /** The sum as a unit vector. */
  readonly direction: UnitVector;
  readonly photographs: ReadonlySet<string>;
}

/** A question without what it costs to write down. */
interface Candidate extends Likeness {
  readonly kind: "merge" | "split";
  readonly groups: readonly [number, number];
  readonly pairs: number;
  readonly sides?: readonly [readonly number[], readonly number[]];
}

/**
 * Single questions about groups of faces, ordered by what an answer is expected to put right: merging two groups of m and n
 * faces joins m · n pairs if they are one person's, parting a group in two parts as many if they are not.
 *
 * The gain in pairwise F of joining P pairs that belong together is (2 − F) · P over the pairs there are, of parting them
 * F · P; so questions are ordered by p · (2 − F) · P for merges and (1 − p) · F · P for splits. p is learned from the answers,
 * F estimated from p.
 *
 * Nothing is asked that was answered, or follows: faces that are said to be one person's are never parted, groups with faces
 * that are said to be two people's never merged.
 */
export class Questions {
  readonly #options: { readonly threshold: number; readonly floor: number };
  readonly #likelihood: SameLikelihood;
  readonly #groups = new Map<number, Group>();
  readonly #groupOf = new Map<number, number>();
  readonly #faces = new Map<number, FaceToAsk>();
  readonly #merges = new Map<number, Map<number, Candidate>>();
  readonly #splits = new Map<number, readonly Candidate[]>();
  /** The likeness of each answered pair of faces when it was answered. */
  readonly #settled: Settled[] = [];
  #said: readonly Said[] = [];

  private constructor(options: { readonly threshold: number; readonly floor: number }) {
    this.#options = options;
    this.#likelihood = new SameLikelihood(options.threshold);
  }

  /**
   * Looks at all groups. Throws FaceError USAGE for a threshold outside [−1, 1].
   *
   * @param said what was answered before
   */
  static async of(
    groups: readonly GroupToAsk[],
    said: readonly Said[],
    { threshold, floor = threshold - BELOW }: QuestionOptions,
  ): Promise<Questions> {
    if (!(threshold >= -1 && threshold <= 1))
      throw new FaceError("USAGE", {
        where: "questions",
        expected: "a threshold from −1 to 1",
        got: threshold,
      });
    const questions = new Questions({ threshold, floor });
    for (const group of groups) if (group.faces.length > 0) questions.#put(group);
    questions.#said = said;
    const all = [...questions.#groups.values()];
    const edges = await cosineGraph(
      all.map(({ direction }) => direction),
      // Means are no higher than the cosine of directions.
      Math.max(-1, Math.min(1, floor)),
    );
    for (const { a, b } of edges) questions.#consider(all[a]!, all[b]!);
    for (const group of all) questions.#part(group);
    for (const each of said) questions.#learnOf(each);
    questions.#likelihood.learn(questions.#settled);
    return questions;
  }

  /** The groups as they are, by their numbers. */
  get groups(): ReadonlyMap<number, readonly number[]> {
    return new Map([...this.#groups.values()].map(({ id, faces }) => [id, faces.map((face) => face.id)]));
  }

  /**
   * Questions that could be asked, the most telling first.
   *
   * @param how.random asks in a random order instead; with order "doubtful" only where a correction is likely enough
   * @param how.order "alike": asks of the most alike groups first instead; "uncertain": of those nearest to an even chance
   */
  next(limit: number, { random, order = "gain" }: AskingOrder = {}): Question[] {
    const f = random || order !== "gain" ? 1 : this.#expectedF();
    const worth = (candidate: Candidate): number => {
      if (random && order !== "doubtful") return random();
      if (order === "alike") return candidate.kind === "merge" ? candidate.mean : -1;
      const p = this.#likelihood.of(candidate);
      if (order === "uncertain") return -Math.abs(p - 0.5);
      const corrects = candidate.kind === "merge" ? p : 1 - p;
      if (random) return corrects >= DOUBT ? random() : -1;
      return candidate.pairs * corrects * (candidate.kind === "merge" ? 2 - f : f);
    };
    // The best so far, falling: few among very many.
    const best: Ranked[] = [];
    for (const candidate of this.#candidates()) {
      const each = { candidate, worth: worth(candidate) };
      const last = best.at(-1);
      if (best.length >= limit && last && byWorth(each, last) >= 0) continue;
      let place = best.length;
      while (place > 0 && byWorth(each, best[place - 1]!) < 0) place--;
      best.splice(place, 0, each);
      if (best.length > limit) best.pop();
    }
    return best.map(({ candidate }) => this.#question(candidate));
  }

  /** Takes over groups that changed; those without faces leave. */
  change(groups: readonly GroupToAsk[], said: readonly Said[]): void {
    const fresh = new Set(said);
    const earlier = new Set(this.#said.map(keyOf));
    for (const each of fresh) if (!earlier.has(keyOf(each))) this.#learnOf(each);
    this.#said = said;
    for (const { id } of groups) this.#drop(id);
    const changed = groups.filter(({ faces }) => faces.length > 0).map((group) => this.#put(group));
    for (const group of changed) {
      for (const other of this.#groups.values())
        if (other !== group && dot(group.direction, other.direction) >= this.#options.floor)
          this.#consider(group, other);
      this.#part(group);
    }
    this.#likelihood.learn(this.#settled);
  }

  /** Everything that is neither answered nor follows from answers. */
  *#candidates(): Generator<Candidate> {
    const apart = this.#saidApart();
    for (const [id, others] of this.#merges) {
      const settled = apart.get(id);
      for (const [other, candidate] of others) if (id < other && !settled?.has(other)) yield candidate;
    }
    for (const parts of this.#splits.values()) yield* parts;
  }

  /** Of each group the others with a face that was said to be another person's than one of its own. */
  #saidApart(): Map<number, Set<number>> {
    const apart = new Map<number, Set<number>>();
    for (const { kind, faces } of this.#said) {
      if (kind === "same") continue;
      const [a, b] = faces.map((face) => this.#groupOf.get(face));
      if (a === undefined || b === undefined || a === b) continue;
      apart.set(a, (apart.get(a) ?? new Set()).add(b));
      apart.set(b, (apart.get(b) ?? new Set()).add(a));
    }
    return apart;
  }

  #put({ id, faces }: GroupToAsk): Group {
    const sum = new Float32Array(faces[0]!.embedding.length);
    for (const { embedding } of faces) for (let d = 0; d < sum.length; d++) sum[d]! += embedding[d]!;
    const photographs = new Set(faces.map(({ photograph }) => photograph));
    const group = { id, faces, sum, direction: normalize(sum), photographs };
    this.#groups.set(id, group);
    for (const face of faces) {
      this.#groupOf.set(face.id, id);
      this.#faces.set(face.id, face);
    }
    return group;
  }

  #drop(id: number): void {
    const group = this.#groups.get(id);
    if (!group) return;
    for (const face of group.faces)
      if (this.#groupOf.get(face.id) === id) {
        this.#groupOf.delete(face.id);
        this.#faces.delete(face.id);
      }
    this.#groups.delete(id);
    this.#splits.delete(id);
    for (const other of this.#merges.get(id)?.keys() ?? []) this.#merges.get(other)?.delete(id);
    this.#merges.delete(id);
  }

  #consider(a: Group, b: Group): void {
    const pairs = a.faces.length * b.faces.length;
    const mean = dot(a.sum, b.sum) / pairs;
    if (mean < this.#options.floor || sharePhotograph(a, b)) return;
    const groups = a.id < b.id ? ([a.id, b.id] as const) : ([b.id, a.id] as const);
    const candidate: Candidate = {
      kind: "merge",
      groups,
      pairs,
      mean,
      direction: dot(a.direction, b.direction),
    };
    for (const [id, other] of [groups, [groups[1], groups[0]] as const]) {
      const own = this.#merges.get(id) ?? new Map<number, Candidate>();
      own.set(other, candidate);
      this.#merges.set(id, own);
    }
  }

  /** The parts of a group that may be two people's; what was said to be one person's stays together. */
  #part(group: Group): void {
    if (group.faces.length < 2) return;
    const known = new Map(group.faces.map(({ id }) => [id, [id]]));
    for (const { kind, faces } of this.#said) {
      const [a, b] = faces.map((face) => known.get(face));
      if (kind === "different" || !a || !b || a === b) continue;
      for (const face of b) known.set(face, a);
      a.push(...b);
    }
    const vectorOf = (face: number): UnitVector => this.#faces.get(face)!.embedding;
    const candidates = partsOfGroup([...new Set(known.values())], vectorOf).map(({ one, other, sums }) => {
      const pairs = one.length * other.length;
      const across = dot(sums[0], sums[1]);
      const direction = across / Math.sqrt(dot(sums[0], sums[0]) * dot(sums[1], sums[1]));
      const sides = one.length < other.length ? ([other, one] as const) : ([one, other] as const);
      return {
        kind: "split" as const,
        groups: [group.id, group.id] as const,
        pairs,
        mean: across / pairs,
        direction,
        sides,
      };
    });
    this.#splits.set(group.id, candidates);
  }

  /** Pairwise F of the groups as they are, by the likelihoods. */
  #expectedF(): number {
    let together = 0;
    let right = 0;
    for (const { faces } of this.#groups.values()) together += (faces.length * (faces.length - 1)) / 2;
    right = together;
    for (const parts of this.#splits.values())
      for (const each of parts) right -= each.pairs * (1 - this.#likelihood.of(each));
    let missing = 0;
    for (const [id, others] of this.#merges)
      for (const [other, each] of others)
        if (id < other) missing += each.pairs * this.#likelihood.of(each) ** 2;
    const all = right + missing;
    return together + all === 0 ? 1 : Math.max(0.5, Math.min(1, (2 * right) / (together + all)));
  }

  #question(candidate: Candidate): Question {
    const [a, b] = candidate.groups.map((id) => this.#groups.get(id)!) as [Group, Group];
    const sides = (candidate.sides ?? [a.faces.map(({ id }) => id), b.faces.map(({ id }) => id)]).map(
      (side) => this.#fromCentre(side),
    ) as [number[], number[]];
    const likelihood = this.#likelihood.of(candidate);
    const { kind, groups, pairs, mean } = candidate;
    return {
      kind,
      groups,
      sides,
      faces: [sides[0][0]!, sides[1][0]!],
      cosine: mean,
      likelihood,
      pairs,
      gain: pairs * (kind === "merge" ? likelihood : 1 - likelihood),
    };
  }

  /** Faces by their likeness with the mean of all. */
  #fromCentre(ids: readonly number[]): number[] {
    const faces = ids.map((id) => this.#faces.get(id)!);
    const sum = new Float32Array(faces[0]!.embedding.length);
    for (const { embedding } of faces) for (let d = 0; d < sum.length; d++) sum[d]! += embedding[d]!;
    return faces
      .map(({ id, embedding }) => ({ id, likeness: dot(embedding, sum) }))
      .sort((x, y) => y.likeness - x.likeness || x.id - y.id)
      .map(({ id }) => id);
  }

  /** Remembers what a pair looked like that was answered. */
  #learnOf({ kind, faces }: Said): void {
    const [a, b] = faces.map((face) => this.#groups.get(this.#groupOf.get(face) ?? -1));
    if (!a || !b) return;
    const likeness = a === b ? this.#partsWith(a, faces) : this.#merges.get(a.id)?.get(b.id);
    const [x, y] = faces.map((face) => this.#faces.get(face)!.embedding) as [UnitVector, UnitVector];
    // Of groups that are one by now it is known what the two faces look like.
    const { mean, direction } = likeness ?? { mean: dot(x, y), direction: dot(x, y) };
    this.#settled.push({ mean, direction, same: kind === "same" });
  }

  #partsWith(group: Group, [a, b]: readonly [number, number]): Candidate | undefined {
    return this.#splits.get(group.id)?.find(({ sides }) => {
      const [one, other] = sides!;
      return (one.includes(a) && other.includes(b)) || (one.includes(b) && other.includes(a));
    });
  }
}

function sharePhotograph(a: Group, b: Group): boolean {
  const [small, large] = a.photographs.size < b.photographs.size ? [a, b] : [b, a];
  for (const photograph of small.photographs) if (large.photographs.has(photograph)) return true;
  return false;
}

/** A candidate and what it is worth. */
interface Ranked {
  readonly candidate: Candidate;
  readonly worth: number;
}

/** By falling worth; equal ones by their groups, so that the order depends on nothing else. */
function byWorth({ candidate: x, worth: a }: Ranked, { candidate: y, worth: b }: Ranked): number {
  return b - a || x.groups[0] - y.groups[0] || x.groups[1] - y.groups[1] || y.pairs - x.pairs;
}

const pairKey = (a: number, b: number): string => (a < b ? `${a} ${b}` : `${b} ${a}`);
const keyOf = ({ kind, faces }: Said): string => `${kind} ${pairKey(...faces)}`;
