import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
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
  page.setDefaultTimeout(30_000);
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

/**
 * Draws faint and other points, on middles of pixels, and lines by both ways, and compares: the share of channels that are
 * alike, and the pixels that are not ground.
 */
const TWINS = `(() => {
  const [width, height, count] = [320, 240, 400];
  const canvas = () => Object.assign(document.createElement("canvas"), { width, height });
  const places = new Float32Array(2 * count);
  const colours = new Uint8Array(4 * count);
  let seed = 7;
  const next = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const camera = { middle: { x: 0.5, y: 0.5 }, zoom: 256 };
  for (let i = 0; i < count; i++) {
    places.set([(next(340) - 10 + 0.5 - 160) / 256 + 0.5, (next(260) - 10 + 0.5 - 120) / 256 + 0.5], 2 * i);
    colours.set([next(256), next(256), next(256), i % 3 === 0 ? 40 : 255], 4 * i);
  }
  const line = (row) => [-0.1, (row + 0.5 - 120) / 256 + 0.5, 0.7, (row + 0.5 - 120) / 256 + 0.5];
  const drawn = (layer, on) => {
    layer.setGround([250, 248, 240]);
    layer.setPlaces(places);
    layer.setColours(colours);
    layer.setLines(new Float32Array([...line(40), ...line(41), ...line(200)]));
    layer.draw({ camera, view: { width, height }, ratio: 1 }, 9, [0.8, 0.1, 0.2, 0.5]);
    const copy = canvas().getContext("2d");
    copy.drawImage(on, 0, 0);
    return copy.getImageData(0, 0, width, height).data;
  };
  const graphics = canvas();
  const pixels = canvas();
  const a = drawn(Plane.PointLayer.on(graphics, true), graphics);
  const b = drawn(new Plane.SoftPointLayer(pixels.getContext("2d", { alpha: false })), pixels);
  let [alike, coloured] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    if (Math.abs(a[i] - b[i]) <= 3) alike++;
    if (i % 4 === 0 && Math.abs(a[i] - 250) > 10) coloured++;
  }
  return [alike / a.length, coloured];
})()`;

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

browses("points drawn by WebGL and points written as pixels are the same picture", async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "..", "..", "src", "study", "page", "plane", "index.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "Plane",
  });
  const blank = await browser.newPage();
  await blank.evaluate(`${outputFiles[0]!.text}; globalThis.Plane = Plane;`);
  const [alike, coloured] = await blank.evaluate<[number, number]>(TWINS);
  await blank.close();
  expect(coloured).toBeGreaterThan(5000);
  // Pixels take shares in 256ths, so that colours lie up to 3 of 256 apart; a line's last pixel is anybody's.
  expect(alike).toBeGreaterThan(0.9995);
});

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
