import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "../../src/serve/client/index.ts";
import { facePictures, killStarted, type Started, serve } from "../serve/started.ts";
import { axeFindings, CHROMIUM, complaintsOf, openBrowser } from "./browser.ts";

const folder = mkdtempSync(join(tmpdir(), "arcface-map-"));
let started: Started;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  if (!CHROMIUM) return;
  started = await serve("--gallery", `sqlite:${join(folder, "people.db")}`, "--create");
  const client = createClient({ url: started.url });
  const pictures = await facePictures();
  for (const [name, own] of Object.entries({
    Ann: pictures.slice(0, 2),
    Bob: pictures.slice(2, 4),
    Cat: pictures.slice(4),
  }))
    await client.createPerson({ collection: "default", name, pictures: own, force: true });
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(15_000);
  complaints = complaintsOf(page, started.url);
});
afterAll(async () => {
  await browser?.close();
  killStarted();
  rmSync(folder, { recursive: true, force: true });
});

const browses = test.skipIf(CHROMIUM === undefined);
const heading = async (name: string): Promise<void> =>
  await page.getByRole("heading", { name, exact: true }).waitFor();
const param = (name: string): string | null => new URL(page.url()).searchParams.get(name);

/** Draws an outline around everything. */
async function lassoAll(): Promise<void> {
  const lasso = page.getByRole("button", { name: "Lasso" });
  if ((await lasso.getAttribute("aria-pressed")) !== "true") await lasso.click();
  const box = (await page.locator(".map-marks").boundingBox())!;
  await page.mouse.move(box.x + 14, box.y + 14);
  await page.mouse.down();
  for (const [x, y] of [
    [box.width - 14, 14],
    [box.width - 14, box.height - 14],
    [14, box.height - 14],
  ] as const)
    await page.mouse.move(box.x + x, box.y + y);
  await page.mouse.up();
}

browses("a map is drawn by a button, and its address brings it back", async () => {
  await page.goto(`${started.url}/map`);
  await heading("No map has been drawn yet");
  await page.getByRole("button", { name: "Draw the map" }).click();
  await heading("3 people, 5 faces");
  await expect.poll(() => param("map")).toBe("1");
  await page.getByRole("button", { name: "Come closer" }).click();
  await expect.poll(() => param("at")).toMatch(/^0\.500,0\.500,1\.600$/);
  await page.reload();
  await heading("3 people, 5 faces");
  expect(param("at")).toBe("0.500,0.500,1.600");
  await page.getByRole("button", { name: "Whole map" }).click();
  await expect.poll(() => param("at")).toBeNull();
});

browses("the keyboard goes from face to face, says whose each is, and chooses", async () => {
  await page.locator(".map-marks").focus();
  await page.keyboard.press("n");
  await expect
    .poll(async () => await page.locator("[aria-live=polite].unseen").textContent())
    .toMatch(/^Ann, face 1 of 2\.$/);
  await page.keyboard.press("s");
  await heading("1 face chosen");
  expect(param("chosen")).toMatch(/^f\d+$/);
  await page.keyboard.press("n");
  await page.keyboard.press("s");
  await heading("2 faces chosen");
  expect(param("chosen")).toMatch(/^p\d+$/);
  await page.goBack();
  await heading("1 face chosen");
  await page.locator(".map-marks").focus();
  await page.keyboard.press("Escape");
  await heading("3 people, 5 faces");
});

browses("faces in a lasso are listed, and made one person, and Undo makes them several again", async () => {
  await lassoAll();
  await heading("5 faces chosen");
  await page.reload();
  await heading("5 faces chosen");
  await page.getByRole("combobox", { name: "The person who stays" }).selectOption("Bob");
  await page.getByRole("button", { name: "Merge" }).click();
  await heading("1 person, 5 faces");
  await page.getByText("3 people merged into Bob.").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await heading("3 people, 5 faces");
});

browses("a person's faces are given to somebody new, deleted, and each is taken back", async () => {
  await page.getByRole("button", { name: /^Cat/ }).click();
  await heading("1 face chosen");
  expect(param("chosen")).toMatch(/^p\d+$/);
  await page.getByRole("combobox", { name: "Whose are they?" }).fill("Dora");
  await page.getByRole("button", { name: "Give" }).click();
  await page.getByRole("button", { name: /^Dora/ }).waitFor();
  await page.getByRole("button", { name: "Undo" }).last().click();
  await page.getByRole("button", { name: /^Cat/ }).click();
  await page.getByRole("button", { name: "Delete 1 face" }).click();
  await heading("2 people, 4 faces");
  await page.getByRole("button", { name: "Undo" }).last().click();
  await heading("3 people, 5 faces");
});

browses.each([
  { width: 1280, height: 900, colorScheme: "light" },
  { width: 390, height: 844, colorScheme: "dark" },
] as const)("axe finds nothing at $width px in $colorScheme, and the faces are drawn", async (how) => {
  await page.setViewportSize(how);
  await page.emulateMedia({ colorScheme: how.colorScheme });
  await page.goto(`${started.url}/map`);
  await heading("3 people, 5 faces");
  const plane = page.locator(".map-plane");
  // More than a hundred strong colours are faces or points; the ground has none.
  await expect
    .poll(async () => await strongPixels(await plane.screenshot()), { timeout: 20_000 })
    .toBeGreaterThan(100);
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole("button", { name: /^Ann/ }).click();
  await heading("2 faces chosen");
  expect(await axeFindings(page)).toEqual([]);
  const { scroll, width } = await page.evaluate<{ scroll: number; width: number }>(
    "({ scroll: document.documentElement.scrollWidth, width: innerWidth })",
  );
  expect(scroll).toBeLessThanOrEqual(width);
});

browses("the browser complained of nothing, and asked nobody else", () => {
  expect(complaints).toEqual([]);
});

async function strongPixels(png: Uint8Array): Promise<number> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  let strong = 0;
  for (let i = 0; i < data.length; i += info.channels) {
    const rgb = [data[i]!, data[i + 1]!, data[i + 2]!];
    if (Math.max(...rgb) - Math.min(...rgb) > 60) strong++;
  }
  return strong;
}
