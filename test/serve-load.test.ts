import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type LoadReport, MixedLoad, quantile } from "./serve/mixed-load.ts";
import { facePictures, killStarted, type Started, serve, stop } from "./serve/started.ts";

const folder = mkdtempSync(join(tmpdir(), "arcface-serve-load-"));
afterAll(() => {
  killStarted();
  rmSync(folder, { recursive: true, force: true });
});

const WAITING = 4;

const statusesOf = ({ answers }: LoadReport): number[] =>
  [...new Set(answers.map(({ status }) => status))].sort((a, b) => a - b);

async function expectThere({ url }: Started, people: readonly number[]): Promise<void> {
  expect(people.length).toBeGreaterThan(0);
  for (const id of people)
    expect((await fetch(`${url}/v1/collections/default/persons/${id}`)).status).toBe(200);
}

// `npm run bench serve-overload` is the same for minutes, with memory.
test("half more than it can do is refused with 503, what is accepted is answered in time, and a kill loses nothing acknowledged", async () => {
  const args = ["--gallery", `sqlite:${join(folder, "people.db")}`, "--log-level", "error"];
  const service = await serve(...args, "--create", "--max-wait", String(WAITING));
  const pictures = await facePictures();
  await new MixedLoad(service.url, pictures, "warm").closed(1, 0, 3);
  const begun = performance.now();
  const calm = await new MixedLoad(service.url, pictures, "calm").closed(2, 0, 24);
  expect(statusesOf(calm)).toEqual([200, 201]);
  const perSecond = calm.answers.length / ((performance.now() - begun) / 1000);
  // Enough for thirty requests more than it can do, on a machine that may be busy.
  const ms = Math.min(20_000, 60_000 / perSecond);
  const over = await new MixedLoad(service.url, pictures, "over").open(1.5 * perSecond, ms);
  expect(statusesOf(over)).toEqual([200, 201, 503]);
  const times = over.answers.filter(({ status }) => status < 300).map(({ ms }) => ms);
  // A queue's length and what is at work, at a picture's time each; this process works on the same cores, so three times that.
  const msPerPicture = ms / (times.length * (9 / 8));
  expect(quantile(times, 0.99)).toBeLessThan(3 * (WAITING + 6) * msPerPicture);

  const killed = new AbortController();
  const under = new MixedLoad(service.url, pictures, "killed").open(1.5 * perSecond, 60_000, killed.signal);
  await new Promise((settle) => setTimeout(settle, ms / 2));
  service.child.kill("SIGKILL");
  killed.abort();
  const last = await under;
  await service.ended;
  expect(statusesOf(last)).toEqual(expect.arrayContaining([0, 200, 201]));
  expect(statusesOf(last).filter((status) => ![0, 200, 201, 503].includes(status))).toEqual([]);
  const again = await serve(...args);
  for (const { acknowledged } of [calm, over, last]) await expectThere(again, acknowledged);
  expect(service.log()).toBe("");
  expect((await stop(again)).code).toBe(0);
}, 300_000);
