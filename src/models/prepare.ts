import { z } from "zod";
import { evaluateTflite, readTflite, tfliteToOnnx } from "../checkpoints/tflite/index.ts";
import { bytesAt, FaceError, seeded } from "../core/index.ts";
import {
  decodeOnnx,
  encodeOnnx,
  expectRunnable,
  type FloatTensor,
  fillBlocks,
  type OnnxModel,
  outputDistance,
  outputsOf,
  rewritePrelu,
} from "../onnx/index.ts";
import { type Pass, runPasses } from "./passes.ts";
import { cachedNetwork, type Prepared } from "./prepared-cache.ts";
import { sha256 } from "./sha256.ts";
import { prepareInTrial } from "./trial.ts";

/** Raised whenever a change here gives other bytes: older prepared files are then left aside. */
const RECIPE = 2;

/**
 * The most by which a prepared network may be from what its file says, as a relative L2 distance of the outputs on one input.
 *
 * Rounding differs because sums are taken in another order; measured, the default networks lie below 2·10⁻⁶.
 */
export const PREPARE_RTOL = 1e-4;

const PrepareReport = z.strictObject({
  sha256: z.string(),
  /** Relative distance between the TFLite file's own arithmetic and the converted network's; null for ONNX files. */
  conversionDistance: z.number().nullable(),
  /** Convolutions whose blocks of channels were filled; 0 when there were none or the result did not agree. */
  filledBlocks: z.number(),
  /** PReLU nodes rewritten; 0 when there were none or the rewrite did not agree with the original. */
  rewrittenPrelus: z.number(),
  rewriteDistance: z.number().nullable(),
});

/** The report of {@link prepareNetwork}: its steps and how well they agreed. */
export type PrepareReport = z.infer<typeof PrepareReport>;

/** A network in the form in which it runs, with what was done to it. */
export type PreparedNetwork = Prepared<PrepareReport>;

/** The inputs and names needed to run a network once. */
export interface PrepareOptions {
  readonly input: string;
  /** Shape of one input to try it on, batch first. */
  readonly example: readonly number[];
  /** Height and width stay open (a TFLite network that slides over pictures). */
  readonly anySize?: boolean;
  /** Folder for prepared files, by content; without it, or when it cannot be written, every opening prepares anew. */
  readonly cache?: string | undefined;
  /** True if it is nobody's that is known here: it is then opened and run for the first time in a process of its own. */
  readonly stranger?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings a network's file into the form in which it runs fastest: TFLite becomes ONNX, blocks of channels are filled, PReLUs are rewritten.
 *
 * Each step is checked on one random input against what it started from; a conversion that differs is refused,
 * a rewrite that differs is dropped.
 *
 * Throws    FaceError BAD_MODEL; ABORTED for a stranger's
 */
export async function prepareNetwork(file: Uint8Array, options: PrepareOptions): Promise<PreparedNetwork> {
  const key = [RECIPE, sha256(file), options.input, options.example, options.anySize ?? false];
  return await cachedNetwork(options.cache, key, PrepareReport, () =>
    options.stranger ? prepareInTrial(file, options) : prepare(file, options),
  );
}

async function prepare(file: Uint8Array, options: PrepareOptions): Promise<PreparedNetwork> {
  const feeds = { [options.input]: randomInput(options.example) };
  const { model, onnx, conversionDistance } = await asOnnx(file, options, feeds);
  let filled = 0;
  const fill: Pass = {
    name: "blocks filled",
    apply(plain) {
      const whole = fillBlocks(plain);
      filled = whole.filled;
      return filled === 0 ? undefined : whole.model;
    },
    tolerance: PREPARE_RTOL,
    onDisagreement: "drop",
  };
  let replaced = 0;
  const prelu: Pass = {
    name: "PReLUs rewritten",
    apply(plain) {
      const rewritten = rewritePrelu(plain);
      replaced = rewritten.replaced;
      return replaced === 0 ? undefined : rewritten.model;
    },
    tolerance: PREPARE_RTOL,
    onDisagreement: "drop",
  };
  const result = await runPasses(model, onnx, [fill, prelu], { feeds });
  const [filling, rewriting] = result.passes;
  const kept = rewriting?.outcome === "kept";
  const report = {
    sha256: sha256(result.onnx),
    conversionDistance,
    filledBlocks: filling?.outcome === "kept" ? filled : 0,
    rewrittenPrelus: kept ? replaced : 0,
    rewriteDistance: kept ? rewriting.distance : null,
  };
  return { onnx: result.onnx, report };
}

/** The network in ONNX; one that was TFLite has been held against the format's own arithmetic. */
async function asOnnx(
  file: Uint8Array,
  { anySize = false, input }: PrepareOptions,
  feeds: Readonly<Record<string, FloatTensor>>,
): Promise<{ model: OnnxModel; onnx: Uint8Array; conversionDistance: number | null }> {
  if (!bytesAt(file, 4, "TFL3")) {
    const model = decodeOnnx(file);
    expectRunnable(model);
    return { model, onnx: file, conversionDistance: null };
  }
  const tflite = readTflite(file);
  const model = tfliteToOnnx(tflite, { anySize });
  const onnx = encodeOnnx(model);
  const wanted = Object.fromEntries(
    [...evaluateTflite(tflite, channelsLast(feeds[input]!))].map(([name, { shape, data }]) => [
      name,
      { dims: shape, data },
    ]),
  );
  const conversionDistance = outputDistance(wanted, await outputsOf(onnx, feeds));
  if (!(conversionDistance <= PREPARE_RTOL)) {
    throw new FaceError("BAD_MODEL", {
      where: "tflite",
      expected: `the converted network to agree within ${PREPARE_RTOL}`,
      got: conversionDistance,
    });
  }
  return { model, onnx, conversionDistance };
}

/** Numbers in [−1, 1), the same ones every time. */
export function randomInput(dims: readonly number[]): FloatTensor {
  const random = seeded(1);
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 2 * random.next() - 1);
  return { dims, data };
}

/** [N, C, H, W] as [N, H, W, C]. */
function channelsLast({ dims, data }: FloatTensor): { shape: number[]; data: Float32Array } {
  const [n, c, h, w] = dims as [number, number, number, number];
  const out = new Float32Array(data.length);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < c; k++)
      for (let p = 0; p < h * w; p++) out[(i * h * w + p) * c + k] = data[(i * c + k) * h * w + p]!;
  return { shape: [n, h, w, c], data: out };
}
