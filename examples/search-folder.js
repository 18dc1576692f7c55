/**
 * In which photographs of a folder is this person? Embeds the folder once, on every core, and asks it.
 *
 * node examples/search-folder.js
 */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { ModelStore, PhotographIndex, Recognizer, RecognizerPool } from "arcface-ts";

const store = new ModelStore({ home: process.env.ARCFACE_HOME });
// For a folder of your own: (await listPhotographs([folder])).paths
const paths = [...(await store.pull("sample-photographs")).values()];

const index = new PhotographIndex();
const pool = await RecognizerPool.open({ store });
try {
  for await (const result of pool.faces(paths)) {
    if (result.kind === "faces") index.add(result.path, result.photograph.faces);
    else console.error(`${result.path}: ${result.error.message}`);
  }
} finally {
  await pool.close();
}

const query = paths.find((path) => path.endsWith("sample1.jpg"));
const recognizer = await Recognizer.open({ store });
try {
  // The photograph that is asked about is left out of its own answer.
  const hits = await recognizer.search(query, index, { k: 3 });
  for (const { path, cosine } of hits) console.log(`${cosine.toFixed(3)}  ${basename(path)}`);
  assert.equal(basename(hits[0].path), "sample3.jpg");
} finally {
  await recognizer.close();
}
