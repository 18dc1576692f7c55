/** A mix of what a service is asked, from clients that do not wait for one another: a load that does not slacken. */

/** A request's end. Status 0: the connection ended without an answer. */
export interface Answered {
  readonly kind: string;
  readonly status: number;
  readonly ms: number;
  /** The moment of its end, in milliseconds of the load's own clock. */
  readonly at: number;
  /** Pictures that it was about. */
  readonly pictures: number;
}

/** The outcome of a load, and the people whose making was acknowledged by then. */
export interface LoadReport {
  readonly answers: readonly Answered[];
  readonly acknowledged: readonly number[];
}

type Ask = (name: string) => { readonly path: string; readonly body?: FormData };

/** Requests in the order of their turns; a picture of a face each where one is needed. */
export class MixedLoad {
  readonly #url: string;
  readonly #pictures: readonly Uint8Array<ArrayBuffer>[];
  readonly #asks: readonly (readonly [kind: string, ask: Ask])[];
  readonly #run: string;
  /** Numbers of people whose making was acknowledged so far. */
  readonly acknowledged: number[] = [];
  #turn = 0;
  #picture = 0;

  /** @param run part of the names of people that this load makes */
  constructor(url: string, pictures: readonly Uint8Array<ArrayBuffer>[], run: string) {
    this.#url = url;
    this.#pictures = pictures;
    this.#run = run;
    const C = "/v1/collections/default";
    const identify: Ask = () => ({ path: `${C}/identify`, body: this.#form(1) });
    const compare: Ask = () => ({ path: "/v1/compare", body: this.#form(2) });
    this.#asks = [
      ["identify", identify],
      ["compare", compare],
      ["persons", () => ({ path: `${C}/persons?limit=20` })],
      ["identify", identify],
      ["embed", () => ({ path: "/v1/embed", body: this.#form(1) })],
      ["createPerson", (name) => ({ path: `${C}/persons`, body: this.#form(1, { name, force: "true" }) })],
      ["compare", compare],
      ["search", () => ({ path: `${C}/search`, body: this.#form(1) })],
    ];
  }

  #form(pictures: number, fields: Record<string, string> = {}): FormData {
    const form = new FormData();
    for (let i = 0; i < pictures; i++)
      form.append("pictures", new Blob([this.#pictures[this.#picture++ % this.#pictures.length]!]));
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    return form;
  }

  async #ask(answers: Answered[]): Promise<void> {
    const turn = this.#turn++;
    const [kind, ask] = this.#asks[turn % this.#asks.length]!;
    const { path, body } = ask(`${this.#run} ${turn}`);
    const begun = performance.now();
    let status = 0;
    try {
      const response = await fetch(`${this.#url}${path}`, body ? { method: "POST", body } : {});
      const json = (await response.json()) as { person?: { id: number } | null };
      status = response.status;
      if (kind === "createPerson" && status === 201) this.acknowledged.push(json.person!.id);
    } catch {
      // Told as status 0.
    }
    const at = performance.now();
    const pictures = body?.getAll("pictures").length ?? 0;
    answers.push({ kind, status, ms: at - begun, at, pictures });
  }

  /** So many clients, each of which asks anew when answered, until `ms` are over and so many requests were made. */
  async closed(clients: number, ms: number, least = 0): Promise<LoadReport> {
    const answers: Answered[] = [];
    const end = performance.now() + ms;
    const first = this.#turn;
    const client = async (): Promise<void> => {
      while (performance.now() < end || this.#turn - first < least) await this.#ask(answers);
    };
    await Promise.all(Array.from({ length: clients }, client));
    return { answers, acknowledged: this.acknowledged };
  }

  /** So many requests a second, whether answered or not, until `ms` are over or `until` is; then what is open is waited for. */
  async open(perSecond: number, ms: number, until?: AbortSignal): Promise<LoadReport> {
    const answers: Answered[] = [];
    const begun = performance.now();
    const asked: Promise<void>[] = [];
    while (performance.now() - begun < ms && !until?.aborted) {
      const due = Math.floor(((performance.now() - begun) / 1000) * perSecond);
      while (asked.length < due) asked.push(this.#ask(answers));
      await new Promise((settle) => setTimeout(settle, 10));
    }
    await Promise.all(asked);
    return { answers, acknowledged: this.acknowledged };
  }
}

/** The value that this share of numbers does not exceed. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/**
 * For each answer that was given: the pictures of others that were done between its question and itself. With a fair queue that
 * is no more than what the queue and the workers hold, however slow the machine is.
 */
export function picturesBefore(answers: readonly Answered[]): number[] {
  const accepted = answers
    .filter(({ status }) => status >= 200 && status < 300)
    .toSorted((a, b) => a.at - b.at);
  const done: number[] = [];
  for (const { pictures } of accepted) done.push((done.at(-1) ?? 0) + pictures);
  const doneBy = (moment: number): number => {
    let [low, high] = [0, accepted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (accepted[middle]!.at > moment) high = middle;
      else low = middle + 1;
    }
    return done[low - 1] ?? 0;
  };
  return accepted.map(({ at, ms, pictures }, i) => done[i]! - pictures - doneBy(at - ms));
}
