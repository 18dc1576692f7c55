import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aborted, FaceError } from "../../src/core/index.ts";
import { createClient } from "../../src/serve/client/index.ts";
import { createApp, type Listening, listen, readPage, type Studies } from "../../src/serve/index.ts";
import { PIPELINE } from "../golden/made-recognizer.ts";
import { clock, MadeRecognition, madeService, pathIn } from "../serve/made-service.ts";
import { axeFindings, CHROMIUM, complaintsOf, openBrowser } from "./browser.ts";

const PAGE = `<!doctype html><html lang="en"><title>made</title><p id="said">no script</p>
<script>
const said = document.getElementById("said");
const tried = [];
try { localStorage.setItem("a", "b"); tried.push("stored"); } catch { tried.push("no storage"); }
fetch("/v1/collections").then(() => tried.push("fetched"), () => tried.push("no fetch")).then(() => { said.textContent = tried.join(", "); });
</script></html>`;

const folder = pathIn("studied");
for (const name of ["good", "bad", "slow"]) mkdirSync(join(folder, name, "Ann"), { recursive: true });
for (const name of ["leaky", "linked"]) mkdirSync(join(folder, name, "Ann"), { recursive: true });
mkdirSync(pathIn("elsewhere/Ann"), { recursive: true });
writeFileSync(pathIn("elsewhere/Ann/1.jpg"), "made:ann-000");
symlinkSync(pathIn("elsewhere/Ann/1.jpg"), join(folder, "leaky", "Ann", "1.jpg"));
symlinkSync(pathIn("elsewhere/Ann"), join(folder, "linked", "Bob"));
symlinkSync(pathIn("elsewhere"), join(folder, "out"));
const asked: string[] = [];
const studies: Studies = {
  folder: pathIn("pages"),
  run: async (kind, people, to, { pipeline, signal, onProgress }) => {
    asked.push(kind);
    expect(pipeline).toEqual(PIPELINE);
    onProgress(1, 2);
    if (people.endsWith("slow") && !existsSync(join(to, "half"))) {
      writeFileSync(join(to, "half"), "");
      await new Promise((settle) => signal.addEventListener("abort", settle));
      throw aborted();
    }
    if (people.endsWith("bad"))
      throw new FaceError("BAD_FILE", { where: kind, expected: "people", reason: "one person only" });
    writeFileSync(join(to, "report.html"), PAGE);
    writeFileSync(join(to, "map.svg"), "<svg/>");
    writeFileSync(join(to, "faces.cache.jsonl"), "{}");
    return "report.html";
  },
};
const stopping = new AbortController();
const collection = "default";
const { app, gallery } = await madeService("studies", { folders: [folder], studies, page: await readPage() });
const working = app.work(stopping.signal);
const client = createClient({ url: "http://127.0.0.1:8080", fetch: app.fetch });
let service: Listening;
let browser: Browser | undefined;
beforeAll(async () => {
  service = await listen(app, { host: "127.0.0.1", port: 0 });
  if (CHROMIUM) browser = await openBrowser();
});
afterAll(async () => {
  stopping.abort();
  await working;
  await browser?.close();
  await service.close();
});

async function ended(job: number) {
  let last: { state: string; error: { message: string } | null } | undefined;
  for await (const each of await client.jobEvents({ collection, job })) last = each;
  return last!;
}

test("a study of a folder that may be read has a page at an address of its own, whose rules shut it in", async () => {
  const { job } = await client.studyJob({ collection, folder: "good" });
  expect(await ended(job)).toMatchObject({ state: "done" });
  expect(await client.jobResult({ collection, job })).toMatchObject({ page: "report.html", folder: "good" });
  const { address } = await client.openPage({ collection, job });
  const page = await app.fetch(new Request(`http://127.0.0.1${address}`));
  expect(await page.text()).toBe(PAGE);
  expect(page.headers.get("content-security-policy")).toMatch(/^sandbox allow-scripts; default-src 'none'; /);
  expect(page.headers.get("cache-control")).toBe("no-store");
  const status = async (file: string, of = address): Promise<number> =>
    (await app.fetch(new Request(`http://127.0.0.1${of.replace("report.html", file)}`))).status;
  expect(await status("map.svg")).toBe(200);
  // Nothing but the page's own kinds of files, and no way out of its folder.
  expect([await status("faces.cache.jsonl"), await status("..%2Fx.html"), await status("none.png")]).toEqual([
    400, 400, 404,
  ]);
  expect(await status("report.html", `/v1/pages/${"a".repeat(32)}/report.html`)).toBe(404);
  expect((await gallery.records.stats()).faces).toBe(0);
});

test("only folders that the service was given are read, by no name and by no link another", async () => {
  expect(await client.folders({ collection })).toEqual({
    folders: [".", "bad", "good", "leaky", "linked", "slow"],
    studies: true,
  });
  asked.length = 0;
  for (const other of ["/etc", "..", "good/../..", "../elsewhere", "out", "out/Ann", "good\0"])
    await expect(client.studyJob({ collection, folder: other }), other).rejects.toMatchObject({
      status: 403,
    });
  const leaky = await client.studyJob({ collection, folder: "leaky" });
  expect(await ended(leaky.job)).toMatchObject({ state: "failed", error: { code: "BAD_FILE" } });
  // A link to a folder is not gone into: nobody is found.
  const linked = await client.studyJob({ collection, folder: "linked" });
  expect(await ended(linked.job)).toMatchObject({ state: "failed", error: { code: "BAD_FILE" } });
  expect(asked).toEqual([]);
});

test("work without a page, folders that show nothing and services without a place for pages are told so", async () => {
  const map = await client.mapJob({ collection });
  await expect(client.openPage({ collection, job: map.job })).rejects.toMatchObject({ status: 404 });
  const failed = await client.evaluateJob({ collection, folder: "bad" });
  const { state, error } = await ended(failed.job);
  expect([state, asked.at(-1)]).toEqual(["failed", "evaluate"]);
  expect(error!.message).toContain("one person only");
  const without = await madeService("no-studies", { folders: [folder] });
  const other = createClient({ url: "http://127.0.0.1:8080", fetch: without.app.fetch });
  await expect(other.studyJob({ collection, folder: "good" })).rejects.toThrow(/--studies names it/);
  expect((await other.folders({ collection })).studies).toBe(false);
});

test("a study that is cancelled is stopped; one whose service is stopped goes on in the next with what it has", async () => {
  const first = await client.studyJob({ collection, folder: "slow" });
  await expect.poll(async () => (await client.job({ collection, job: first.job })).done).toBe(1);
  await client.cancelJob({ collection, job: first.job });
  expect(await ended(first.job)).toMatchObject({ state: "cancelled" });
  const { gallery: own, app: before } = await madeService("restarted", { folders: [folder], studies });
  const stopped = new AbortController();
  const running = before.work(stopped.signal);
  const { job } = await createClient({ url: "http://127.0.0.1:8080", fetch: before.fetch }).studyJob({
    collection,
    folder: "slow",
  });
  await expect.poll(async () => (await own.jobs.job(job))!.done).toBe(1);
  stopped.abort();
  await running;
  expect((await own.jobs.job(job))!.state).toBe("running");
  const after = createApp({
    recognition: new MadeRecognition(),
    galleries: { default: { gallery: own } },
    clock,
    now: () => performance.now(),
    version: "0.0.0",
    folders: [folder],
    studies,
  });
  const enough = new AbortController();
  const again = after.work(enough.signal);
  await expect.poll(async () => (await own.jobs.job(job))!.state).toBe("done");
  enough.abort();
  await again;
});

test.skipIf(CHROMIUM === undefined)(
  "one is started, watched and opened in a browser; its page's script runs and reaches nothing",
  async () => {
    const page: Page = await browser!.newPage({
      viewport: { width: 1280, height: 900 },
      reducedMotion: "reduce",
    });
    page.setDefaultTimeout(20_000);
    const complaints = complaintsOf(page, service.url);
    await page.goto(`${service.url}/studies`);
    await page.getByRole("combobox", { name: "Folder" }).fill("nowhere");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByRole("alert").waitFor();
    // The browser tells of every refusal itself.
    expect(complaints.splice(0).join()).toMatch(/status of 40\d/);
    await page.getByRole("combobox", { name: "Folder" }).fill("good");
    await page.getByRole("radio", { name: /An evaluation/ }).check();
    await page.getByRole("button", { name: "Start" }).click();
    const row = page.getByRole("listitem").filter({ hasText: "Evaluation of good" });
    const opens = page.waitForEvent("popup");
    await row.getByRole("button", { name: "Open the page" }).click();
    const report = await opens;
    await expect.poll(async () => await report.locator("#said").textContent()).toBe("no storage, no fetch");
    await report.close();
    for (const [width, colorScheme] of [
      [1280, "light"],
      [390, "dark"],
    ] as const) {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme });
      expect(await axeFindings(page)).toEqual([]);
      const wide = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      expect(wide).toBeLessThanOrEqual(0);
    }
    expect(complaints).toEqual([]);
  },
);
