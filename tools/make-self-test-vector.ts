/**
 * Writes src/recognise/self-test-vector.ts: what the self-test's TFLite file gives for the self-test's crop by
 * the plain evaluator of the format, which shares no arithmetic with the engine. Run: npx tsx tools/make-self-test-vector.ts
 */
import { readFile, writeFile } from "node:fs/promises";
import { evaluateTflite, readTflite } from "../src/checkpoints/tflite/index.ts";
import { ModelStore } from "../src/models/index.ts";
import { SELF_TEST_MODEL, selfTestCrop } from "../src/recognise/self-test.ts";

const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const [path] = [...(await store.pull(SELF_TEST_MODEL)).values()];
const crop = selfTestCrop();
const data = Float32Array.from(crop.data, (byte) => (byte - 127.5) / 127.5);
const [output] = [
  ...evaluateTflite(readTflite(await readFile(path!)), { shape: [1, 112, 112, 3], data }).values(),
];
const length = Math.hypot(...output!.data);
const digits = Array.from(output!.data, (value) => Number((value / length).toFixed(6)));
await writeFile(
  new URL("../src/recognise/self-test-vector.ts", import.meta.url),
  `/** The vector that ${SELF_TEST_MODEL} gives for the self-test's crop; written by tools/make-self-test-vector.ts. */
export const SELF_TEST_VECTOR: readonly number[] = ${JSON.stringify(digits)};\n`,
);
