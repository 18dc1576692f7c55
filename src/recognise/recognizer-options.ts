import { checkOptions, OPTION_KINDS, type OptionKind, optionsAmong } from "../core/index.ts";
import type { ContractOptions } from "../models/index.ts";
import type { RecognizerOptions } from "./recognizer.ts";

const { text, flag, number, above0, count, numbers, object, textOrObject, listener, signal } = OPTION_KINDS;

/** Options of any longer work. */
export const WORK_KINDS = { signal, onProgress: listener };

/** Every option of a recognizer. Those of a finder are among them: whoever has a recognizer's may hand over all. */
const RECOGNIZER_KINDS: Readonly<Record<keyof RecognizerOptions, OptionKind>> = {
  ...WORK_KINDS,
  detector: text,
  model: text,
  contract: object,
  minFacePx: above0,
  maxPixels: above0,
  maxSidePx: above0,
  turned: flag,
  flip: flag,
  calibration: textOrObject,
  threshold: number,
  onWarning: listener,
  store: object,
};

const POOL_KINDS = { ...RECOGNIZER_KINDS, workers: count };

const CONTRACT_KINDS: Readonly<Record<keyof ContractOptions, OptionKind>> = {
  input: text,
  output: text,
  layout: text,
  sizePx: count,
  channels: text,
  mean: numbers,
  scale: numbers,
  dimension: count,
  preset: text,
  under: text,
};

/** Throws FaceError USAGE for options that a recognizer or a finder does not have or that are of another kind. */
export function checkRecognizerOptions(where: string, options: RecognizerOptions): void {
  checkOptions(where, options, RECOGNIZER_KINDS);
  if (options.contract) checkOptions(`${where}: contract`, options.contract, CONTRACT_KINDS);
}

/** The same for a pool's. */
export function checkPoolOptions(where: string, options: PoolOpening): void {
  checkOptions(where, options, POOL_KINDS);
  if (options.contract) checkOptions(`${where}: contract`, options.contract, CONTRACT_KINDS);
}

/** Options that a pool of recognizers is opened with. */
export interface PoolOpening extends RecognizerOptions {
  /** Threads, at most one per core. @default one per core */
  readonly workers?: number | undefined;
}

/** The options of a recognizer among those of more: a study's, an evaluation's. */
export function recognizerOptionsAmong(options: RecognizerOptions): RecognizerOptions {
  return optionsAmong<RecognizerOptions>(options, RECOGNIZER_KINDS);
}

/** The options of a pool among those of more. */
export function poolOptionsAmong(options: PoolOpening): PoolOpening {
  return optionsAmong<PoolOpening>(options, POOL_KINDS);
}
