import { floatTensorOf, memoryTensor, writeCheckpoint } from "../../checkpoints/index.ts";
import { FaceError } from "../../core/index.ts";
import type { Batch, PictureShape } from "../data/index.ts";
import type { StepMeasures } from "./events.ts";

/**
 * Ends a run whose loss is not finite; the batch that did it is kept for a closer look.
 *
 * Throws    FaceError DIVERGED
 */
export function stopDiverged(path: string, batch: Batch, shape: PictureShape, measures: StepMeasures): never {
  const rows = batch.labels.length;
  const bytesOf = (values: Int32Array | Uint32Array): Uint8Array =>
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  writeCheckpoint(path, "safetensors", [
    floatTensorOf("images", [rows, ...shape], batch.images),
    memoryTensor("labels", "int32", [rows], bytesOf(batch.labels)),
    memoryTensor("indices", "uint32", [rows], bytesOf(batch.indices)),
  ]);
  throw new FaceError("DIVERGED", {
    where: `step ${batch.step}`,
    expected: "a finite loss",
    got: measures.loss,
    note: `its batch is in ${path} and the checkpoints are from before; a lower learning rate, a warm-up or a smaller clipNorm may help`,
  });
}
