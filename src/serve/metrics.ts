import { Counter, Gauge, Histogram, Registry } from "prom-client";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Figures of one service, in a registry of its own. No label holds a person's name or a picture's. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: "arcface_requests_total",
    help: "Requests answered, by endpoint and status.",
    labelNames: ["endpoint", "status"],
    registers: [this.#registry],
  });
  readonly #seconds = new Histogram({
    name: "arcface_request_seconds",
    help: "Time from a request's head to its answer.",
    labelNames: ["endpoint"],
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #stages = new Histogram({
    name: "arcface_stage_seconds",
    help: "Time by stage: reading a body, waiting for a worker, computing faces of a batch.",
    labelNames: ["stage"],
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #pictures = new Counter({
    name: "arcface_pictures_total",
    help: "Pictures that workers looked at.",
    registers: [this.#registry],
  });
  readonly #faces = new Counter({
    name: "arcface_faces_total",
    help: "Faces found.",
    registers: [this.#registry],
  });
  readonly #enrolment = new Counter({
    name: "arcface_enrolment_total",
    help: "Pictures for enrolment, by outcome: enrolled, known, failed, or the reason of a refusal.",
    labelNames: ["outcome"],
    registers: [this.#registry],
  });
  readonly #refused = new Counter({
    name: "arcface_overloaded_total",
    help: "Requests refused because the queue was full.",
    registers: [this.#registry],
  });

  /** @param queue what waits and what is worked on, asked whenever figures are read */
  constructor(queue: () => { readonly waiting: number; readonly busy: number; readonly workers: number }) {
    for (const [name, help] of [
      ["waiting", "Pictures that wait for a worker."],
      ["busy", "Workers at work."],
      ["workers", "Workers there are."],
    ] as const) {
      new Gauge({
        name: `arcface_queue_${name}`,
        help,
        registers: [this.#registry],
        collect() {
          this.set(queue()[name]);
        },
      });
    }
  }

  answered(endpoint: string, status: number, ms: number): void {
    this.#requests.inc({ endpoint, status: String(status) });
    this.#seconds.observe({ endpoint }, ms / 1000);
  }

  stage(stage: "read" | "wait" | "compute", ms: number): void {
    this.#stages.observe({ stage }, ms / 1000);
  }

  computed(pictures: number): void {
    this.#pictures.inc(pictures);
  }

  found(faces: number): void {
    this.#faces.inc(faces);
  }

  enrolment(outcome: string): void {
    this.#enrolment.inc({ outcome });
  }

  refused(): void {
    this.#refused.inc();
  }

  /** As Prometheus reads them. */
  async text(): Promise<{ readonly type: string; readonly text: string }> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
