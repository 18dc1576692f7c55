import { z } from "zod";
import { internal } from "../../core/index.ts";
import { adaFace } from "./adaface.ts";
import { arcFace } from "./arcface.ts";
import { combined } from "./combined.ts";
import { cosFace } from "./cosface.ts";
import { elasticFace } from "./elasticface.ts";
import type { Head, HeadInput, HeadOutput } from "./head.ts";
import { magFace } from "./magface.ts";
import { normalisedSoftmax } from "./normalised-softmax.ts";
import { softmax } from "./softmax.ts";
import { sphereFace } from "./sphereface.ts";
import { subCenterArcFace } from "./sub-center-arcface.ts";

/** Every head, by rising complexity. */
export const HEADS: readonly Head[] = [
  softmax,
  normalisedSoftmax,
  cosFace,
  arcFace,
  sphereFace,
  combined,
  subCenterArcFace,
  adaFace,
  magFace,
  elasticFace,
];

/** A head's name with its settings, as in a configuration file: `{ head: "arcface", marginRad: 0.5, scale: 64 }`. */
export const HeadConfigSchema = z.discriminatedUnion("head", [
  softmax.config,
  normalisedSoftmax.config,
  cosFace.config,
  arcFace.config,
  sphereFace.config,
  combined.config,
  subCenterArcFace.config,
  adaFace.config,
  magFace.config,
  elasticFace.config,
]);

/** A head with all its settings. */
export type HeadConfig = z.output<typeof HeadConfigSchema>;
/** A head with the settings that differ from the defaults. */
export type HeadSettings = z.input<typeof HeadConfigSchema>;

/** Puts the head that a configuration names behind the features. */
export function buildHead(config: HeadConfig, input: HeadInput): HeadOutput {
  const head = HEADS.find(({ name }) => name === config.head);
  if (!head) throw internal(`no head called ${config.head}`);
  return head.build(config, input);
}
