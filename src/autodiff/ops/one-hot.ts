import type { Operation } from "../operation.ts";
import { expectThat, float } from "../shapes.ts";
import type { Value } from "../value.ts";

const ONE_HOT: Operation<{ readonly classes: number }> = {
  name: "one-hot",
  result([labels], { classes }) {
    const fits = labels!.type === "int" && labels!.shape.length === 1;
    expectThat(fits, "one-hot", "labels", labels!);
    return float([labels!.shape[0]!, classes]);
  },
  evaluate([labels], _value, { classes }) {
    const y = new Float64Array(labels!.length * classes);
    for (const [row, label] of labels!.entries())
      if (label >= 0 && label < classes) y[row * classes + label] = 1;
    return y;
  },
  gradient: () => [undefined],
  // Not ONNX's OneHot: that counts negative labels from the end.
  plain(emit, [labels = ""], { shape }, { classes }) {
    const all = emit.int32(
      [1, classes],
      Int32Array.from({ length: classes }, (_, i) => i),
    );
    const own = emit.node("Equal", [emit.reshape(labels, [shape[0]!, 1]), all]);
    return emit.node("Cast", [own], { to: 1 });
  },
};

/**
 * Rows that are 1 at their label and 0 elsewhere; all 0 for a label outside 0…classes − 1, −1 above all.
 *
 * Shapes    labels [N] → [N, classes]
 */
export const oneHot = (labels: Value, classes: number): Value =>
  labels.tape.apply(ONE_HOT, [labels], { classes });
