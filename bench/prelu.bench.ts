/**
 * The embedding alone, one thread: each network as its file is, with PReLU as one op, and as this library runs it.
 *
 * npm run bench prelu
 */
import { readFileSync } from "node:fs";
import { readTflite, tfliteToOnnx } from "../src/checkpoints/tflite/index.ts";
import { ModelStore } from "../src/models/index.ts";
import { decodeOnnx, encodeOnnx, rewritePrelu, Session } from "../src/onnx/index.ts";
import { figure } from "./figures.ts";
import { describeMachine, median } from "./machine.ts";

const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const file = async (id: string): Promise<Uint8Array> =>
  readFileSync([...(await store.pull(id)).values()][0]!);
const networks: [string, Uint8Array, readonly number[]][] = [
  ["mobilefacenet-192", encodeOnnx(tfliteToOnnx(readTflite(await file("mobilefacenet-192")))), [1, 16]],
  ["fr-feature-512", await file("fr-feature-512"), [1]],
];
console.log(`${describeMachine()}\none thread, median of interleaved runs`);
for (const [name, withPrelu, batches] of networks) {
  for (const batch of batches) {
    const rewritten = encodeOnnx(rewritePrelu(decodeOnnx(withPrelu)).model);
    const sessions = [await Session.open(withPrelu), await Session.open(rewritten)];
    const input = sessions[0]!.inputs[0]!;
    const data = Float32Array.from({ length: batch * 3 * 112 * 112 }, (_, i) => Math.sin(i));
    const times: number[][] = [[], []];
    for (let round = 0; round < (batch === 1 ? 110 : 25); round++) {
      for (const [i, session] of sessions.entries()) {
        const start = performance.now();
        await session.run({ [input]: { dims: [batch, 3, 112, 112], data } });
        if (round >= 5) times[i]!.push((performance.now() - start) / batch);
      }
    }
    const [before, after] = times.map(median) as [number, number];
    figure(`${name.replaceAll(" ", "-")}.${batch}.prelu-ms`, before);
    figure(`${name.replaceAll(" ", "-")}.${batch}.rewritten-ms`, after);
    console.log(
      `${name.padEnd(18)} batch ${String(batch).padStart(2)}: PRelu op ${before.toFixed(2)} ms, rewritten ${after.toFixed(2)} ms a face, ${(before / after).toFixed(2)}×`,
    );
    for (const session of sessions) await session.close();
  }
}
