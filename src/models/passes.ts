import { FaceError, throwIfAborted } from "../core/index.ts";
import {
  encodeOnnx,
  type FloatTensor,
  type OnnxModel,
  outputDistance,
  outputsOf,
  roundingOf,
} from "../onnx/index.ts";

/** One way to write a network differently that should leave what it computes as it is. */
export interface Pass {
  /** The pass's work, as the subject of a sentence: `batch norms folded`. */
  readonly name: string;
  /** The network written differently; undefined where there is nothing to change, or nothing that may be. */
  apply(model: OnnxModel): OnnxModel | undefined;
  /** The most by which outputs on one input may differ, as a relative L2 distance. */
  readonly tolerance: number;
  /** True if a result that differs by more is left aside, or refused as a defect. */
  readonly onDisagreement: "drop" | "refuse";
  /** The distance of the result from the original, where comparing their outputs on one input is not the question. */
  distance?(onnx: Uint8Array): Promise<number>;
  /** True if a result that agrees is worth taking instead of what there was. @default always */
  worth?(before: Uint8Array, after: Uint8Array): Promise<boolean>;
}

/** The outcome of a pass. */
export interface PassReport {
  readonly name: string;
  /** `unneeded`: nothing to change; `dropped`: it differed; `declined`: it agreed and was not worth it. */
  readonly outcome: "kept" | "dropped" | "declined" | "unneeded";
  /** The distance of its result from the original; null where that was not tried. */
  readonly distance: number | null;
}

/** Options for running passes. */
export interface PassOptions {
  /** An input to try each result on; without one results are taken untried. */
  readonly feeds?: Readonly<Record<string, FloatTensor>> | undefined;
  /** The outputs that each result is held against. @default those of the network that the passes begin with */
  readonly wanted?: Readonly<Record<string, FloatTensor>> | undefined;
  /** The distance of outputs from those wanted. @default {@link outputDistance} */
  readonly compare?: typeof outputDistance | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called before each pass. */
  readonly onPass?: ((pass: Pass, index: number) => void) | undefined;
}

/** The result of {@link runPasses}. */
export interface PassResult {
  readonly model: OnnxModel;
  readonly onnx: Uint8Array;
  readonly passes: readonly PassReport[];
  /** The distance of the result from the network it began as; null where it was not tried, 0 where nothing was changed. */
  readonly distance: number | null;
  /**
   * The distance by which the network's own rounding moves its output, see {@link roundingOf}; null where nothing gave cause to
   * measure it.
   */
  readonly rounding: number | null;
}

/**
 * A disagreement of up to so many times a network's own rounding says nothing about the pass: 1e-4, the usual tolerance,
 * is about so many times the rounding of a sound network.
 */
const ROUNDING_FACTOR = 100;

/**
 * Applies passes one after another, runs each result and holds it against the original.
 *
 * A result that differs is left aside or refused, as the pass says. A pass that says `refuse` is left aside too where
 * the network's own rounding moves its output about as far: then no spelling agrees with any other.
 *
 * Throws    FaceError BAD_MODEL for a result that differs, ABORTED
 */
export async function runPasses(
  start: OnnxModel,
  bytes: Uint8Array,
  passes: readonly Pass[],
  options: PassOptions = {},
): Promise<PassResult> {
  const { feeds, compare = outputDistance, signal, onPass } = options;
  const wanted = feeds && (options.wanted ?? (await outputsOf(bytes, feeds)));
  const reports: PassReport[] = [];
  let model = start;
  let onnx = bytes;
  let distance: number | null = feeds ? 0 : null;
  let rounding: number | null = null;
  for (const [index, pass] of passes.entries()) {
    throwIfAborted(signal);
    onPass?.(pass, index);
    const changed = pass.apply(model);
    if (!changed || changed === model) {
      reports.push({ name: pass.name, outcome: "unneeded", distance: null });
      continue;
    }
    const candidate = encodeOnnx(changed);
    const differs = pass.distance
      ? await pass.distance(candidate)
      : feeds && wanted
        ? compare(wanted, await outputsOf(candidate, feeds))
        : null;
    // Negated, so that a distance that is no number is too far.
    if (differs !== null && !(differs <= pass.tolerance)) {
      if (pass.onDisagreement === "refuse") {
        rounding ??= feeds ? await roundingOf(start, feeds) : null;
        if (rounding === null || !(differs <= ROUNDING_FACTOR * rounding)) {
          throw new FaceError("BAD_MODEL", {
            where: pass.name,
            expected: `the network to agree within ${pass.tolerance}`,
            got: differs.toPrecision(2),
          });
        }
      }
      reports.push({ name: pass.name, outcome: "dropped", distance: differs });
      continue;
    }
    if (pass.worth && !(await pass.worth(onnx, candidate))) {
      reports.push({ name: pass.name, outcome: "declined", distance: differs });
      continue;
    }
    reports.push({ name: pass.name, outcome: "kept", distance: differs });
    model = changed;
    onnx = candidate;
    if (!pass.distance) distance = differs;
  }
  return { model, onnx, passes: reports, distance, rounding };
}

/** A network whose output moves by more than this when its weights change in their last bit is called ill-conditioned. */
export const ILL_CONDITIONED = 1e-4;

/** Notes for a person about a network whose rounding moves its output. */
export function roundingNote(rounding: number): string {
  return `ill-conditioned: a change of its weights in their last bit moves its output by ${rounding.toPrecision(2)} of its length, so that another way of computing it, or another machine, may give other vectors; it is computed as its file spells it`;
}
