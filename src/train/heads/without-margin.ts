import type { HeadConfig } from "./catalogue.ts";

/**
 * The same head with no margin, so that a state of one fits the other; undefined for heads that have none, and for those
 * whose margin cannot be set to nothing.
 */
export function withoutMargin(config: HeadConfig): HeadConfig | undefined {
  switch (config.head) {
    case "arcface":
    case "sub-center-arcface":
      return { ...config, marginRad: 0 };
    case "cosface":
    case "adaface":
      return { ...config, margin: 0 };
    case "elasticface":
      return { ...config, margin: 0, std: 0 };
    case "combined":
      return { ...config, m1: 1, m2: 0, m3: 0 };
    case "softmax":
    case "normalised-softmax":
    case "sphereface":
    case "magface":
      return undefined;
    default:
      return config satisfies never;
  }
}
