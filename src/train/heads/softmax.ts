import { z } from "zod";
import { gatherRows, linear, softmaxCrossEntropy, type Value } from "../../autodiff/index.ts";
import { classCentres, cosinesBetween } from "./class-centres.ts";
import { defineHead, type HeadInput } from "./head.ts";

/**
 * A linear layer and the cross-entropy, as any classifier ends: formula (1) of the article, and what the margin is
 * compared with.
 *
 * Formula   logit_j = ⟨W_j, x⟩ + b_j
 * Gradient  ∂loss/∂logit_j = p_j − [j = y]; lengths of x and W_j count, so an easy sample can be made certain by a
 *           longer x without turning it
 */
export const softmax = defineHead({
  name: "softmax",
  title: "softmax: a plain linear layer",
  config: z.strictObject({
    head: z.literal("softmax"),
    /** True if there is an offset per class. */
    bias: z.boolean().default(true),
  }),
  build({ bias }, input) {
    const { features, labels } = input;
    const weight = classCentres(input);
    const logits = linear(features, weight, bias ? offsets(input) : undefined);
    return { loss: softmaxCrossEntropy(logits, labels), logits, cosines: cosinesBetween(features, weight) };
  },
});

function offsets({ features, classes, sampled }: HeadInput): Value {
  const all = features.tape.parameter("head.bias", [classes], () => new Float32Array(classes), {
    role: "bias",
  });
  return sampled ? gatherRows(all, sampled) : all;
}
