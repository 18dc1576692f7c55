import { afterAll, describe, expect, test } from "vitest";
import { PIPELINE, type StoreUnderTest, ticking } from "./engine.contract.ts";
import { Gallery, storeOf } from "./gallery.ts";
import type { NewShare } from "./jobs/job.ts";
import type { JobStore } from "./jobs/job-store.ts";
import { MadeFaces } from "./made-faces.ts";

const AT = "2026-06-01T12:00:00.000Z";
const LONG = 60_000;
const KINDS = ["enrol", "cluster", "map"];

const share = (ordinal: number, input: unknown = [], step: NewShare["step"] = "work"): NewShare => ({
  ordinal,
  step,
  units: Array.isArray(input) ? input.length : 0,
  input: JSON.stringify(input),
});
const done = (counts: Record<string, number> = {}, outcome: unknown = []) => ({
  counts,
  outcome: JSON.stringify(outcome),
});
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The contract of every engine's long work; called once for each. */
export function jobsContract(engine: StoreUnderTest): void {
  const title = engine.missing === undefined ? engine.name : `${engine.name} (skipped: ${engine.missing})`;
  describe.skipIf(engine.missing !== undefined)(`${title} keeps long work:`, () => {
    const opened: Gallery[] = [];
    const fresh = async (): Promise<{ gallery: Gallery; jobs: JobStore; other: JobStore }> => {
      const store = await engine.create(PIPELINE, { threshold: 0.4, keepCrops: true });
      const gallery = new Gallery(store, { clock: ticking() });
      const again = new Gallery(await engine.again(store), { clock: ticking() });
      opened.push(gallery, again);
      return { gallery, jobs: gallery.jobs, other: again.jobs };
    };
    afterAll(async () => {
      for (const gallery of opened) await gallery.close();
    });

    test("shares are handed out once each, in order, to whoever asks, and a job whose shares are done is done", async () => {
      const { jobs, other } = await fresh();
      const input = JSON.stringify({ folder: "/photos" });
      const id = await jobs.create(
        { kind: "enrol", input, shares: [share(1, ["a", "b"]), share(2, ["c"])] },
        AT,
      );
      expect(await other.job(id)).toMatchObject({
        kind: "enrol",
        state: "waiting",
        total: 3,
        done: 0,
        input,
      });
      const one = (await jobs.claim("one", LONG, AT, KINDS))!;
      expect(await other.claim("two", LONG, AT, ["map"])).toBeUndefined();
      const two = (await other.claim("two", LONG, AT, KINDS))!;
      expect(await jobs.claim("one", LONG, AT, KINDS)).toBeUndefined();
      expect([one, two]).toMatchObject([
        {
          job: id,
          ordinal: 1,
          fence: 1,
          tries: 1,
          kind: "enrol",
          units: 2,
          input: '["a","b"]',
          jobInput: input,
        },
        { job: id, ordinal: 2, fence: 1, tries: 1 },
      ]);
      const { revision } = (await jobs.job(id))!;
      expect(await other.finish(two, done({ enrolled: 1 }, ["c is in"]), AT)).toBe(true);
      expect(await jobs.job(id)).toMatchObject({ state: "running", done: 1, counts: { enrolled: 1 } });
      expect((await jobs.job(id))!.revision).toBeGreaterThan(revision);
      expect(await jobs.finish(one, done({ enrolled: 1, "no-face": 1 }), AT)).toBe(true);
      expect(await other.job(id)).toMatchObject({
        state: "done",
        done: 3,
        counts: { enrolled: 2, "no-face": 1 },
      });
      expect(await jobs.outcomes(id, { limit: 9 })).toMatchObject([
        { ordinal: 1, outcome: "[]" },
        { ordinal: 2, outcome: '["c is in"]' },
      ]);
    });

    test("a share whose holder is silent is taken over, and what the former holder still says is refused", async () => {
      const { gallery, jobs, other } = await fresh();
      const id = await jobs.create({ kind: "enrol", input: "{}", shares: [share(1, ["a"])] }, AT);
      const dead = (await jobs.claim("dead", LONG, AT, KINDS))!;
      expect(await other.claim("heir", LONG, AT, KINDS)).toBeUndefined();
      await jobs.renew(dead, 1);
      await later(20);
      const heir = (await other.claim("heir", LONG, AT, KINDS))!;
      expect(heir).toMatchObject({ ordinal: 1, fence: dead.fence + 1, tries: 2 });
      expect(await jobs.renew(dead, LONG)).toBe(false);
      expect(await jobs.finish(dead, done({ enrolled: 1 }), AT)).toBe(false);
      expect(await jobs.fail(dead, { code: "INTERNAL", message: "late" }, AT)).toBe(false);
      const made = new MadeFaces(7);
      const people = [{ name: "Ann", faces: [made.face(made.direction())] }];
      await expect(gallery.enrol(people, "enrol", dead)).rejects.toMatchObject({ code: "ABORTED" });
      expect(await gallery.records.stats()).toMatchObject({ faces: 0 });
      await gallery.enrol(people, "enrol", heir);
      expect(await other.finish(heir, done({ enrolled: 1 }), AT)).toBe(true);
      expect(await other.finish(heir, done({ enrolled: 1 }), AT)).toBe(false);
      expect(await jobs.job(id)).toMatchObject({ state: "done", counts: { enrolled: 1 } });
    });

    test("a lease that is prolonged is not taken over, and a share that is given back is taken at once", async () => {
      const { jobs, other } = await fresh();
      await jobs.create({ kind: "enrol", input: "{}", shares: [share(1)] }, AT);
      const held = (await jobs.claim("one", 1, AT, KINDS))!;
      await later(20);
      // Its time is over, and nobody has noticed.
      expect(await jobs.renew(held, LONG, { done: 3, total: 9 })).toBe(true);
      expect(await other.job(held.job)).toMatchObject({ done: 3, total: 9, revision: 3 });
      expect(await jobs.renew(held, LONG, { done: 2, total: 9 })).toBe(true);
      expect(await other.job(held.job)).toMatchObject({ done: 3, total: 9, revision: 3 });
      expect(await other.claim("two", LONG, AT, KINDS)).toBeUndefined();
      await jobs.release(held);
      expect(await other.claim("two", LONG, AT, KINDS)).toMatchObject({ fence: held.fence + 1, tries: 1 });
    });

    test("a share is parted among its holder and those who come later, and one that gets further has its tries again", async () => {
      const { jobs, other } = await fresh();
      const id = await jobs.create(
        { kind: "enrol", input: "{}", shares: [share(1, ["a", "b", "c"]), share(2, ["d"])] },
        AT,
      );
      const dead = (await jobs.claim("dead", 1, AT, KINDS))!;
      await later(20);
      const held = (await other.claim("heir", 1, AT, KINDS))!;
      expect(held).toMatchObject({ ordinal: 1, tries: 2 });
      const parts = [share(0, ["a", "b"]), share(0, ["c"])];
      expect(await jobs.split(dead, parts)).toBe(false);
      expect(await other.split(held, parts)).toBe(true);
      await later(20);
      const again = (await jobs.claim("one", LONG, AT, KINDS))!;
      expect(again).toMatchObject({ ordinal: 1, input: '["a","b"]', units: 2, tries: 2 });
      expect(await jobs.renew(again, 1, { done: 1, total: 4 })).toBe(true);
      await later(20);
      const third = (await jobs.claim("one", LONG, AT, KINDS))!;
      expect(third).toMatchObject({ ordinal: 1, tries: 2, fence: 4 });
      const two = (await other.claim("two", LONG, AT, KINDS))!;
      const last = (await other.claim("two", LONG, AT, KINDS))!;
      expect([two, last]).toMatchObject([
        { ordinal: 2, input: '["d"]', tries: 1 },
        { ordinal: 3, input: '["c"]', units: 1, step: "work", tries: 1, fence: 1 },
      ]);
      for (const each of [third, two]) await jobs.finish(each, done(), AT);
      expect(await jobs.job(id)).toMatchObject({ state: "running", total: 4 });
      await other.finish(last, done(), AT);
      expect(await jobs.job(id)).toMatchObject({ state: "done" });
    });

    test("work waits until it is planned, and the last share for all others", async () => {
      const { jobs, other } = await fresh();
      const id = await jobs.create(
        { kind: "cluster", input: "{}", shares: [share(0, {}, "plan"), share(1_000_000, {}, "finish")] },
        AT,
      );
      const plan = (await jobs.claim("one", LONG, AT, KINDS))!;
      expect(plan).toMatchObject({ step: "plan" });
      expect(await jobs.addShares(plan, [share(1, ["a"]), share(2, ["b"])], AT)).toBe(true);
      // A plan that is made a second time puts its shares in the former ones' place.
      expect(await jobs.addShares(plan, [share(2, ["b", "c"])], AT)).toBe(true);
      expect(await other.claim("two", LONG, AT, KINDS)).toBeUndefined();
      await jobs.finish(plan, done(), AT);
      expect(await jobs.job(id)).toMatchObject({ step: "work", total: 3 });
      const [one, two] = [
        (await jobs.claim("one", LONG, AT, KINDS))!,
        (await other.claim("two", LONG, AT, KINDS))!,
      ];
      await jobs.finish(one, { ...done(), vectors: Uint8Array.of(1, 2) }, AT);
      expect(await jobs.claim("one", LONG, AT, KINDS)).toBeUndefined();
      await other.finish(two, done(), AT);
      const last = (await jobs.claim("one", LONG, AT, KINDS))!;
      expect(last).toMatchObject({ step: "finish" });
      expect([...(await jobs.outcomes(id, { after: 0, limit: 1 }))[0]!.vectors!]).toEqual([1, 2]);
      await jobs.finish(last, { ...done(), result: '{"groups":[]}' }, AT);
      expect(await jobs.job(id)).toMatchObject({ state: "done", done: 3 });
      expect(await other.result(id)).toBe('{"groups":[]}');
      // The vectors of unknown people are not kept.
      expect((await jobs.outcomes(id, { limit: 9 })).map(({ vectors }) => vectors)).toEqual([
        null,
        null,
        null,
        null,
      ]);
    });

    test("a job that is cancelled or fails hands out nothing more and lets its pictures go, and stays as it ended", async () => {
      const { jobs, other } = await fresh();
      const files = [Uint8Array.of(1, 2, 3)];
      const id = await jobs.create(
        { kind: "enrol", input: "{}", shares: [share(1, ["a"]), share(2)], files },
        AT,
      );
      expect([...(await other.file(id, 0))!]).toEqual([1, 2, 3]);
      const held = (await jobs.claim("one", LONG, AT, KINDS))!;
      expect(await other.cancel(id, AT)).toBe(true);
      expect(await other.cancel(id, AT)).toBe(false);
      expect(await jobs.renew(held, LONG)).toBe(false);
      expect(await jobs.finish(held, done(), AT)).toBe(false);
      expect(await jobs.claim("one", LONG, AT, KINDS)).toBeUndefined();
      expect(await jobs.job(id)).toMatchObject({ state: "cancelled", error: null });
      expect(await other.file(id, 0)).toBeUndefined();
      const second = await jobs.create({ kind: "map", input: "{}", shares: [share(1)] }, AT);
      const error = { code: "STORAGE", message: "no room" };
      expect(await jobs.fail((await jobs.claim("one", LONG, AT, KINDS))!, error, AT)).toBe(true);
      expect(await jobs.job(second)).toMatchObject({ state: "failed", error });
      expect((await jobs.jobs({ limit: 9 })).map((job) => job.id)).toEqual([second, id]);
      expect((await jobs.jobs({ after: second, limit: 9 })).map((job) => job.id)).toEqual([id]);
    });

    test("jobs that ended before a moment are removed with all that they left, others are not", async () => {
      const { jobs, other } = await fresh();
      const create = async () =>
        await jobs.create({ kind: "enrol", input: "{}", shares: [share(1, ["a"])] }, AT);
      const [done1, cancelled, open, late] = [await create(), await create(), await create(), await create()];
      await jobs.finish((await jobs.claim("one", LONG, AT, KINDS))!, { ...done(), result: "{}" }, AT);
      await jobs.cancel(cancelled, AT);
      await jobs.cancel(late, "2026-06-03T00:00:00.000Z");
      expect(await other.purge("2026-06-01T00:00:00.000Z")).toBe(0);
      expect(await other.purge("2026-06-02T00:00:00.000Z")).toBe(2);
      expect(await other.purge("2026-06-02T00:00:00.000Z")).toBe(0);
      expect((await jobs.jobs({ limit: 9 })).map((job) => job.id)).toEqual([late, open]);
      expect(await jobs.job(done1)).toBeUndefined();
      expect(await jobs.outcomes(done1, { limit: 9 })).toEqual([]);
      expect(await jobs.result(done1)).toBeUndefined();
      // A number is never another job's.
      expect(await create()).toBeGreaterThan(late);
      expect(await jobs.claim("one", LONG, AT, KINDS)).toMatchObject({ job: open });
    });

    test("whoever is forgotten is in no job any more: not in what is to be done, nor in what was", async () => {
      const { gallery, jobs } = await fresh();
      const made = new MadeFaces(8);
      for (const name of ["Ann Smith", "Bob Jones"])
        await gallery.enrol([{ name, faces: [made.face(made.direction(), `/photos/${name}/1.jpg`)] }]);
      const ended = await jobs.create(
        { kind: "enrol", input: '{"folder":"/photos"}', shares: [share(1, [{ person: "Ann Smith" }])] },
        AT,
      );
      await jobs.finish((await jobs.claim("one", LONG, AT, KINDS))!, done({ known: 1 }, ["Ann Smith"]), AT);
      const items = [
        { person: "Ann Smith", file: 0 },
        { person: "Bob Jones", file: 1 },
      ];
      const id = await jobs.create(
        {
          kind: "enrol",
          input: '{"folder":"/photos"}',
          shares: [share(1, ["x"]), share(2, items)],
          files: [Uint8Array.of(1), Uint8Array.of(2)],
        },
        AT,
      );
      const first = (await jobs.claim("one", LONG, AT, KINDS))!;
      await jobs.finish(first, done({}, [{ like: "Ann Smith" }, { like: "Bob Jones" }]), AT);
      const held = (await jobs.claim("one", LONG, AT, KINDS))!;
      const receipt = await gallery.forget(["Ann Smith"]);
      expect(receipt.finished).toBe(true);
      expect(await jobs.outcomes(ended, { limit: 9 })).toEqual([]);
      expect(await jobs.job(ended)).toMatchObject({ state: "done", counts: { known: 1 }, input: "{}" });
      expect(await jobs.outcomes(id, { limit: 9 })).toMatchObject([{ outcome: '[{"like":"Bob Jones"}]' }]);
      expect(await jobs.finish(held, done(), AT)).toBe(false);
      expect(await jobs.claim("two", LONG, AT, KINDS)).toMatchObject({
        input: '[{"person":"Bob Jones","file":1}]',
      });
      expect(await jobs.file(id, 0)).toBeUndefined();
      expect([...(await jobs.file(id, 1))!]).toEqual([2]);
      // A job that is about one person's folder goes with the person.
      const own = await jobs.create(
        { kind: "enrol", input: '{"folder":"/photos/Bob Jones"}', shares: [share(1)] },
        AT,
      );
      await gallery.forget(["Bob Jones"]);
      expect(await jobs.job(own)).toBeUndefined();
      expect(storeOf(gallery).jobs).toBeDefined();
    });
  });
}
