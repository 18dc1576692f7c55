/// <reference lib="dom" />
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { normalize, RgbImage } from "arcface-ts";
import { readCalibration } from "arcface-ts/models";
import {
  findLookAlikes,
  findNearDuplicates,
  PairScores,
  retrieve,
  type Study,
  type StudyFace,
} from "arcface-ts/study";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packAtlas } from "../dist/study/report/atlas.js";
import { reportPage } from "../dist/study/report/report-page.js";
import { pageData, pageScript } from "../dist/study/report/write-report.js";
import { CHROMIUM, NEEDS_CHROMIUM } from "./web/browser.ts";

const FACES = 2000;
const PER_PERSON = 5;

let folder: string;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  if (!CHROMIUM) return;
  folder = await mkdtemp(join(tmpdir(), "arcface-report-"));
  await writeFile(join(folder, "report.html"), await syntheticReport());
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--headless=new", "--no-sandbox", "--disable-gpu"],
  });
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!/^(file|data|blob):/.test(request.url())) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(pathToFileURL(join(folder, "report.html")).href);
  await page.waitForFunction(() => document.documentElement.dataset["ready"] === "true");
});
afterAll(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** A report of coloured squares, so that no photograph is needed; one person is called like an element. */
async function syntheticReport(): Promise<string> {
  const person = (i: number): string =>
    i < PER_PERSON ? '<img src=x onerror="document.title=1">' : `Pérson ${Math.floor(i / PER_PERSON)}`;
  const faces = Array.from({ length: FACES }, (_, i): StudyFace => {
    const own = Math.floor(i / PER_PERSON);
    const vector = Float32Array.from(
      { length: 16 },
      (_, d) => Math.sin((own + 1) * (d + 1) * 1.7) + 0.3 * Math.sin((i + 1) * (d + 2)),
    );
    return {
      path: "",
      name: `${i}.jpg`,
      person: person(i),
      box: { x: 0, y: 0, width: 1, height: 1 },
      landmarks: [] as never,
      score: 1,
      embedding: normalize(vector),
      sha256: String(i),
      photograph: { width: 1, height: 1 },
      others: 0,
    };
  });
  const scores = new PairScores(faces);
  const x = Float32Array.from({ length: FACES }, (_, i) => (i % 50) + Math.sin(i));
  const y = Float32Array.from({ length: FACES }, (_, i) => Math.floor(i / 50) + Math.cos(i));
  const layout = { label: "t-SNE", note: "Made up.", x, y };
  const study: Study = {
    faces,
    rejected: [{ path: "", name: "no.jpg", person: person(0), reason: "no-face", detail: "" }],
    model: "made-up",
    dimension: 16,
    calibration: {
      ...(await readCalibration(join(import.meta.dirname, "..", "calibrations", "mobilefacenet-192.json"))),
      threshold: 0.9,
    },
    photographs: FACES + 1,
    seed: 1,
    scores,
    nearDuplicates: findNearDuplicates(faces, scores).slice(0, 3),
    layouts: [
      { ...layout, id: "tsne" },
      { ...layout, id: "pca", label: "PCA", x: y, y: x },
    ],
    retrieval: retrieve(scores, 3),
    separation: undefined,
    lookAlikes: findLookAlikes(scores, 5),
    declared: [],
    why: undefined,
    occluded: [],
  };
  const tiles = faces.map((_, i) => {
    const colour = [(i * 37) % 256, (i * 91) % 256, (i * 17) % 256];
    return new RgbImage(
      64,
      64,
      Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => (colour[at % 3]! + (at >> 7)) % 256),
    );
  });
  const atlas = await packAtlas(tiles, 64);
  return reportPage(study, {
    data: pageData(study, atlas),
    atlases: atlas.pictures,
    matrix: undefined,
    matrixByPeople: false,
    histogram: undefined,
    roc: undefined,
    heat: [],
    files: [],
    script: await pageScript(),
  });
}

test("two thousand faces are painted in less than two seconds", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  const painted = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]!.startTime,
  );
  expect(painted).toBeLessThan(2000);
});

// In processor time of the page's own thread: other tests share the cores, and a frame's time by the clock is theirs too.
test("moving and zooming the map take the page less than 25 ms a frame", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")!.value;
  };
  const before = await busySeconds();
  const changes = await page.evaluate(async () => {
    const canvas = document.querySelector("canvas")!;
    canvas.scrollIntoView();
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const at = { clientX: left + width / 2, clientY: top + height / 2 };
    let changed = 0;
    let shown = canvas.toDataURL();
    for (let i = 0; i < 80; i++) {
      if (i < 40)
        canvas.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: i < 20 ? -40 : 40, cancelable: true }));
      else canvas.dispatchEvent(new KeyboardEvent("keydown", { key: i % 2 ? "ArrowLeft" : "ArrowRight" }));
      await new Promise<number>(requestAnimationFrame);
      if (i % 20 === 10) {
        const now = canvas.toDataURL();
        if (now !== shown) changed++;
        shown = now;
      }
    }
    return changed;
  });
  const spent = (await busySeconds()) - before;
  expect(changes).toBeGreaterThan(2);
  expect(spent).toBeGreaterThan(0);
  expect((1000 * spent) / 80).toBeLessThan(25);
  await session.detach();
});

test("the pointer on a face shows whom it shows, and its nearest faces; a click opens its row", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  await page.getByRole("button", { name: "whole map" }).click();
  const box = (await page.locator("canvas").boundingBox())!;
  const card = page.locator("#card");
  const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  // Pictures are pushed apart, so the middle may be between two: a few steps to the right lead to one.
  for (let step = 0; step < 30 && (await card.isHidden()); step++) {
    place.x += 3;
    await page.mouse.move(place.x, place.y);
  }
  await card.waitFor({ state: "visible" });
  expect(await card.locator(".hit").count()).toBe(3);
  const name = await card.locator("small").first().textContent();
  await page.mouse.click(place.x, place.y);
  expect(await page.locator(".rowline.found small").first().textContent()).toBe(name);
});

test("a lasso selects the faces inside, and letting go empties the selection", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  await page.locator("canvas").scrollIntoViewIfNeeded();
  await page.getByRole("button", { name: "lasso" }).click();
  const box = (await page.locator("canvas").boundingBox())!;
  const corner = { x: box.x + box.width * 0.45, y: box.y + box.height * 0.3 };
  await page.mouse.move(corner.x, corner.y);
  await page.mouse.down();
  for (const [dx, dy] of [
    [90, 0],
    [90, 90],
    [0, 90],
    [0, 5],
  ] as const) {
    await page.mouse.move(corner.x + dx, corner.y + dy, { steps: 3 });
  }
  await page.mouse.up();
  const selected = Number(/^\d+/.exec((await page.locator("#selection b").first().textContent())!)![0]);
  expect(selected).toBeGreaterThan(3);
  expect(selected).toBeLessThan(FACES / 2);
  await page.getByRole("button", { name: "let go" }).click();
  expect(await page.locator("#selection").isHidden()).toBe(true);
  await page.getByRole("button", { name: "lasso" }).click();
});

test("the map works by keyboard: from face to face, selecting, opening", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  await page.locator("canvas").focus();
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  await page.keyboard.press("n");
  expect(await page.locator("#spoken").textContent()).toContain("1.jpg");
  await page.keyboard.press("s");
  expect(await page.locator("#selection").textContent()).toContain("1 face selected");
  await page.keyboard.press("Enter");
  expect(await page.locator(".rowline.found").getAttribute("data-row")).toBe("1");
  expect(await page.evaluate(() => document.activeElement?.className)).toBe("query");
});

test("a person's faces alone answer when the person is chosen", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  await page.locator("#person").selectOption("7");
  await page.locator("canvas").focus();
  await page.keyboard.press("n");
  expect(await page.locator("#spoken").textContent()).toContain("Pérson 7");
  await page.locator("#person").selectOption("");
});

test("another method turns the map", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  await page.getByRole("button", { name: "PCA" }).click();
  expect(await page.getByRole("button", { name: "PCA" }).getAttribute("aria-pressed")).toBe("true");
  expect(await page.getByRole("button", { name: "t-SNE" }).getAttribute("aria-pressed")).toBe("false");
});

test("a name with markup in it stays a name", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  expect(await page.title()).toBe("Study of 2,000 faces of 400 people");
  expect(await page.locator('td:has-text("<img src=x onerror")').count()).toBeGreaterThan(0);
});

test.for(["light", "dark"] as const)(
  "axe finds nothing to complain about in the %s scheme",
  async (colorScheme, ctx) => {
    ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
    // The page forbids itself every script but its own; the checker is let in from outside.
    await using context = await browser.newContext({ bypassCSP: true, colorScheme });
    const open = await context.newPage();
    await open.goto(page.url());
    const require = createRequire(import.meta.url);
    await open.addScriptTag({ content: await readFile(require.resolve("axe-core/axe.min.js"), "utf8") });
    const complaintsOfAxe = await open.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    });
    expect(complaintsOfAxe).toEqual([]);
  },
);

test("nothing was complained about in the console, and nothing asked for from a network", (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  expect(complaints).toEqual([]);
});

test("on a phone nothing is wider than the screen, and every cell of a table says its column", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  const phone = await browser.newPage({ viewport: { width: 390, height: 844 } });
  await phone.goto(pathToFileURL(join(folder, "report.html")).href);
  await phone.waitForFunction(() => document.documentElement.dataset["ready"] === "true");
  const found = await phone.evaluate(() => ({
    wider: [...document.querySelectorAll<HTMLElement>("body *:not(svg *)")]
      .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".figure"))
      .map((each) => `${each.tagName} ${each.textContent?.slice(0, 40)}`),
    cells: document.querySelectorAll(".stacks td").length,
    labelled: [...document.querySelectorAll(".stacks td")].filter((cell) =>
      getComputedStyle(cell, "::before").content.replaceAll('"', ""),
    ).length,
  }));
  await phone.close();
  expect(found.wider).toEqual([]);
  expect(found.cells).toBeGreaterThan(10);
  expect(found.labelled).toBe(found.cells);
});

test("paper shows more rows of neighbours than the screen at first", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  const fresh = await browser.newPage();
  await fresh.goto(pathToFileURL(join(folder, "report.html")).href);
  await fresh.waitForFunction(() => document.documentElement.dataset["ready"] === "true");
  const rows = (): Promise<number> =>
    fresh.evaluate(() => document.querySelectorAll("#grid .rowline").length);
  const onScreen = await rows();
  await fresh.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const shown = await fresh.evaluate(() => document.getElementById("shown")!.textContent);
  expect([onScreen, await rows(), shown]).toEqual([12, 80, "80 of 2000"]);
  await fresh.close();
});

test("a name breaks behind its signs and stays the same text", async (ctx) => {
  ctx.skip(!CHROMIUM, NEEDS_CHROMIUM);
  const parts = await page.evaluate(() => {
    const name = document.querySelector("#grid .query small")!;
    return [name.textContent, name.querySelectorAll("wbr").length];
  });
  expect(parts).toEqual(["0.jpg", 1]);
});
