/**
 * The service beside the library's own pool, on the same pictures in the same run, in turns: pictures a second of
 * `/v1/embed` and `/identify` with keep-alive clients in another process, and what an empty queue adds to one answer.
 *
 * npm run bench serve -- [PICTURES] [ROUNDS]: needs LFW in ../shared; 60 pictures and 4 rounds by default.
 */
import { fork } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ModelStore, RecognizerPool } from "arcface-ts";
import { Gallery } from "arcface-ts/gallery";
import { createApp, listen } from "arcface-ts/serve";
import { describeMachine, median, sharedFolder } from "./machine.ts";

interface Work {
  readonly url: string;
  readonly path: string;
  readonly pictures: readonly string[];
  readonly clients: number;
}

interface Done {
  readonly seconds: number;
  readonly ms: readonly number[];
}

/** The clients' half, in a process of its own. */
async function askAll({ url, path, pictures, clients }: Work): Promise<Done> {
  const bytes = pictures.map((each) => readFileSync(each));
  const ms: number[] = [];
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let i = next++; i < bytes.length; i = next++) {
        const sent = performance.now();
        const headers = { "Content-Type": "image/jpeg" };
        const response = await fetch(`${url}${path}`, { method: "POST", headers, body: bytes[i]! });
        if (response.status !== 200) throw new Error(`expected 200, got ${response.status}`);
        await response.arrayBuffer();
        ms.push(performance.now() - sent);
      }
    }),
  );
  return { seconds: (performance.now() - begun) / 1000, ms };
}

if (process.send) {
  process.on("message", (work: Work) => {
    void askAll(work).then((done) => process.send!(done));
  });
} else await compare();

async function compare(): Promise<void> {
  const [count = 60, rounds = 4] = process.argv.slice(2).map(Number);
  const root = join(sharedFolder(), "data", "lfw", "images");
  const pictures = readdirSync(root)
    .sort()
    .slice(0, count)
    .map((name) => join(root, name, readdirSync(join(root, name)).sort()[0]!));
  const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
  const folder = mkdtempSync(join(tmpdir(), "arcface-bench-"));
  const clock = (): Date => new Date();
  await using pool = await RecognizerPool.open({ store });
  await using gallery = await Gallery.create(`sqlite:${join(folder, "people.db")}`, pool.pipeline, { clock });
  for await (const result of pool.faces(pictures.slice(0, 20)))
    if (result.kind === "faces" && result.photograph.faces[0])
      await gallery.enrol([
        {
          name: result.path.split("/").at(-2)!,
          faces: [
            {
              vector: result.photograph.faces[0].embedding,
              provenance: {
                source: result.path,
                sha256: null,
                box: result.photograph.faces[0].box,
                landmarks: result.photograph.faces[0].landmarks.map(({ x, y }): [number, number] => [x, y]),
                score: 1,
              },
            },
          ],
        },
      ]);
  const app = createApp({
    recognition: pool,
    galleries: { default: { gallery } },
    clock,
    now: () => performance.now(),
    version: "bench",
  });
  const listening = await listen(app, { host: "127.0.0.1", port: 0 });
  const client = fork(fileURLToPath(import.meta.url), { execArgv: process.execArgv });
  const ask = async (path: string, clients: number, some = pictures): Promise<Done> =>
    await new Promise((settle) => {
      client.once("message", (done: Done) => settle(done));
      client.send({ url: listening.url, path, pictures: some, clients } satisfies Work);
    });
  const direct = async (): Promise<number> => {
    const begun = performance.now();
    for await (const result of pool.faces(pictures)) if (result.kind === "failed") throw result.error;
    return pictures.length / ((performance.now() - begun) / 1000);
  };
  const rates = { library: [] as number[], embed: [] as number[], identify: [] as number[] };
  await direct();
  await ask("/v1/embed", 4);
  for (let round = 0; round < rounds; round++) {
    rates.library.push(await direct());
    rates.embed.push(pictures.length / (await ask("/v1/embed", 8)).seconds);
    rates.identify.push(pictures.length / (await ask("/v1/collections/default/identify", 8)).seconds);
  }
  // An empty queue: one request at a time, against the same picture handed to the pool.
  const few = pictures.slice(0, 30);
  const added: number[] = [];
  for (let round = 0; round < 3; round++) {
    const own: number[] = [];
    for (const path of few) {
      const bytes = readFileSync(path);
      const begun = performance.now();
      await pool.recognise([bytes], "faces");
      own.push(performance.now() - begun);
    }
    const { ms } = await ask("/v1/embed", 1, few);
    added.push(...ms.map((each, i) => each - own[i]!));
  }
  const ratios = (name: "embed" | "identify"): number =>
    median(rates[name].map((rate, round) => rate / rates.library[round]!));
  console.log(describeMachine());
  console.log(`${pictures.length} pictures, ${rounds} rounds, 8 clients, ${pool.workers} workers`);
  console.log(`library's pool: ${median(rates.library).toFixed(1)} pictures/s`);
  for (const name of ["embed", "identify"] as const)
    console.log(
      `/${name}: ${median(rates[name]).toFixed(1)} pictures/s, ${(100 * ratios(name)).toFixed(0)} % of the pool`,
    );
  console.log(`empty queue adds ${median(added).toFixed(1)} ms (median)`);
  client.kill();
  await listening.close();
  rmSync(folder, { recursive: true, force: true });
}
