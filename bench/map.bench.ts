/**
 * The page's map with 100,000 faces in Chromium whose graphics are software (SwiftShader), where the page writes points as
 * pixels: frames a second while it is moved and while one comes closer, in the median and in the slowest twentieth.
 *
 * The page and the service are real; the answer that says where the faces lie is made up.
 *
 * npm run bench map -- [FACES] [SECONDS]: 100,000 and 5 by default; CHROMIUM_PATH names the browser.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seeded } from "arcface-ts";
import { Gallery } from "arcface-ts/gallery";
import { createApp, listen, type PictureWorkers, readPage } from "arcface-ts/serve";
import { chromium } from "playwright-core";
import { PIPELINE } from "../test/golden/made-recognizer.ts";
import { figure } from "./figures.ts";
import { describeMachine, median } from "./machine.ts";

const [faces = 100_000, seconds = 5] = process.argv.slice(2).map(Number);
const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
if (!existsSync(executablePath)) {
  console.log(`skipped: no Chromium at ${executablePath}; set CHROMIUM_PATH`);
  process.exit(0);
}

/** Faces of a map, about ten for each person, people all over the plane. */
function madeMap(): object {
  const random = seeded(1);
  const near = (): number => random.next() + random.next() + random.next() - 1.5;
  const people = Math.ceil(faces / 10);
  const middles = Array.from({ length: people }, () => [100 * random.next(), 100 * random.next()] as const);
  const placed = Array.from({ length: faces }, (_, i) => {
    const [x, y] = middles[i % people]!;
    return { face: i + 1, person: (i % people) + 1, x: x + near(), y: y + near() };
  });
  const links = Array.from({ length: Math.min(4000, faces - people) }, (_, i) => ({
    faces: [i + 1, i + 1 + people],
    cosine: 0.2,
  }));
  return { faces: placed, links, threshold: 0.3 };
}

const folder = mkdtempSync(join(tmpdir(), "arcface-map-bench-"));
const gallery = await Gallery.create(`sqlite:${join(folder, "made.db")}`, PIPELINE, {
  clock: () => new Date(),
});
// No picture is looked at.
const recognition = { pipeline: PIPELINE, workers: 1 } as unknown as PictureWorkers;
const app = createApp({
  recognition,
  galleries: { default: { gallery } },
  clock: () => new Date(),
  now: () => performance.now(),
  version: "0.0.0",
  page: await readPage(),
});
const service = await listen(app, { host: "127.0.0.1", port: 0 });
const browser = await chromium.launch({
  executablePath,
  args: ["--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
try {
  console.log(describeMachine());
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const job = {
    job: 1,
    collection: "default",
    kind: "map",
    state: "done",
    created: "2026-06-01T12:00:00Z",
    changed: "2026-06-01T12:00:00Z",
    done: 1,
    total: 1,
    counts: {},
    reasons: {},
    error: null,
  };
  await page.route("**/jobs?*", async (route) => await route.fulfill({ json: { jobs: [job], next: null } }));
  const result = JSON.stringify({ job, pictures: [], next: null, ...madeMap() });
  await page.route(
    "**/jobs/1/result*",
    async (route) => await route.fulfill({ body: result, contentType: "application/json" }),
  );
  const opened = performance.now();
  await page.goto(`${service.url}/map`);
  await page.waitForSelector(".map-people button", { timeout: 120_000 });
  console.log(
    `loaded      ${((performance.now() - opened) / 1000).toFixed(1)} s after the page was asked for`,
  );
  for (const what of ["moved", "closer"] as const) {
    const ms = (await page.evaluate(FRAMES(what, 1000 * seconds))) as number[];
    const sorted = [...ms].sort((a, b) => a - b);
    const slow = sorted[Math.floor(0.95 * sorted.length)]!;
    const rate = 1000 / median(ms);
    console.log(
      `${what.padEnd(11)} ${rate.toFixed(1)} frames a second in the median, ${(1000 / slow).toFixed(1)} in the slowest twentieth (${ms.length} frames)`,
    );
    figure(`map.${what}.framesPerSecond`, rate);
    figure(`map.${what}.slowestTwentieth`, 1000 / slow);
  }
} finally {
  await browser.close();
  await service.close();
  await gallery.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Moves the map with every frame, as a pointer does, and gives the times between frames, as the page sees them. */
function FRAMES(what: "moved" | "closer", ms: number): string {
  return `new Promise((settle) => {
    const marks = document.querySelector(".map-marks");
    const canvas = document.querySelector(".map-points");
    const points = canvas.hidden ? undefined : canvas.getContext("webgl2");
    const { left, top, width, height } = marks.getBoundingClientRect();
    const at = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true, cancelable: true };
    const times = [];
    const begun = performance.now();
    let last = begun;
    let n = 0;
    const frame = () => {
      // The graphics are waited for, so that no frame counts that was not drawn.
      points?.finish();
      const now = performance.now();
      if (n > 0) times.push(now - last);
      last = now;
      if (now - begun > ${ms}) return settle(times);
      n++;
      const deltaY = ${what === "moved" ? "n % 2 === 0 ? 1 : -1" : "n % 60 < 30 ? -40 : 40"};
      if (${what === "moved"}) {
        at.clientX = left + width / 2 + 100 * Math.sin(n / 10);
        if (n === 1) marks.dispatchEvent(new PointerEvent("pointerdown", { ...at, pointerId: 1 }));
        else marks.dispatchEvent(new PointerEvent("pointermove", { ...at, pointerId: 1 }));
      } else marks.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY }));
      requestAnimationFrame(frame);
    };
    marks.setPointerCapture = () => undefined;
    requestAnimationFrame(frame);
  })`;
}
