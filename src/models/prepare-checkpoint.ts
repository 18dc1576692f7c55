import { z } from "zod";
import { type Checkpoint, type CheckpointOptions, openCheckpoint } from "../checkpoints/index.ts";
import { FaceError, throwIfAborted, type WorkOptions } from "../core/index.ts";
import {
  identify,
  type Network,
  ONNX_INPUT,
  type OnnxOptions,
  toOnnx,
  type Weights,
  withoutPrefix,
} from "../networks/index.ts";
import { encodeOnnx, outputDistance, Session } from "../onnx/index.ts";
import type { ModelFile } from "./model-file.ts";
import { PREPARE_RTOL, randomInput } from "./prepare.ts";
import { cachedNetwork, type Prepared } from "./prepared-cache.ts";
import { sha256 } from "./store.ts";

/** Raised whenever a change here or in the networks gives other bytes. */
const RECIPE = 1;

/** Forward passes of one picture that each spelling is timed with, after one that is not counted. */
const TIMED_RUNS = 5;

/** How much of the time Winograd's convolutions have to save before their file of nearly twice the size is worth it. */
const WINOGRAD_MIN_GAIN = 0.05;

const CheckpointReport = z.strictObject({
  sha256: z.string(),
  /** Id of the network that was recognised. */
  network: z.string(),
  /** Relative distance between the network spelt out operation by operation and the form that runs. */
  distance: z.number(),
  /** Which spelling of the 3×3 convolutions was quicker on the machine that prepared the file. */
  convolution: z.enum(["direct", "winograd"]),
  /** Medians for one picture on one thread; null where no convolution can be spelt in Winograd's way. */
  milliseconds: z.strictObject({ direct: z.number(), winograd: z.number() }).nullable(),
});

/** What {@link prepareCheckpoint} did, how well it agreed and how fast it is. */
export type CheckpointReport = z.infer<typeof CheckpointReport>;

/**
 * Brings a checkpoint of a known network into the form in which it runs fastest: an ONNX graph with batch norms
 * folded, PReLUs rewritten, any batch, and whichever spelling of its convolutions is quicker on this machine.
 *
 * The form that runs is held against the network spelt out operation by operation on one random input. The result is
 * kept by the content of the file, so that weights are read once and later only hashed.
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
    return await prepare(network, weights, options);
  });
}

/** The place in a file of weights that a name given by hand means; the one that is taken unasked without a name. */
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
  const found = identify(new Map([...tensors].map(([name, { shape }]) => [name, shape])));
  if (found.kind === "known") return found;
  const { nearest } = found;
  const differences = nearest && nearest.differences.missing.length + nearest.differences.different.length;
  const nearestKnown = nearest
    ? `; the nearest is ${nearest.network.id}, ${differences} of whose tensors are missing or of another shape`
    : "";
  const [[name, what] = []] = unreadable;
  const notRead = name === undefined ? "" : `; ${unreadable.size} cannot be read ("${name}" is ${what})`;
  const others = elsewhere.length > 0 ? `; --under takes those of ${elsewhere.slice(0, 8).join(", ")}` : "";
  throw new FaceError(
    "BAD_MODEL",
    `${path}: expected the weights of a network that is known here, got ${tensors.size} tensors of another${nearestKnown}${notRead}${others}; "arcface inspect ${path}" shows them`,
  );
}

async function prepare(
  network: Network,
  weights: Weights,
  { signal, onProgress }: WorkOptions,
): Promise<Prepared<CheckpointReport>> {
  const feeds = { [ONNX_INPUT]: randomInput([1, ...network.input]) };
  const open = async (options: OnnxOptions) => {
    throwIfAborted(signal);
    const onnx = encodeOnnx(toOnnx(network, weights, options));
    const session = await Session.open(onnx);
    return { onnx, session, run: async () => await session.run(feeds) };
  };
  const report = (done: number): void => onProgress?.({ stage: `prepare ${network.id}`, done, total: 4 });
  report(0);
  const spelt = await open({ foldBatchNorm: false, prelu: "plain" });
  const wanted = await spelt.run();
  await spelt.session.close();
  report(1);
  const direct = await open({ convolution: "direct" });
  await using _ = direct.session;
  const directDistance = outputDistance(wanted, await direct.run());
  if (!(directDistance <= PREPARE_RTOL)) {
    throw new FaceError(
      "BAD_MODEL",
      `${network.id}: expected the folded network to agree within ${PREPARE_RTOL}, got ${directDistance}`,
    );
  }
  report(2);
  const winograd = await open({ convolution: "winograd" });
  await using __ = winograd.session;
  report(3);
  const differ = Buffer.compare(direct.onnx, winograd.onnx) !== 0;
  const milliseconds = differ ? await takeTurns(direct.run, winograd.run) : null;
  report(4);
  const winogradDistance = outputDistance(wanted, await winograd.run());
  const quicker =
    milliseconds !== null &&
    milliseconds.winograd <= (1 - WINOGRAD_MIN_GAIN) * milliseconds.direct &&
    winogradDistance <= PREPARE_RTOL;
  const { onnx } = quicker ? winograd : direct;
  return {
    onnx,
    report: {
      sha256: sha256(onnx),
      network: network.id,
      distance: quicker ? winogradDistance : directDistance,
      convolution: quicker ? "winograd" : "direct",
      milliseconds,
    },
  };
}

/** Median milliseconds of two ways to compute, in turns, so that whatever else the machine does slows both. */
async function takeTurns(
  direct: () => Promise<unknown>,
  winograd: () => Promise<unknown>,
): Promise<{ direct: number; winograd: number }> {
  const times: { direct: number; winograd: number }[] = [];
  for (let turn = 0; turn <= TIMED_RUNS; turn++) {
    times.push({ direct: await millisecondsOf(direct), winograd: await millisecondsOf(winograd) });
  }
  const counted = times.slice(1);
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
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
