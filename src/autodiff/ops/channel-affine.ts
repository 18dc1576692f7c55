import type { Operation } from "../operation.ts";
import { axesOf, expectThat, float, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";
import { channelDot } from "./channel-dot.ts";
import { channelSum } from "./channel-sum.ts";

interface Terms {
  readonly shift: boolean;
  readonly added: boolean;
}

const CHANNEL_AFFINE: Operation<Terms> = {
  name: "channel-affine",
  result(inputs, terms) {
    const [x, scale, ...rest] = inputs;
    const [, c = 0] = axesOf("channel-affine", x!, 4);
    const vectors = terms.shift ? [scale!, rest[0]!] : [scale!];
    const fits = vectors.every(({ shape }) => sameShape(shape, [c]));
    expectThat(fits, "channel-affine", `[${c}] beside`, x!, ...vectors);
    const added = terms.added ? rest.at(-1)! : x!;
    expectThat(sameShape(added.shape, x!.shape), "channel-affine", "maps of one shape", x!, added);
    return float(x!.shape);
  },
  evaluate(inputs, value, terms) {
    const [x, scale, ...rest] = inputs;
    const [, c = 0, height = 0, width = 0] = value.shape;
    return x!.map((v, i) => {
      const channel = Math.floor(i / (height * width)) % c;
      const shift = terms.shift ? rest[0]![channel]! : 0;
      return v * scale![channel]! + shift + (terms.added ? rest.at(-1)![i]! : 0);
    });
  },
  gradient(y, dy, terms) {
    const [x, scale] = y.inputs as [Value, Value];
    const shares = [channelAffine(dy, scale), channelDot(dy, x)];
    if (terms.shift) shares.push(channelSum(dy));
    if (terms.added) shares.push(dy);
    return shares;
  },
  // A batch norm whose statistics change nothing is one pass over memory.
  plain(emit, inputs, value, terms) {
    const [x = "", scale = "", ...rest] = inputs;
    const [, c = 0] = value.shape;
    const zeros = emit.floats([c], new Float32Array(c));
    const ones = emit.floats([c], new Float32Array(c).fill(1));
    const y = emit.node("BatchNormalization", [x, scale, terms.shift ? rest[0]! : zeros, zeros, ones], {
      epsilon: { float: 0 },
    });
    return terms.added ? emit.node("Add", [y, rest.at(-1)!]) : y;
  },
  blocked(emit, value, terms) {
    const [x, scale, ...rest] = value.inputs as [Value, Value, ...Value[]];
    const [, c = 0] = value.shape;
    if (!emit.blocks(c)) return undefined;
    const inputs = [emit.blocked(x), emit.reshape(emit.plain(scale), [c, 1, 1, 1])];
    if (terms.shift || terms.added) inputs.push(terms.shift ? emit.plain(rest[0]!) : "");
    if (terms.added) inputs.push(emit.blocked(rest.at(-1)!));
    return emit.channelBlocked(emit.blockedNode("Conv", inputs, { kernel_shape: [1, 1], group: c }));
  },
};

/**
 * Each channel scaled and moved, and other maps added.
 *
 * Formula   x·scale + shift + added
 * Shapes    x, added [N, C, H, W]; scale, shift [C]
 */
export function channelAffine(
  x: Value,
  scale: Value,
  more: { readonly shift?: Value; readonly added?: Value } = {},
): Value {
  const { shift, added } = more;
  const inputs = [x, scale, ...(shift ? [shift] : []), ...(added ? [added] : [])];
  return x.tape.apply(CHANNEL_AFFINE, inputs, { shift: !!shift, added: !!added });
}
