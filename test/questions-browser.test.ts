/// <reference lib="dom" />
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { normalize } from "../src/core/index.ts";
import { type Gallery, unknownName } from "../src/gallery/index.ts";
import { type Listening, listen, readPage } from "../src/serve/index.ts";
import { madeService } from "./serve/made-service.ts";
import { facePictures } from "./serve/started.ts";
import { CHROMIUM, NEEDS_CHROMIUM } from "./web/browser.ts";

let browser: Browser;
let listening: Listening;
let gallery: Gallery;
let crops: readonly Uint8Array[];
const complaints: string[] = [];

/** Enrols somebody with faces at angles in a plane, shown by crops of the sample photographs. */
async function enrol(name: string, ...degrees: readonly number[]): Promise<number[]> {
  const faces = degrees.map((each, i) => {
    const vector = new Float32Array(gallery.pipeline.model.dimension);
    vector[0] = Math.cos((each * Math.PI) / 180);
    vector[1] = Math.sin((each * Math.PI) / 180);
    return {
      vector: normalize(vector),
      provenance: {
        source: `${name}/${i}.jpg`,
        sha256: null,
        box: { x: 1, y: 2, width: 30, height: 40 },
        landmarks: Array.from({ length: 5 }, (_, n): [number, number] => [n, n]),
        score: 1,
      },
      crop: crops[(each + i) % crops.length]!,
    };
  });
  return [...(await gallery.enrol([{ name, faces }])).result[0]!.faces];
}

beforeAll(async () => {
  if (!CHROMIUM) return;
  crops = (await facePictures()).map((bytes) => Uint8Array.from(bytes));
  const page = await readPage(join(import.meta.dirname, "..", "dist", "web"));
  const made = await madeService("questions-browser", { page });
  ({ gallery } = made);
  listening = await listen(made.app, { host: "127.0.0.1", port: 0 });
  await enrol("Ann Example", 0, 4, 8);
  await enrol(unknownName(900), 42, 44);
  await enrol("Mixed Example", 120, 122, 124, 178);
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--headless=new", "--no-sandbox", "--disable-gpu"],
  });
});
afterAll(async () => {
  await browser?.close();
  await listening?.close();
});

async function open(width = 1280, colorScheme: "light" | "dark" = "light"): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 850 }, colorScheme });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${listening.url}/questions`);
  await page.locator(".question h2").waitFor();
  return page;
}

const asked = async (page: Page): Promise<string> => (await page.locator(".question h2").textContent())!;
const people = async (): Promise<string[]> => {
  const found: string[] = [];
  for await (const { name, faces } of gallery.people()) found.push(`${name} ${faces}`);
  return found;
};

test("questions are answered one by one with keys alone, skipped, and taken back", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  const page = await open();
  const first = await asked(page);
  await page.waitForFunction(() => document.querySelectorAll(".question img").length >= 2);
  await page.keyboard.press("k");
  await page.waitForFunction((text) => document.querySelector(".question h2")?.textContent !== text, first);
  await page.reload();
  await page.locator(".question h2").waitFor();
  expect(await asked(page)).toBe(first);
  // Goes on to the question of the two people, whichever place it has.
  for (let n = 0; n < 20 && !(await asked(page)).startsWith("Is this"); n++) await page.keyboard.press("k");
  expect(await asked(page)).toBe("Is this Ann Example?");
  await page.keyboard.press("s");
  await page.getByText("1 answer given").waitFor();
  expect(await people()).toEqual(["Ann Example 5", "Mixed Example 4"]);
  expect((await gallery.records.links()).map(({ kind }) => kind)).toEqual(["same"]);
  await page.keyboard.press("u");
  await page.getByText("Taken back.", { exact: true }).waitFor();
  expect(await people()).toEqual(["Ann Example 3", "Mixed Example 4", "Unknown 900 2"]);
  expect(await gallery.records.links()).toEqual([]);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("two browsers see each other's answers within two seconds, and a contradiction is told in words", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  const [one, other] = [await open(), await open()];
  // One that does not hear of changes, as one whose answer crosses another's on its way.
  const deaf = await (await browser.newContext()).newPage();
  await deaf.route("**/events", async (route) => await route.abort());
  await deaf.goto(`${listening.url}/questions`);
  await deaf.locator(".question h2").waitFor();
  const first = await asked(one);
  expect([await asked(other), await asked(deaf)]).toEqual([first, first]);
  await one.keyboard.press("d");
  await one.getByText("1 answer given").waitFor();
  const begun = performance.now();
  await other.waitForFunction((text) => document.querySelector(".question h2")?.textContent !== text, first);
  expect(performance.now() - begun).toBeLessThan(2000);
  await deaf.keyboard.press("s");
  await deaf.getByText(/the contrary of change \d+, by which faces \d+ and \d+ are two people/).waitFor();
  await one.keyboard.press("u");
  await one.getByText("Taken back.", { exact: true }).waitFor();
  expect(complaints).toEqual([]);
  for (const page of [one, other, deaf]) await page.context().close();
});

test.each([
  [1280, "light"],
  [1280, "dark"],
  [390, "light"],
  [390, "dark"],
] as const)("the screen is accessible and fits at %i px, %s", async (width, scheme) => {
  if (!CHROMIUM) return;
  const page = await open(width, scheme);
  await page.waitForFunction(() => document.querySelectorAll(".question img").length >= 2);
  const seen = process.env["ARCFACE_TEST_SHOTS"];
  if (seen) await page.screenshot({ path: join(seen, `questions-${width}-${scheme}.png`), fullPage: true });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
  });
  expect(violations).toEqual([]);
  await page.context().close();
});
