/**
 * Reverse-mode differentiation over ONNX graphs.
 *
 * A tape records operations; from it come gradients, a float64 reference and a graph that onnxruntime runs.
 *
 * ```ts
 * import {
 *   compile,
 *   conv2d,
 *   flatten,
 *   globalAveragePool,
 *   gradients,
 *   linear,
 *   multiply,
 *   relu,
 *   softmaxCrossEntropy,
 *   subtract,
 *   Tape,
 * } from "arcface-ts/autodiff";
 *
 * const drawn = (count: number) => Float32Array.from({ length: count }, () => Math.random() - 0.5);
 * const tape = new Tape();
 * const images = tape.input("images", [32, 1, 28, 28]);
 * const labels = tape.labels("labels", 32);
 * const kernel = tape.parameter("conv.weight", [16, 1, 3, 3], () => drawn(16 * 9));
 * const weight = tape.parameter("fc.weight", [10, 16], () => drawn(160));
 *
 * const maps = relu(conv2d(images, kernel, { padding: 1 }));
 * const logits = linear(flatten(globalAveragePool(maps)), weight);
 * const loss = softmaxCrossEntropy(logits, labels);
 *
 * const [dKernel, dWeight] = gradients(loss, [kernel, weight]);
 * tape.assign(kernel, subtract(kernel, multiply(dKernel!, 0.1)));
 * tape.assign(weight, subtract(weight, multiply(dWeight!, 0.1)));
 * const { model, slots } = compile(tape, { loss });
 * ```
 *
 * Elementwise functions broadcast and take plain numbers: `multiply(cosines, 64)`. Sizes are fixed when they are
 * recorded, the batch included.
 */
export { type CompiledGraph, type CompiledSlot, compile, type Form } from "./compile.ts";
export type { Device } from "./emit/emitter.ts";
export { evaluate } from "./evaluate.ts";
export { gradients } from "./gradients.ts";
export type { Numbers } from "./operation.ts";
export { abs } from "./ops/abs.ts";
export { acos } from "./ops/acos.ts";
export { add } from "./ops/add.ts";
export { type BatchNormResult, batchNorm } from "./ops/batch-norm.ts";
export { broadcastTo } from "./ops/broadcast-to.ts";
export { channelAffine } from "./ops/channel-affine.ts";
export { channelDot } from "./ops/channel-dot.ts";
export { channelSum } from "./ops/channel-sum.ts";
export { clamp } from "./ops/clamp.ts";
export { concat } from "./ops/concat.ts";
export { type Conv2dOptions, conv2d } from "./ops/conv2d.ts";
export { cos } from "./ops/cos.ts";
export { divide } from "./ops/divide.ts";
export { dropout } from "./ops/dropout.ts";
export { equal } from "./ops/equal.ts";
export { exp } from "./ops/exp.ts";
export { flatten } from "./ops/flatten.ts";
export { floor } from "./ops/floor.ts";
export { gatherRows } from "./ops/gather-rows.ts";
export { globalAveragePool } from "./ops/global-average-pool.ts";
export { greater } from "./ops/greater.ts";
export { l2Norm } from "./ops/l2-norm.ts";
export { l2Normalize } from "./ops/l2-normalize.ts";
export { less } from "./ops/less.ts";
export { linear } from "./ops/linear.ts";
export { log } from "./ops/log.ts";
export { logSoftmax } from "./ops/log-softmax.ts";
export { type MatmulOptions, matmul } from "./ops/matmul.ts";
export { maxPool } from "./ops/max-pool.ts";
export { maximum } from "./ops/maximum.ts";
export { minimum } from "./ops/minimum.ts";
export { multiply } from "./ops/multiply.ts";
export { multiplyAdd } from "./ops/multiply-add.ts";
export { negate } from "./ops/negate.ts";
export { oneHot } from "./ops/one-hot.ts";
export { pad } from "./ops/pad.ts";
export { planeDot } from "./ops/plane-dot.ts";
export { planeSum } from "./ops/plane-sum.ts";
export { prelu } from "./ops/prelu.ts";
export { reduceMax } from "./ops/reduce-max.ts";
export { reduceMean } from "./ops/reduce-mean.ts";
export { type ReduceOptions, reduceSum } from "./ops/reduce-sum.ts";
export { relu } from "./ops/relu.ts";
export { reshape } from "./ops/reshape.ts";
export { sigmoid } from "./ops/sigmoid.ts";
export { sin } from "./ops/sin.ts";
export { slice } from "./ops/slice.ts";
export { softmaxCrossEntropy } from "./ops/softmax-cross-entropy.ts";
export { sqrt } from "./ops/sqrt.ts";
export { stopGradient } from "./ops/stop-gradient.ts";
export { straightThrough } from "./ops/straight-through.ts";
export { subtract } from "./ops/subtract.ts";
export { transpose } from "./ops/transpose.ts";
export { where } from "./ops/where.ts";
export { probeBlockSize } from "./probe-block.ts";
export { type Distribution, type ParameterOptions, type Slot, Tape, type TapeInput } from "./tape.ts";
export type { Operand, Value } from "./value.ts";
export type { ElementType, ValueType } from "./value-type.ts";
