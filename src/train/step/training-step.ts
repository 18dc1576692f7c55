import { type CompiledGraph, type Distribution, type Form, probeBlockSize } from "../../autodiff/index.ts";
import { elementCount, FaceError, seeded, threadCount, throwIfAborted } from "../../core/index.ts";
import { initialise, parametersOf, type Weights } from "../../networks/index.ts";
import { type Feed, type FloatTensor, probeProvider, StateSession } from "../../onnx/index.ts";
import { draw } from "./draw.ts";
import { LOSS, STEP_INPUTS, type StepDefinition, stepGraph } from "./step-graph.ts";

/** Options that open a training step. */
export interface TrainingStepOptions extends StepDefinition {
  /** @default "cpu" */
  readonly device?: "cpu" | "webgpu";
  /**
   * `mixed` computes dense convolutions and their data gradients in half precision; for WebGPU, where the device can.
   * @default "single"
   */
  readonly precision?: "single" | "mixed";
  /** Threads inside one operation, on the CPU. @default 2 */
  readonly threads?: number;
  /** Seed of the initial values and random inputs. @default 0 */
  readonly seed?: number;
  /** Values to begin with, by parameter name, in place of drawn ones; of the network alone or of the head as well. */
  readonly weights?: Weights;
  /** The operations to compute with. @default what a probe finds fastest here */
  readonly form?: Form;
  readonly signal?: AbortSignal;
  /** A path that the engine's profile is written to. */
  readonly profile?: string;
}

/** The inputs of one step's learning. */
export interface StepBatch {
  /** [N, C, H, W] as the network wants its pictures. Not copied. */
  readonly images: Float32Array;
  /** [N]; −1 for a picture without a class. */
  readonly labels: Int32Array;
  readonly learningRate: number;
  /** Inputs that the head declared on the tape, by name. */
  readonly inputs?: Readonly<Record<string, Float32Array | Int32Array>>;
}

/** The result of one step. */
export interface StepResult {
  readonly loss: number;
  /** The head's other values, by its names. */
  readonly outputs: Readonly<Record<string, FloatTensor>>;
}

/** Name of the count of steps in a state; the step's own, beside the network's, the head's and the optimiser's. */
const STEPS = "step";

/**
 * A network, a head and an optimiser as one graph: `run` is forward pass, backward pass and update.
 *
 * Opened by {@link open}, closed by whoever opened it. `run` computes on the calling JavaScript thread.
 * The same state, seed and batches give the same bits on the same machine and build.
 */
export class TrainingStep {
  readonly #session: StateSession;
  readonly #graph: CompiledGraph;
  readonly #definition: TrainingStepOptions;
  readonly #counts: ReadonlyMap<string, number>;
  /** Buffers of the random inputs, by name. */
  readonly #drawn: ReadonlyMap<string, { readonly distribution: Distribution; readonly data: Float32Array }>;
  /** Batches in the running statistics before this step's first run, by the count's name. */
  #earlier: ReadonlyMap<string, number>;
  #steps = 0;
  #firstStep = 0;

  private constructor(session: StateSession, graph: CompiledGraph, definition: TrainingStepOptions) {
    this.#session = session;
    this.#graph = graph;
    this.#definition = definition;
    const counts = parametersOf(definition.network).filter(({ role }) => role === "count");
    this.#counts = new Map(counts.map(({ name }) => [name, definition.weights?.get(name)?.floats()[0] ?? 0]));
    this.#earlier = this.#counts;
    this.#drawn = new Map(
      graph.inputs.flatMap(({ name, shape, drawn }) =>
        drawn ? [[name, { distribution: drawn, data: new Float32Array(elementCount(shape)) }] as const] : [],
      ),
    );
  }

  /** Throws FaceError USAGE, SHAPE, MODEL_MISMATCH, BAD_MODEL, ABORTED. */
  static async open(options: TrainingStepOptions): Promise<TrainingStep> {
    const { network, device = "cpu", precision = "single", seed = 0, weights, signal } = options;
    if (precision === "mixed" && device === "cpu")
      throw new FaceError("USAGE", {
        where: "training step",
        expected: "precision single on a CPU",
        got: "mixed: the engine has no half-precision convolutions there",
      });
    if (device === "webgpu") await expectGpu();
    const form = options.form ?? (await formFor(device, precision === "mixed", options.threads));
    throwIfAborted(signal);
    let drawn: ReadonlyMap<string, Float32Array> | undefined;
    const initial = (name: string): Float32Array => {
      drawn ??= initialise(network, seeded(seed));
      return drawn.get(name)!;
    };
    const graph = stepGraph(options, initial, form);
    const carried = graph.slots.map((slot) => {
      const { name, value, input, output, outputShape, inPlace } = slot;
      const given = weights?.get(name);
      if (given && given.shape.join() !== value.shape.join())
        throw mismatch(network.id, `${name} of [${given.shape.join(", ")}] for [${value.shape.join(", ")}]`);
      const data = slot.toGraph(given ? given.floats() : slot.initial());
      return {
        input,
        dims: value.shape,
        data,
        ...(output !== undefined && { output, outputDims: outputShape!, inPlace: inPlace === true }),
      };
    });
    throwIfAborted(signal);
    const session = await StateSession.open(graph.model, carried, {
      device,
      threads: options.threads ?? 2,
      ...(options.profile !== undefined && { profile: options.profile }),
    });
    return new TrainingStep(session, graph, options);
  }

  /** Runs so far, those before a loaded state included. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Learns from one batch.
   *
   * Throws    FaceError SHAPE, USAGE when an input is missing, CLOSED; BAD_MODEL when the engine fails, which may leave the
   * state half changed
   */
  async run(batch: StepBatch): Promise<StepResult> {
    const given: Record<string, Float32Array | Int32Array> = {
      ...batch.inputs,
      [STEP_INPUTS.images]: batch.images,
      [STEP_INPUTS.labels]: batch.labels,
      [STEP_INPUTS.learningRate]: Float32Array.of(batch.learningRate),
    };
    const feeds: Record<string, Feed> = {};
    for (const [place, { name, shape, type }] of this.#graph.inputs.entries()) {
      const random = this.#drawn.get(name);
      if (random) draw(random.distribution, random.data, this.#definition.seed ?? 0, this.#steps, place);
      const data = random?.data ?? given[name];
      if (!data)
        throw new FaceError("USAGE", { where: "training step", expected: `the input ${name}`, got: "none" });
      const right = type === "int" ? data instanceof Int32Array : data instanceof Float32Array;
      if (!right || data.length !== elementCount(shape))
        throw new FaceError("SHAPE", {
          where: name,
          expected: `${elementCount(shape)} ${type}s`,
          got: `${data.length} in a ${data.constructor.name}`,
        });
      feeds[name] = { dims: shape, data };
    }
    const { [LOSS]: loss, ...outputs } = await this.#session.run(feeds);
    this.#steps++;
    return { loss: loss!.data[0]!, outputs };
  }

  /**
   * Everything that the next step depends on, under the names of the network, the head and the optimiser, row-major.
   * Fits `toOnnx`, the checkpoint writers and {@link load}.
   */
  async state(): Promise<Weights> {
    const values = await this.#session.read();
    const state = new Map<string, { shape: readonly number[]; floats(): Float32Array<ArrayBuffer> }>();
    for (const slot of this.#graph.slots) {
      const { name, value, input } = slot;
      const data = slot.fromGraph(values.get(input)!);
      state.set(name, { shape: value.shape, floats: () => Float32Array.from(data) });
    }
    const single = (number: number) => ({ shape: [], floats: () => Float32Array.of(number) });
    const newer = this.#steps - this.#firstStep;
    for (const [name, count] of this.#earlier) state.set(name, single(count + newer));
    state.set(STEPS, single(this.#steps));
    return state;
  }

  /**
   * Goes on from a state that a step with the same network, head and optimiser gave.
   *
   * Throws    FaceError MODEL_MISMATCH naming the first tensor that is missing or of another shape; nothing is changed
   */
  load(state: Weights): void {
    const values = new Map<string, Float32Array>();
    const { id } = this.#definition.network;
    for (const slot of this.#graph.slots) {
      const { name, value, input } = slot;
      const given = state.get(name);
      if (!given) throw mismatch(id, `no ${name}`);
      if (given.shape.join() !== value.shape.join())
        throw mismatch(id, `${name} of [${given.shape.join(", ")}] for [${value.shape.join(", ")}]`);
      values.set(input, slot.toGraph(given.floats()));
    }
    this.#session.write(values);
    this.#steps = state.get(STEPS)?.floats()[0] ?? 0;
    this.#firstStep = this.#steps;
    this.#earlier = new Map([...this.#counts].map(([name]) => [name, state.get(name)?.floats()[0] ?? 0]));
  }

  /** Frees the engine's memory; a second call does nothing. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The form of graph that runs fastest: blocked where the processor's engine has blocks, standard operations elsewhere. */
export async function formFor(device: "cpu" | "webgpu", half = false, threads?: number): Promise<Form> {
  const block = device === "cpu" ? await probeBlockSize() : undefined;
  return block === undefined
    ? { kind: "plain", device, half }
    : { kind: "blocked", block, threads: threadCount(threads, 2) };
}

/** Throws FaceError USAGE when WebGPU has nothing here to compute on. */
async function expectGpu(): Promise<void> {
  const reason = await probeProvider("webgpu");
  if (reason === undefined) return;
  // Before the engine's own sentence stands the place in its source.
  const sentence = reason.split(". ").at(-1)!;
  throw new FaceError("USAGE", {
    where: "device webgpu",
    expected: "a GPU with a driver for Vulkan, Metal or Direct3D 12",
    reason: sentence,
  });
}

function mismatch(network: string, got: string): FaceError {
  return new FaceError("MODEL_MISMATCH", { where: network, expected: "a state of this training step", got });
}
