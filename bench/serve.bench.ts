/**
 * The service beside the library's own pool, on the same pictures in the same run, in turns: pictures a second of
 * `/v1/embed`, `/v1/compare` and `/identify` with keep-alive clients in another process, and what an empty queue adds to one
 * answer.
 *
 * The pool is the service's own, warm, with its workers, and decodes in them; it is asked in three ways, and the fastest is the
 * measure: by paths, by bytes one at a time with as many at once as the service has clients, and by bytes four at a time.
 *
 * npm run bench serve -- [PICTURES] [ROUNDS]: needs LFW in ../shared; 96 pictures and 5 rounds by default.
 */
import { fork } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ModelStore, RecognizerPool } from "arcface-ts";
import { Gallery } from "arcface-ts/gallery";
import { createApp, listen } from "arcface-ts/serve";
import { figure } from "./figures.ts";
import { describeMachine, median, sharedFolder } from "./machine.ts";

interface Work {
  readonly url: string;
  readonly path: string;
  readonly pictures: readonly string[];
  readonly clients: number;
  /** Pictures of one request; several go as a form. */
  readonly each: number;
}

interface Done {
  readonly seconds: number;
  readonly ms: readonly number[];
}

const agent = new Agent({ keepAlive: true });

/** Asks and reads the answer, with as little of its own as can be: what a client takes is in the figures. */
async function post(url: string, type: string, body: Uint8Array): Promise<void> {
  const headers = { "Content-Type": type, "Content-Length": body.length };
  await new Promise<void>((settle, fail) => {
    const asked = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => {
        if (response.statusCode === 200) settle();
        else fail(new Error(`expected 200, got ${response.statusCode}`));
      });
    });
    asked.on("error", fail);
    asked.end(body);
  });
}

/** Pictures as a form, written out. */
async function formOf(
  pictures: readonly Uint8Array<ArrayBuffer>[],
): Promise<{ type: string; body: Uint8Array }> {
  const form = new FormData();
  for (const picture of pictures) form.append("pictures", new Blob([picture]));
  const written = new Response(form);
  return { type: written.headers.get("content-type")!, body: new Uint8Array(await written.arrayBuffer()) };
}

/** The clients' half, in a process of its own. */
async function askAll({ url, path, pictures, clients, each }: Work): Promise<Done> {
  const bytes = pictures.map((picture) => Uint8Array.from(readFileSync(picture)));
  const ms: number[] = [];
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let i = next; i < bytes.length; i = next) {
        next += each;
        const { type, body } =
          each === 1 ? { type: "image/jpeg", body: bytes[i]! } : await formOf(bytes.slice(i, i + each));
        const sent = performance.now();
        await post(`${url}${path}`, type, body);
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
  const [count = 96, rounds = 5] = process.argv.slice(2).map(Number);
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
  const ask = async (path: string, clients: number, each: number, some = pictures): Promise<Done> =>
    await new Promise((settle) => {
      client.once("message", (done: Done) => settle(done));
      client.send({ url: listening.url, path, pictures: some, clients, each } satisfies Work);
    });
  const bytes = pictures.map((path) => readFileSync(path));
  const timed = async (work: () => Promise<void>): Promise<number> => {
    const begun = performance.now();
    await work();
    return pictures.length / ((performance.now() - begun) / 1000);
  };
  const byBytes = async (atOnce: number, each: number): Promise<void> => {
    let next = 0;
    const caller = async (): Promise<void> => {
      for (let i = next; i < bytes.length; i = next) {
        next += each;
        for (const result of await pool.recognise(bytes.slice(i, i + each), "faces"))
          if (result.kind === "failed") throw result.error;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, caller));
  };
  const ways: Readonly<Record<string, () => Promise<number>>> = {
    "pool, by paths": () =>
      timed(async () => {
        for await (const result of pool.faces(pictures)) if (result.kind === "failed") throw result.error;
      }),
    "pool, by bytes": () => timed(async () => await byBytes(8, 1)),
    "pool, four at a time": () => timed(async () => await byBytes(2 * pool.workers, 4)),
    "/v1/embed": async () => pictures.length / (await ask("/v1/embed", 8, 1)).seconds,
    "/v1/compare": async () => pictures.length / (await ask("/v1/compare", 8, 2)).seconds,
    "/identify": async () => pictures.length / (await ask("/v1/collections/default/identify", 8, 1)).seconds,
  };
  const rates = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as number[]]));
  for (const way of Object.values(ways)) await way();
  const order = Object.entries(ways);
  for (let round = 0; round < rounds; round++) {
    // Another order every round: nobody is always behind the same one.
    for (const [name, way] of [...order.slice(round % order.length), ...order.slice(0, round % order.length)])
      rates[name]!.push(await way());
  }
  // An empty queue: one request at a time beside the same picture handed to the pool, now the one first and now the other.
  const added: number[] = [];
  for (let round = 0; round < 4; round++)
    for (const [i, path] of pictures.slice(0, 30).entries()) {
      const direct = async (): Promise<number> => {
        const begun = performance.now();
        await pool.recognise([bytes[i]!], "faces");
        return performance.now() - begun;
      };
      const asked = async (): Promise<number> => (await ask("/v1/embed", 1, 1, [path])).ms[0]!;
      const [own, served] =
        round % 2 === 0
          ? [await direct(), await asked()]
          : await asked().then(async (served): Promise<[number, number]> => [await direct(), served]);
      added.push(served - own);
    }
  const pools = Object.keys(ways).filter((name) => name.startsWith("pool"));
  const best = pools.reduce((a, b) => (median(rates[a]!) >= median(rates[b]!) ? a : b));
  console.log(describeMachine());
  console.log(`${pictures.length} pictures, ${rounds} rounds, 8 clients, ${pool.workers} workers`);
  for (const name of Object.keys(ways)) {
    const share = median(rates[name]!.map((rate, round) => rate / rates[best]![round]!));
    const key = name.startsWith("pool") ? name.replaceAll(/\W+/g, "-") : name.split("/").at(-1)!;
    figure(`${key}.pictures-per-second`, median(rates[name]!));
    figure(`${key}.least`, Math.min(...rates[name]!));
    figure(`${key}.most`, Math.max(...rates[name]!));
    if (!name.startsWith("pool")) figure(`${key}.percent-of-pool`, 100 * share);
    console.log(
      `${name}: ${median(rates[name]!).toFixed(1)} pictures/s (${Math.min(...rates[name]!).toFixed(1)} to ${Math.max(...rates[name]!).toFixed(1)}), ${(100 * share).toFixed(0)} % of "${best}"`,
    );
  }
  console.log(`empty queue adds ${median(added).toFixed(1)} ms (median of ${added.length})`);
  figure("empty-queue.added-ms", median(added));
  figure("empty-queue.requests", added.length);
  client.kill();
  await listening.close();
  rmSync(folder, { recursive: true, force: true });
}
