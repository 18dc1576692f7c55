import { z } from "zod";
import { type Checkpoint, type CheckpointOptions, openCheckpoint } from "../checkpoints/index.ts";
import { FaceError, namingFile, type WorkOptions } from "../core/index.ts";
import {
  identifyNetwork,
  type Network,
  ONNX_INPUT,
  type OnnxOptions,
  toOnnx,
  type Weights,
  withoutPrefix,
} from "../networks/index.ts";
import { encodeOnnx, type FloatTensor, type OnnxModel, Session } from "../onnx/index.ts";
import type { ModelFile } from "./model-file.ts";
import { type Pass, runPasses } from "./passes.ts";
import { PREPARE_RTOL, randomInput } from "./prepare.ts";
import { cachedNetwork, type Prepared } from "./prepared-cache.ts";
import { sha256 } from "./sha256.ts";

/** Raised whenever a change here or in the networks gives other bytes. */
const RECIPE = 1;

/** Forward passes of one picture that each spelling is timed with, after one that is not counted. */
const TIMED_RUNS = 5;

/** Ways to write a network that are tried. */
const PASSES = 2;

/** The share of the time that Winograd's convolutions have to save before their file of nearly twice the size is worth it. */
const WINOGRAD_MIN_GAIN = 0.05;

const CheckpointReport = z.strictObject({
  sha256: z.string(),
  /** Id of the network that was recognised. */
  network: z.string(),
  /** Relative distance between the network spelt out operation by operation and the form that runs. */
  distance: z.number(),
  /** False where the network's own rounding hides whether folding is right: it then runs as it is spelt out. */
  folded: z.boolean(),
  /** The distance by which that rounding moves the output, where it was measured; see `roundingOf`. */
  rounding: z.number().nullable(),
  /** The spelling of the 3×3 convolutions that was quicker on the machine that prepared the file. */
  convolution: z.enum(["direct", "winograd"]),
  /** Medians for one picture on one thread; null where no convolution can be spelt in Winograd's way. */
  milliseconds: z.strictObject({ direct: z.number(), winograd: z.number() }).nullable(),
});

/** The report of {@link prepareCheckpoint}: its steps, how well they agreed and how fast the result is. */
export type CheckpointReport = z.infer<typeof CheckpointReport>;

/**
 * Brings a checkpoint of a known network into the form in which it runs fastest: an ONNX graph with batch norms
 * folded, PReLUs rewritten, any batch, and whichever spelling of its convolutions is quicker on this machine.
 *
 * The form that runs is held against the network spelt out operation by operation on one random input; where the
 * network's own rounding moves its output about as far as the two differ, it runs as it is spelt. The result is kept by
 * the content of the file, so that weights are read once and later only hashed.
 *
 * Throws    FaceError BAD_FILE, BAD_MODEL for tensors of no known network, ABORTED
 */
export async function prepareCheckpoint(
  { path, sha256: digest, under }: Pick<ModelFile, "path" | "sha256" | "under">,
  options: WorkOptions & { readonly cache?: string | undefined } = {},
): Promise<Prepared<CheckpointReport>> {
  return await cachedNetwork(options.cache, ["checkpoint", RECIPE, digest], CheckpointReport, async () => {
    using checkpoint = openCheckpoint(path, placeOf(under));
    const { network, prefix } = expectKnown(path, checkpoint);
    const weights = withoutPrefix(checkpoint.tensors, prefix);
    return await namingFile(path, () => prepare(network, weights, options));
  });
}

/** Options that pick the dictionary of this name from a file of weights; without a name, the one that is taken unasked. */
export function placeOf(under: string | undefined): CheckpointOptions {
  return under === undefined ? {} : { under: [under] };
}

/**
 * The network that tensors belong to. Throws FaceError BAD_MODEL naming the nearest one and how it differs, tensors
 * that could not be read, and other places where tensors lie.
 */
export function expectKnown(
  path: string,
  { tensors, unreadable, elsewhere }: Pick<Checkpoint, "tensors" | "unreadable" | "elsewhere">,
): { readonly network: Network; readonly prefix: string } {
  const found = identifyNetwork(new Map([...tensors].map(([name, { shape }]) => [name, shape])));
  if (found.kind === "known") return found;
  const { nearest } = found;
  const differences = nearest && nearest.differences.missing.length + nearest.differences.different.length;
  const nearestKnown = nearest
    ? `; the nearest is ${nearest.network.id}, ${differences} of whose tensors are missing or of another shape`
    : "";
  const [[name, what] = []] = unreadable;
  const notRead = name === undefined ? "" : `; ${unreadable.size} cannot be read ("${name}" is ${what})`;
  const others = elsewhere.length > 0 ? `; --under takes those of ${elsewhere.slice(0, 8).join(", ")}` : "";
  throw new FaceError("BAD_MODEL", {
    where: path,
    expected: "the weights of a network that is known here",
    got: `${tensors.size} tensors of another${nearestKnown}${notRead}${others}`,
    note: `"arcface inspect ${path}" shows them`,
  });
}

async function prepare(
  network: Network,
  weights: Weights,
  { signal, onProgress }: WorkOptions,
): Promise<Prepared<CheckpointReport>> {
  const written = (options: OnnxOptions): OnnxModel => toOnnx(network, weights, options);
  const report = (done: number): void =>
    onProgress?.({ stage: `prepare ${network.id}`, done, total: PASSES });
  const feeds = { [ONNX_INPUT]: randomInput([1, ...network.input]) };
  const spelt = written({ foldBatchNorm: false, prelu: "plain" });
  let milliseconds: CheckpointReport["milliseconds"] = null;
  const passes: readonly Pass[] = [
    {
      name: `${network.id}: batch norms folded`,
      apply: () => written({ convolution: "direct" }),
      tolerance: PREPARE_RTOL,
      onDisagreement: "refuse",
    },
    {
      name: `${network.id}: convolutions in Winograd's way`,
      apply: (model) => (model === spelt ? undefined : written({ convolution: "winograd" })),
      tolerance: PREPARE_RTOL,
      onDisagreement: "drop",
      async worth(direct, winograd) {
        if (Buffer.compare(direct, winograd) === 0) return false;
        milliseconds = await takeTurns(direct, winograd, feeds);
        return milliseconds.winograd <= (1 - WINOGRAD_MIN_GAIN) * milliseconds.direct;
      },
    },
  ];
  const onPass = (_pass: Pass, index: number): void => report(index);
  const result = await runPasses(spelt, encodeOnnx(spelt), passes, { feeds, signal, onPass });
  report(PASSES);
  const [folding, winograd] = result.passes;
  return {
    onnx: result.onnx,
    report: {
      sha256: sha256(result.onnx),
      network: network.id,
      distance: result.distance ?? 0,
      folded: folding?.outcome === "kept",
      rounding: result.rounding,
      convolution: winograd?.outcome === "kept" ? "winograd" : "direct",
      milliseconds,
    },
  };
}

/** Median milliseconds of two ways to compute, in turns, so that whatever else the machine does slows both. */
async function takeTurns(
  direct: Uint8Array,
  winograd: Uint8Array,
  feeds: Readonly<Record<string, FloatTensor>>,
): Promise<{ direct: number; winograd: number }> {
  await using a = await Session.open(direct);
  await using b = await Session.open(winograd);
  const times: { direct: number; winograd: number }[] = [];
  for (let turn = 0; turn <= TIMED_RUNS; turn++) {
    const first = await millisecondsOf(() => a.run(feeds));
    times.push({ direct: first, winograd: await millisecondsOf(() => b.run(feeds)) });
  }
  const counted = times.slice(1);
  const median = (values: number[]): number => values.sort((p, q) => p - q)[values.length >> 1]!;
  return {
    direct: median(counted.map((time) => time.direct)),
    winograd: median(counted.map((time) => time.winograd)),
  };
}

async function millisecondsOf(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}
