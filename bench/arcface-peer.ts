/**
 * arcface with the line protocol of the programs in `peers/`: photographs in on standard input, times out.
 *
 * node --import tsx bench/arcface-peer.ts WORKERS
 */
import { createInterface } from "node:readline";
import { ModelStore, Recognizer, RecognizerPool } from "arcface-ts";

const workers = Number(process.argv[2] ?? 1);
const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const alone = workers === 1 ? await Recognizer.open({ store }) : undefined;
const pool = alone ? undefined : await RecognizerPool.open({ store, workers });

async function countFaces(paths: readonly string[]): Promise<number> {
  let faces = 0;
  if (alone) for (const path of paths) faces += (await alone.faces(path)).faces.length;
  else {
    for await (const result of pool!.faces(paths)) {
      if (result.kind === "failed") throw result.error;
      faces += result.photograph.faces.length;
    }
  }
  return faces;
}

const samples = [...(await store.pull("sample-photographs")).values()];
for (let i = 0; i < 3; i++) await countFaces(samples);
console.log(JSON.stringify({ ready: true, workers }));
for await (const line of createInterface({ input: process.stdin })) {
  const { paths } = JSON.parse(line) as { paths: string[] };
  const start = performance.now();
  const faces = await countFaces(paths);
  console.log(
    JSON.stringify({ ms: performance.now() - start, images: paths.length, faces, embedded: faces }),
  );
}
await alone?.close();
await pool?.close();
