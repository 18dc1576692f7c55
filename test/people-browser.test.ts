/// <reference lib="dom" />
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { normalize } from "../src/core/index.ts";
import { Gallery } from "../src/gallery/index.ts";
import { type Listening, listen, readPage } from "../src/serve/index.ts";
import { PIPELINE } from "./golden/made-recognizer.ts";
import { clock, madeService, pathIn, picture } from "./serve/made-service.ts";
import { facePictures } from "./serve/started.ts";
import { axeFindings, CHROMIUM, complaintsOf } from "./web/browser.ts";

const MANY = 10_000;

let browser: Browser;
let listening: Listening;
let gallery: Gallery;
let crops: readonly Uint8Array[];
const complaints = new Map<Page, string[]>();

const browses = test.skipIf(CHROMIUM === undefined);

/** Somebody with faces at angles in a plane, shown by crops of the sample photographs. */
function somebody(name: string, ...degrees: readonly number[]) {
  const faces = degrees.map((each, i) => {
    const vector = new Float32Array(PIPELINE.model.dimension);
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
  return { name, faces };
}

const enrol = async (name: string, ...degrees: readonly number[]): Promise<number> =>
  (await gallery.enrol([somebody(name, ...degrees)])).result[0]!.person;

beforeAll(async () => {
  if (!CHROMIUM) return;
  const pictures = await facePictures();
  crops = await Promise.all(
    pictures.map(async (bytes) => Uint8Array.from(await sharp(bytes).resize(112, 112).jpeg().toBuffer())),
  );
  const page = await readPage(join(import.meta.dirname, "..", "dist", "web"));
  const open = async (name: string): Promise<Gallery> =>
    await Gallery.create(`sqlite:${pathIn(`${name}.db`)}`, PIPELINE, { clock });
  const [few, many, none] = [await open("few"), await open("many"), await open("none")];
  afterAll(async () => await Promise.all([few.close(), many.close(), none.close()]));
  gallery = few;
  await enrol("Ann Example", 0, 4, 8, 50);
  await enrol("Ben Example", 90, 94);
  await enrol("Cleo Example", 180, 184);
  for (let from = 0; from < MANY; from += 2000)
    await many.enrol(
      Array.from({ length: 2000 }, (_, i) =>
        somebody(`Person ${String(from + i + 1).padStart(5, "0")}`, from + i),
      ),
    );
  const { app } = await madeService("people-browser", {
    page,
    galleries: { few: { gallery: few }, many: { gallery: many }, none: { gallery: none } },
  });
  listening = await listen(app, { host: "127.0.0.1", port: 0 });
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--headless=new", "--no-sandbox", "--disable-gpu"],
  });
});
afterAll(async () => {
  await browser?.close();
  await listening?.close();
});

async function open(
  path: string,
  { width = 1280, colorScheme = "light" }: { width?: number; colorScheme?: "light" | "dark" } = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 850 }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  complaints.set(page, complaintsOf(page, listening.url));
  await page.goto(`${listening.url}${path}`);
  return page;
}

const heading = async (page: Page, name: string): Promise<void> =>
  await page.getByRole("heading", { name, exact: true }).waitFor();
const people = async (): Promise<string[]> => {
  const found: string[] = [];
  for await (const { name, faces } of gallery.people()) found.push(`${name} ${faces}`);
  return found;
};
const undo = async (page: Page): Promise<void> => {
  await page.getByRole("button", { name: "Undo" }).last().click();
  await page.getByText("Taken back.").last().waitFor();
};
const shot = async (page: Page, name: string): Promise<void> => {
  const seen = process.env["ARCFACE_TEST_SHOTS"];
  if (seen) await page.screenshot({ path: join(seen, `people-${name}.png`) });
};

/** A trace's tasks of the thread that draws pages, the longest first, in ms of its own time: what else the machine does counts not. */
function tasksOf(trace: Buffer): number[] {
  interface Event {
    readonly pid: number;
    readonly tid: number;
    readonly name: string;
    readonly tdur?: number;
    readonly args?: { readonly name?: string };
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly Event[] };
  const drawing = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  return traceEvents
    .filter(({ pid, tid, name }) => name.endsWith("RunTask") && drawing.has(`${pid} ${tid}`))
    .map(({ tdur = 0 }) => tdur / 1000)
    .sort((a, b) => b - a);
}

browses("an empty gallery says what to do", async () => {
  const page = await open("/people?gallery=none");
  await heading(page, "Nobody is here yet");
  expect(await axeFindings(page)).toEqual([]);
  await shot(page, "empty");
  await page.context().close();
});

browses(
  "ten thousand people scroll past without a long task, and their pictures come many at a time",
  async () => {
    const page = await open("/people?gallery=many");
    await page.getByText("10,000 people, 10,000 faces").waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
    await page.evaluate(async () => {
      for (let step = 1; step <= 40; step++) {
        scrollTo(0, (document.documentElement.scrollHeight * step) / 40);
        for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      }
    });
    const tasks = tasksOf(await browser.stopTracing());
    expect(tasks.length).toBeGreaterThan(100);
    expect(tasks[0]).toBeLessThanOrEqual(100);
    expect(await page.locator(".person-card").count()).toBeLessThan(150);
    await page.waitForFunction(() => document.querySelectorAll(".person-card img").length >= 12);
    expect(asked.filter((path) => path.endsWith("/portraits")).length).toBeGreaterThan(0);
    expect(asked.filter((path) => /\/(?:portrait|crop)$/.test(path))).toEqual([]);
    await page.context().close();
  },
);

browses("people are found by name, and gone through with the keyboard alone", async () => {
  const page = await open("/people?gallery=many");
  await page.getByText("10,000 people, 10,000 faces").waitFor();
  await page.locator(".person-card").first().focus();
  await page.keyboard.press("End");
  const focused = async (): Promise<string | undefined> =>
    await page.evaluate(
      () => document.activeElement?.closest("li")?.getAttribute("aria-posinset") ?? undefined,
    );
  await expect.poll(focused).toBe("10000");
  await page.keyboard.press("ArrowLeft");
  await expect.poll(focused).toBe("9999");
  await page.getByLabel("Find a person").fill("0777");
  await page.getByText("11 people called so.").waitFor();
  expect(new URL(page.url()).searchParams.get("q")).toBe("0777");
  // The order, the button that adds people, then the list.
  for (let stop = 0; stop < 3; stop++) await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowRight");
  await expect.poll(focused).toBe("2");
  await page.keyboard.press("Enter");
  await heading(page, "Person 07770");
  await page.goBack();
  await page.getByText("11 people called so.").waitFor();
  await page.context().close();
});

browses(
  "a person's faces begin with the weakest link; they are renamed, moved, split off, deleted, merged, each with Undo",
  async () => {
    const page = await open("/people?gallery=few");
    await page.getByRole("link", { name: /^Ann Example/ }).click();
    await heading(page, "Ann Example");
    const faces = page.locator(".face-card");
    await expect.poll(async () => await faces.count()).toBe(4);
    const cosines = (await faces.locator(".small").allTextContents()).map(Number);
    const degrees = (...each: readonly number[]): number =>
      each.reduce((sum, angle) => sum + Math.cos((angle * Math.PI) / 180), 0) / each.length;
    expect(cosines[0]).toBeCloseTo(degrees(50, 46, 42), 3);
    expect(cosines).toEqual([...cosines].sort((a, b) => a - b));
    const before = await people();

    await page.getByRole("button", { name: "Rename" }).click();
    await page.getByLabel("Name of Ann Example").fill("Ben Example");
    await page.keyboard.press("Enter");
    await page.getByText("Somebody here is called Ben Example already.").waitFor();
    await page.getByLabel("Name of Ann Example").fill("Anna Example");
    await page.keyboard.press("Enter");
    await heading(page, "Anna Example");
    await undo(page);
    await heading(page, "Ann Example");

    await faces.first().click();
    await page.getByLabel("Whose are they?").fill("Ben Example");
    await page.getByRole("button", { name: "Move to Ben Example" }).click();
    await page.getByText("1 face moved to Ben Example.").waitFor();
    await expect.poll(async () => await faces.count()).toBe(3);
    expect(await people()).toContain("Ben Example 3");
    await undo(page);
    await expect.poll(async () => await faces.count()).toBe(4);

    await faces.first().click();
    await faces.nth(2).click({ modifiers: ["Shift"] });
    await page.getByText("3 faces chosen").waitFor();
    await page.getByLabel("Whose are they?").fill("Dora Example");
    await page.getByRole("button", { name: "Split off" }).click();
    await page.getByText("3 faces split off as Dora Example.").waitFor();
    expect(await people()).toContain("Dora Example 3");
    await undo(page);

    await expect.poll(async () => await faces.count()).toBe(4);
    await faces.first().focus();
    await page.keyboard.press("Space");
    await page.locator(".chosen-bar").getByRole("button", { name: "Delete" }).click();
    await page.getByText("1 face deleted.").waitFor();
    expect(await people()).toContain("Ann Example 3");
    await undo(page);

    await page.getByRole("button", { name: "Merge" }).click();
    await page.getByLabel("Who is the same person?").fill("Ben Example");
    await page.getByRole("radio").last().check();
    await page.getByRole("dialog").getByRole("button", { name: "Merge", exact: true }).click();
    await heading(page, "Ben Example");
    expect(await people()).toContain("Ben Example 6");
    await undo(page);

    await page.goto(`${listening.url}/people?gallery=few`);
    await page.getByRole("link", { name: /^Cleo Example/ }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("2 people, 6 faces").waitFor();
    await undo(page);
    await page.getByText("3 people, 8 faces").waitFor();
    expect(await people()).toEqual(before);
    await page.context().close();
  },
);

browses(
  "two browsers see each other's changes within two seconds, and what collided is told in words",
  async () => {
    const here = await open("/people?gallery=few");
    const other = await open("/people?gallery=few");
    for (const page of [here, other]) {
      await page.getByRole("link", { name: /^Ann Example/ }).click();
      await heading(page, "Ann Example");
    }
    const list = await open("/people?gallery=few");
    await list.getByRole("link", { name: /^Ann Example/ }).waitFor();
    await other.getByRole("button", { name: "Rename" }).click();
    await other.getByLabel("Name of Ann Example").fill("Anna Example");
    await other.keyboard.press("Enter");
    await heading(other, "Anna Example");
    const begun = performance.now();
    await heading(here, "Anna Example");
    await list.getByRole("link", { name: /^Anna Example/ }).waitFor();
    expect(performance.now() - begun).toBeLessThan(2000);
    await here.getByText("Somebody else renamed Ann Example: the name is Anna Example now.").waitFor();
    await undo(other);
    await heading(here, "Ann Example");

    await here.locator(".face-card").first().click();
    await other.locator(".face-card").first().click();
    await other.locator(".chosen-bar").getByRole("button", { name: "Delete" }).click();
    await here.getByText("1 chosen face is not Ann Example's any more.").waitFor();
    await undo(other);
    await expect.poll(async () => await here.locator(".face-card").count()).toBe(4);

    // One that does not hear of it in time: a change is refused, and says so.
    await here.route("**/events", async (route) => await route.abort());
    await here.reload();
    await heading(here, "Ann Example");
    // Complaints of the browser about aborted questions are our own doing.
    complaints.delete(here);
    await here.locator(".face-card").first().click();
    const id = Number(new URL(here.url()).pathname.split("/")[2]);
    const { sequence } = await gallery.merge([id], (await gallery.records.personNamed("Ben Example"))!.id);
    await here.getByLabel("Whose are they?").fill("Eve Example");
    await here.getByRole("button", { name: "Split off" }).click();
    await heading(here, "Ann Example is not here any more");
    await here.getByText("Their faces are Ben Example's now: the two were made one person.").waitFor();
    expect(await people()).not.toContain("Eve Example 1");
    await here.getByRole("button", { name: "Bring them back" }).click();
    await heading(here, "Ann Example");
    expect((await gallery.records.log({ limit: 1 }))[0]?.undoes).toBe(sequence);
    for (const page of [here, other, list]) await page.context().close();
  },
);

browses("forgetting asks first, says that it is for good, and shows the receipt", async () => {
  const id = await enrol("Frank Example", 270);
  const page = await open(`/people/${id}?gallery=few`);
  await heading(page, "Frank Example");
  await page.getByRole("button", { name: "Forget …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("This cannot be undone.").waitFor();
  expect(await dialog.getByRole("button", { name: "Forget for good" }).isDisabled()).toBe(true);
  await dialog.getByRole("checkbox").check();
  await dialog.getByRole("button", { name: "Forget for good" }).click();
  await heading(page, "Frank Example: forgotten");
  expect(await dialog.textContent()).toContain("1 face, 1 crop");
  // The made-up faces share their crops, and the receipt owns up to what that leaves unproven.
  await dialog.getByText("It is done, but not everything could be searched.").waitFor();
  expect(await dialog.textContent()).toMatch(/not searched for: they are part of what is kept of others/);
  await shot(page, "receipt");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await page.getByText("3 people, 8 faces").waitFor();
  await page.goto(`${listening.url}/people/${id}?gallery=few`);
  await page.getByText("The gallery keeps nothing of them").waitFor();
  await page.context().close();
});

/** A folder of made-up pictures, by their paths in it. */
function folderOf(name: string, files: readonly string[]): string {
  const folder = pathIn(name);
  for (const path of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    // The recogniser of these tests reads in a picture's bytes whom it shows.
    writeFileSync(join(folder, path), picture(basename(path, ".jpg")));
  }
  return folder;
}

browses(
  "a folder of people is added; what the gate refuses is shown with the reason, and can be added anyway",
  async () => {
    const folder = folderOf("new people", [
      "Gus Example/gus-240.jpg",
      "Gus Example/gus-243.jpg",
      "Gus Example/notes.txt",
      "Hal Example/hal-300+060.jpg",
      "Hal Example/older/hal-303.jpg",
      "Ivy Example/nobody.jpg",
      "stray-150.jpg",
    ]);
    const page = await open("/people/add?gallery=few");
    await heading(page, "Add people");
    await page.locator('input[data-take="folder"]').setInputFiles(folder);
    await page.getByText("1 other file is no picture.").waitFor();
    await shot(page, "plan");
    const names = page.locator(".plan-person input");
    expect(await names.evaluateAll((all) => all.map((each) => (each as HTMLInputElement).value))).toEqual([
      "",
      "Gus Example",
      "Hal Example",
      "Ivy Example",
    ]);
    // Names can be typed: the stray picture stays out, and Ivy is called otherwise.
    await names.nth(3).fill("Ida Example");
    await page.getByRole("button", { name: "Add 5 pictures of 3 people" }).click();
    await page.getByText("3 faces added, 2 not taken.").waitFor();
    await heading(page, "2 pictures were not taken");
    expect(await people()).toEqual([
      "Ann Example 4",
      "Ben Example 2",
      "Cleo Example 2",
      "Gus Example 2",
      "Hal Example 1",
    ]);
    const refused = page.locator(".refused");
    expect(await refused.filter({ hasText: "Hal" }).textContent()).toContain(
      "It has 2 faces; one picture of one person is wanted.",
    );
    expect(await refused.filter({ hasText: "Ida" }).textContent()).toContain("No face was found on it.");
    for (const [width, colorScheme] of [
      [1280, "light"],
      [390, "dark"],
    ] as const) {
      await page.setViewportSize({ width, height: 850 });
      await page.emulateMedia({ colorScheme });
      await shot(page, `refused-${width}-${colorScheme}`);
      expect(await axeFindings(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    await refused.filter({ hasText: "Hal" }).getByRole("button", { name: "Add it anyway" }).click();
    await page.getByText("4 faces added, 1 not taken.").waitFor();
    await page.getByRole("button", { name: "Take all 4 back" }).click();
    await page.getByText("Taken back.").waitFor();
    expect(await people()).toEqual(["Ann Example 4", "Ben Example 2", "Cleo Example 2"]);
    await page.context().close();
  },
);

browses(
  "a service that has too much to do is asked again, what could not be sent is said and sent again, and a stop keeps the rest",
  async () => {
    const files = Array.from({ length: 40 }, (_, i) => `jon${i}-${270 + (i % 8)}.jpg`);
    const folder = folderOf("Jon Example", files);
    const page = await open("/people/add?gallery=few");
    await page.locator('input[data-take="folder"]').setInputFiles(folder);
    expect(await page.locator(".plan-person input").inputValue()).toBe("Jon Example");
    let sent = 0;
    await page.route(/\/persons(?:\/\d+\/faces)?$/, async (route) => {
      if (route.request().method() !== "POST") return await route.continue();
      sent++;
      if (sent === 1)
        return await route.fulfill({
          status: 503,
          headers: { "Retry-After": "11" },
          json: { error: { code: "OVERLOADED", message: "queue: full", requestId: "1" } },
        });
      if (sent === 2) return await route.abort();
      return await route.continue();
    });
    complaints.delete(page);
    await page.getByRole("button", { name: "Add 40 pictures of 1 person" }).click();
    await page.getByText("it is asked again in 11 seconds").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("0 faces added, 40 not sent.").waitFor();
    await page.getByRole("button", { name: "Add them" }).click();
    await page.getByText("24 faces added, 16 could not be sent.").waitFor();
    await page.getByRole("button", { name: "Try 16 pictures again" }).click();
    await page.getByText("40 faces added.", { exact: true }).first().waitFor();
    expect(await people()).toContain("Jon Example 40");
    await page.getByRole("button", { name: "Take all 40 back" }).click();
    await page.getByText("Taken back.").waitFor();
    expect(await people()).not.toContain("Jon Example 40");
    await page.context().close();
  },
);

browses(
  "an address with a word in the place of a person's number is asked about once, and says that nobody is there",
  async () => {
    const page = await open("/people?gallery=few");
    // The browser tells of the answer 400.
    complaints.delete(page);
    let asked = 0;
    page.on("request", (request) => {
      if (request.url().includes("/persons/NaN")) asked++;
    });
    await page.goto(`${listening.url}/people/nobody?gallery=few`);
    await heading(page, "This person is not here any more");
    await page.waitForTimeout(500);
    // The person, their faces, and the same once more after the first event.
    expect(asked).toBeLessThanOrEqual(6);
    await page.context().close();
  },
);

browses(
  "where no face was found somebody draws a box, with the pointer or the keyboard, and that face is added",
  async () => {
    const page = await open("/people/add?gallery=few&name=Kim Example");
    await heading(page, "Add pictures of Kim Example");
    const boxes: string[] = [];
    await page.route(/\/persons$/, async (route) => {
      if (route.request().method() !== "POST") return await route.continue();
      const box = /name="box"\r\n\r\n([^\r]*)/.exec(
        route.request().postDataBuffer()?.toString("latin1") ?? "",
      )?.[1];
      if (box !== undefined) boxes.push(box);
      const told =
        boxes.length < 2
          ? { kind: "rejected", reasons: [{ code: "no-face" }] }
          : { kind: "enrolled", face: 1, sequence: 1 };
      await route.fulfill({ json: { person: null, pictures: [told] } });
    });
    await page.locator('input[data-take="pictures"]').setInputFiles({
      name: "kim.jpg",
      mimeType: "image/jpeg",
      buffer: await sharp({ create: { width: 600, height: 400, channels: 3, background: "#888" } })
        .jpeg()
        .toBuffer(),
    });
    await page.getByRole("button", { name: "Add 1 picture of 1 person" }).click();
    await page.getByRole("button", { name: "Draw a box" }).click();
    const area = page.getByRole("application");
    await expect
      .poll(async () => await area.getAttribute("aria-label"))
      .toMatch(/133 by 133 pixels, 233 from the left/);
    // A step is a fiftieth of the shorter side: 8 pixels.
    for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"])
      await page.keyboard.press(key);
    expect(await area.getAttribute("aria-label")).toMatch(
      /133 by 141 pixels, 249 from the left, 125 from the top/,
    );
    for (const [width, colorScheme] of [
      [390, "dark"],
      [1280, "light"],
    ] as const) {
      await page.setViewportSize({ width, height: 850 });
      await page.emulateMedia({ colorScheme });
      await shot(page, `box-${width}`);
      expect(await axeFindings(page)).toEqual([]);
    }
    await page.getByRole("button", { name: "Add this face" }).click();
    await page.getByText("kim.jpg was not taken. No face was found on it.").waitFor();
    expect(
      boxes[0]!
        .replace(/[[\]]/g, "")
        .split(",")
        .map((each) => Math.round(Number(each))),
    ).toEqual([249, 125, 133, 141]);
    await page.getByRole("button", { name: "Draw a box" }).click();
    await expect.poll(async () => await area.getAttribute("aria-label")).toMatch(/133 by 133 pixels/);
    const { x, y, width, height } = (await area.boundingBox())!;
    await page.mouse.move(x + width / 4, y + height / 4);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y + (3 * height) / 4, { steps: 3 });
    await page.mouse.up();
    await page.getByRole("button", { name: "Add this face" }).click();
    await page.getByText("1 face added to Kim Example.").waitFor();
    const drawn = boxes[1]!.replace(/[[\]]/g, "").split(",").map(Number);
    for (const [i, wanted] of [150, 100, 150, 200].entries())
      expect(Math.abs(drawn[i]! - wanted)).toBeLessThan(4);
    await page.context().close();
  },
);

browses.each([
  [1280, "light"],
  [1280, "dark"],
  [390, "light"],
  [390, "dark"],
] as const)("axe finds nothing and all fits at %i px, %s", async (width, colorScheme) => {
  const looksWell = async (page: Page, name: string): Promise<void> => {
    await shot(page, `${name}-${width}-${colorScheme}`);
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  };
  const page = await open("/people?gallery=many", { width, colorScheme });
  await page.waitForFunction(() => document.querySelectorAll(".person-card img").length >= 6);
  await looksWell(page, "list");
  await page.goto(`${listening.url}/people?gallery=few`);
  await page.getByRole("link", { name: /^Ann Example/ }).click();
  await page.waitForFunction(() => document.querySelectorAll(".face-card img").length === 4);
  await page.locator(".face-card").first().click();
  await page.getByLabel("Whose are they?").fill("Ben Example");
  await looksWell(page, "person");
  if ((width === 390) === (colorScheme === "dark")) {
    await page.getByRole("button", { name: "Merge" }).click();
    await page.getByLabel("Who is the same person?").fill("Ben Example");
    await looksWell(page, "merge");
  }
  await page.context().close();
});

browses("the browser complained of nothing but what was refused, and asked nobody else", () => {
  expect([...complaints.values()].flat().filter((each) => !/status of (?:404|409)/.test(each))).toEqual([]);
});
