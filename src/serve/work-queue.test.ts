import { expect, test } from "vitest";
import type { PictureResult } from "../recognise/index.ts";
import { type PictureWorkers, WorkQueue } from "./work-queue.ts";

/** A pool of one worker that answers when it is told to, and the pictures it was given. */
function heldPool(workers = 1) {
  const given: number[][] = [];
  const done: (() => void)[] = [];
  const recognise = async (pictures: readonly Uint8Array[]): Promise<PictureResult<never>[]> => {
    given.push(pictures.map(([first]) => first!));
    await new Promise<void>((settle) => done.push(settle));
    return pictures.map(() => ({ kind: "faces", photograph: {} as never }));
  };
  return { given, done, pool: { workers, recognise } as unknown as PictureWorkers };
}

const watch = { waited: () => {}, computed: () => {}, refused: () => {} };
const settled = async (): Promise<void> => await new Promise((settle) => setImmediate(settle));

test("what waits is handed over in batches of one kind, in the order it came", async () => {
  const { given, done, pool } = heldPool();
  const queue = new WorkQueue(pool, { waiting: 10, batch: 3 }, () => 0, watch);
  const all = [1, 2, 3, 4, 5].map((each) => queue.run(Uint8Array.of(each), each === 4 ? "detect" : "faces"));
  for (let i = 0; i < 4; i++) {
    await settled();
    done.shift()?.();
  }
  await Promise.all(all);
  expect(given).toEqual([[1], [2, 3], [4], [5]]);
});

test("beyond its bound it refuses at once, and says when to come back", async () => {
  const { done, pool } = heldPool();
  const queue = new WorkQueue(pool, { waiting: 2, batch: 1 }, () => 0, watch);
  const accepted = [1, 2, 3].map((each) => queue.run(Uint8Array.of(each), "faces"));
  await expect(queue.run(Uint8Array.of(4), "faces")).rejects.toMatchObject({
    code: "OVERLOADED",
    headers: { "Retry-After": "1" },
  });
  for (let i = 0; i < 3; i++) {
    await settled();
    done.shift()?.();
  }
  expect(await Promise.all(accepted)).toHaveLength(3);
});

test("a client that hangs up takes its work out", async () => {
  const { given, done, pool } = heldPool();
  const queue = new WorkQueue(pool, { waiting: 10, batch: 1 }, () => 0, watch);
  const hangUp = new AbortController();
  const first = queue.run(Uint8Array.of(1), "faces");
  const gone = queue.run(Uint8Array.of(2), "faces", hangUp.signal);
  const last = queue.run(Uint8Array.of(3), "faces");
  hangUp.abort();
  await expect(gone).rejects.toMatchObject({ code: "ABORTED" });
  expect(queue.waiting).toBe(1);
  for (let i = 0; i < 2; i++) {
    await settled();
    done.shift()?.();
  }
  await Promise.all([first, last]);
  expect(given).toEqual([[1], [3]]);
});

test("a pool that fails fails those that were handed over, and the next are tried", async () => {
  let calls = 0;
  const recognise = async (pictures: readonly Uint8Array[]): Promise<PictureResult<never>[]> => {
    if (++calls === 1) throw new Error("gone");
    return pictures.map(() => ({ kind: "faces", photograph: {} as never }));
  };
  const pool = { workers: 1, recognise } as unknown as PictureWorkers;
  const queue = new WorkQueue(pool, { waiting: 10, batch: 1 }, () => 0, watch);
  const [first, second] = [queue.run(Uint8Array.of(1), "faces"), queue.run(Uint8Array.of(2), "faces")];
  await expect(first).rejects.toThrow("gone");
  expect(await second).toEqual({});
});
