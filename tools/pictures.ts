/**
 * Makes every picture that README and docs show:
 *
 *   similar   docs/pictures/similar.png: six sample photographs, each with its three most similar others
 *   study     docs/pictures/study.png, study-phone.png: the page of a study of their faces, at 1280 and at 390 pixels
 *             (needs Chromium)
 *   page      docs/pictures/compare.png, search.png, questions.png, map.png, …: the page that `arcface open` shows, at 1280 and at 390 px
 *             (needs Chromium)
 *   mnist     docs/pictures/mnist.svg: digits without and with the margin; trains for a minute or two
 *   margin    docs/margin: the margin's drawings, from the formulas
 *
 * npm run pictures [-- similar | study | page | mnist | margin …]
 *
 * The charts in docs/golden are made up, and written by npm run golden.
 *
 * The photographs are those of the npm package @vladmandic/face-api: its licence is MIT, and its README calls the
 * photographs that it shows its author's own. Of the people on them it says nothing, so their faces are covered here;
 * the cosines are those of the photographs as they are. MNIST's digits and the margin's drawings show no person.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { cosine } from "../src/core/index.ts";
import { ModelStore } from "../src/models/index.ts";
import { renderPng, topKGrid } from "../src/plot/index.ts";
import { chooseFace, PhotographIndex, Recognizer, thumbnail } from "../src/recognise/index.ts";

const ROOT = join(import.meta.dirname, "..");
const OUT = join(ROOT, "docs", "pictures");
const THUMBNAIL_PX = 264;
/** Squares across a covered picture of a face: too few to know somebody by. */
const SQUARES = 9;

const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const samples = await store.pull("sample-photographs");
/** Boxes of the faces on the photographs that a tab sent, by their size and number of faces. */
const boxesOf = new Map<string, readonly Box[]>();

const pictures: Readonly<Record<string, () => Promise<void>>> = {
  similar: drawSimilar,
  study: photographStudy,
  page: photographPage,
  mnist: drawMnist,
  margin: async () => {
    execFileSync(process.execPath, [...process.execArgv, join(ROOT, "tools", "draw-margin.ts")]);
    console.log("docs/margin");
  },
};
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(pictures, name));
if (unknown !== undefined)
  throw new Error(`pictures: expected ${Object.keys(pictures).join(", ")}, got ${unknown}`);
mkdirSync(OUT, { recursive: true });
for (const [name, make] of Object.entries(pictures))
  if (asked.length === 0 || asked.includes(name)) await make();

/** A JPEG as squares of one colour each. */
async function covered(jpeg: Uint8Array, across = SQUARES): Promise<Uint8Array> {
  const { width, height } = await sharp(jpeg).metadata();
  const down = Math.max(1, Math.round((across * height) / width));
  const few = await sharp(jpeg).resize(across, down, { fit: "fill" }).png().toBuffer();
  return await sharp(few)
    .resize(width, height, { fit: "fill", kernel: "nearest" })
    .jpeg({ quality: 80 })
    .toBuffer();
}

async function drawSimilar(): Promise<void> {
  await using recognizer = await Recognizer.open({ store });
  const index = new PhotographIndex();
  const queries = [];
  for (const [name, path] of samples) {
    const photograph = await recognizer.faces(path);
    index.add(path, photograph.faces);
    queries.push({ name, path, face: chooseFace(photograph.faces, "largest", photograph)! });
  }
  const small = async (path: string, box: Parameters<typeof thumbnail>[1]): Promise<Uint8Array> =>
    await covered(await thumbnail(path, box, THUMBNAIL_PX));
  const nameOf = new Map(queries.map(({ name, path }) => [path, name]));
  const rows = [];
  for (const { name, path, face } of queries.slice(0, 3)) {
    const hits = [];
    for (const hit of index.search(face.embedding, 3, path))
      hits.push({ jpeg: await small(hit.path, hit.box), caption: nameOf.get(hit.path)!, cosine: hit.cosine });
    rows.push({ query: { jpeg: await small(path, face.box), caption: name }, hits });
  }
  const svg = topKGrid(rows, { threshold: recognizer.calibration?.threshold });
  await writePng("similar.png", renderPng(svg, 2));
}

/** The maps of digits as `npm run demo` makes them. */
async function drawMnist(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "arcface-pictures-"));
  try {
    const quick = ["--digits", "10000", "--open-set-epochs", "0", "--out", folder];
    execFileSync(process.execPath, [join(ROOT, "bin", "arcface.js"), "reproduce", "mnist", ...quick], {
      stdio: "inherit",
    });
    copyFileSync(join(folder, "mnist.svg"), join(OUT, "mnist.svg"));
    console.log("docs/pictures/mnist.svg");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The page as `npm run demo` makes it, with its small pictures of faces covered. */
async function photographStudy(): Promise<void> {
  const executablePath = expectChromium();
  const folder = mkdtempSync(join(tmpdir(), "arcface-pictures-"));
  try {
    await writePeople(join(folder, "people"));
    const bin = join(ROOT, "bin", "arcface.js");
    execFileSync(process.execPath, [bin, "study", join(folder, "people"), "--out", folder], {
      stdio: "inherit",
    });
    const page = await coveredPage(readFileSync(join(folder, "report.html"), "utf8"));
    writeFileSync(join(folder, "covered.html"), page);
    const browser = await chromium.launch({
      executablePath,
      args: ["--headless=new", "--no-sandbox", "--disable-gpu"],
    });
    try {
      for (const [name, width, height] of [
        ["study.png", 1280, 900],
        ["study-phone.png", 390, 844],
      ] as const) {
        const tab = await browser.newPage({ viewport: { width, height }, reducedMotion: "reduce" });
        await tab.goto(pathToFileURL(join(folder, "covered.html")).href);
        await tab.waitForFunction(() => document.documentElement.dataset["ready"] === "true");
        await tab.evaluate(() => document.getElementById("map")?.scrollIntoView());
        await tab.waitForTimeout(500);
        await writePng(name, await tab.screenshot());
        await tab.close();
      }
    } finally {
      await browser.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The screens of the page on a gallery of the samples' people, with every face covered. */
async function photographPage(): Promise<void> {
  const executablePath = expectChromium();
  const folder = mkdtempSync(join(tmpdir(), "arcface-pictures-"));
  const people = join(folder, "people");
  await writePeople(people);
  const bin = join(ROOT, "bin", "arcface.js");
  const service = spawn(process.execPath, [bin, "open", people, "--no-browser", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]();
    const { url } = JSON.parse((await lines.next()).value as string) as { url: string };
    // The second line says that everybody is in the gallery.
    await lines.next();
    const { origin } = new URL(url);
    const browser = await chromium.launch({
      executablePath,
      args: ["--headless=new", "--no-sandbox", "--disable-gpu"],
    });
    const path = (number: number): string => samples.get(`sample${number}.jpg`)!;
    for (const [suffix, width, height, colorScheme] of [
      ["", 1280, 1100, "light"],
      ["-phone", 390, 844, "dark"],
    ] as const) {
      const tab = await browser.newPage({
        viewport: { width, height },
        colorScheme,
        reducedMotion: "reduce",
      });
      await coverAnswers(tab);
      await tab.goto(`${origin}/compare`);
      await tab.locator('input[data-take="the first face"]').setInputFiles(path(1));
      await tab.locator('input[data-take="the second face"]').setInputFiles(path(3));
      await tab.locator(".answer h2").waitFor();
      await coverPhotographs(tab, [path(1), path(3)]);
      await writePng(`compare${suffix}.png`, await tab.screenshot({ fullPage: suffix !== "" }));
      await tab.goto(`${origin}/search`);
      await tab.locator('input[data-take="the person who is looked for"]').setInputFiles(path(3));
      await tab.locator(".who h2").waitFor();
      await coverPhotographs(tab, [path(3)]);
      await writePng(`search${suffix}.png`, await tab.screenshot({ fullPage: suffix !== "" }));
      await tab.goto(`${origin}/people?order=faces`);
      await tab.waitForFunction(() => document.querySelectorAll(".person-card img").length > 5);
      await tab.locator(".person-card").first().click();
      await tab.waitForFunction(() => document.querySelectorAll(".face-card img").length > 1);
      await writePng(`people${suffix}.png`, await tab.screenshot());
      await tab.goto(`${origin}/questions`);
      await tab.waitForFunction(() => document.querySelectorAll(".question img").length > 0);
      await writePng(`questions${suffix}.png`, await tab.screenshot());
      await tab.goto(`${origin}/map`);
      if (suffix === "") await tab.getByRole("button", { name: "Draw the map" }).click();
      await tab.locator(".map-people button").first().waitFor();
      // The small pictures come one after the other, and no element says that they are there.
      await tab.waitForTimeout(3000);
      await writePng(`map${suffix}.png`, await tab.screenshot());
      await tab.close();
    }
    await browser.close();
  } finally {
    service.kill("SIGINT");
    await once(service, "close");
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Has a tab see covered crops only; the vectors and boxes are those of the photographs as they are. */
async function coverAnswers(tab: Page): Promise<void> {
  await tab.route(/\/(?:crops|portraits)\?/, async (route) => {
    const response = await route.fetch();
    const answer = (await response.json()) as Record<string, { crop: string }[]>;
    for (const each of Object.values(answer).flat())
      each.crop = Buffer.from(await covered(Buffer.from(each.crop, "base64"))).toString("base64");
    await route.fulfill({ response, json: answer });
  });
  await tab.exposeFunction("coverEmbedded", async (text: string): Promise<string> => {
    const answer = JSON.parse(text) as {
      pictures: { width: number; height: number; faces: { box: Box; crop: string }[] }[];
    };
    for (const { width, height, faces } of answer.pictures) {
      boxesOf.set(
        `${width}x${height}x${faces.length}`,
        faces.map(({ box }) => box),
      );
      for (const face of faces)
        face.crop = Buffer.from(await covered(Buffer.from(face.crop, "base64"))).toString("base64");
    }
    return JSON.stringify(answer);
  });
  // A browser does not show a file that is sent to whoever stands between, so the page's own fetch is wrapped.
  await tab.addInitScript(`
    const asked = window.fetch.bind(window);
    window.fetch = async (input, init) => {
      const response = await asked(input, init);
      if (!response.ok || !String(input.url ?? input).endsWith("/v1/embed")) return response;
      const headers = { "Content-Type": "application/json" };
      return new Response(await window.coverEmbedded(await response.text()), { status: 200, headers });
    };`);
}

/** Puts photographs with covered faces where a tab shows those that were dropped. */
async function coverPhotographs(tab: Page, paths: readonly string[]): Promise<void> {
  for (const [i, path] of paths.entries()) {
    const image = tab.locator(".photo img").nth(i);
    const photograph = await sharp(path).rotate().toBuffer();
    const { width, height } = await sharp(photograph).metadata();
    const count = await image.locator("xpath=..").locator(".face").count();
    const boxes = boxesOf.get(`${width}x${height}x${count}`);
    if (!boxes) throw new Error("pictures: expected faces to cover on every photograph, got none");
    const patches = await Promise.all(
      boxes.map(async (box) => {
        const left = Math.max(0, Math.round(box.x - box.width * 0.15));
        const top = Math.max(0, Math.round(box.y - box.height * 0.15));
        const area = {
          left,
          top,
          width: Math.min(width - left, Math.round(box.width * 1.3)),
          height: Math.min(height - top, Math.round(box.height * 1.3)),
        };
        const cut = await sharp(photograph).extract(area).jpeg().toBuffer();
        return { input: Buffer.from(await covered(cut)), left, top };
      }),
    );
    const jpeg = await sharp(photograph).composite(patches).jpeg({ quality: 80 }).toBuffer();
    await image.evaluate(async (each, text) => {
      (each as HTMLImageElement).src = `data:image/jpeg;base64,${text}`;
      await (each as HTMLImageElement).decode();
    }, jpeg.toString("base64"));
  }
}

function expectChromium(): string {
  const found = ["/usr/bin/chromium", "/usr/bin/chromium-browser", process.env["CHROMIUM_PATH"] ?? ""].find(
    (path) => existsSync(path),
  );
  if (found !== undefined) return found;
  throw new Error("pictures: expected Chromium, got none; CHROMIUM_PATH names it");
}

/** Every face of the samples in a folder of its person: faces above the threshold go together, as in examples/demo.js. */
async function writePeople(folder: string): Promise<void> {
  await using recognizer = await Recognizer.open({ store });
  const people: {
    name: string;
    path: string;
    face: Awaited<ReturnType<typeof recognizer.faces>>["faces"][number];
  }[][] = [];
  for (const [name, path] of samples) {
    const { faces } = await recognizer.faces(path);
    for (const face of faces.filter(({ box }) => box.width >= 100)) {
      const near = (person: (typeof people)[number]): number =>
        Math.max(...person.map((other) => cosine(other.face.embedding, face.embedding)));
      const [own] = people
        .filter((person) => person.every((other) => other.name !== name))
        .sort((a, b) => near(b) - near(a));
      if (own && near(own) >= recognizer.calibration!.threshold) own.push({ name, path, face });
      else people.push([{ name, path, face }]);
    }
  }
  for (const [i, person] of people.entries()) {
    const own = join(folder, `person ${String(i + 1).padStart(2, "0")}`);
    mkdirSync(own, { recursive: true });
    for (const [n, { name, path, face }] of person.entries())
      writeFileSync(join(own, `${name.replace(".jpg", "")}-${n}.jpg`), await thumbnail(path, face.box, 256));
  }
}

/** A page whose pictures of faces are covered: the atlases of small ones, and single ones. */
async function coveredPage(html: string): Promise<string> {
  const columns = Number(/"columns":(\d+)/.exec(html)?.[1]);
  const atlas = /(<script type="application\/octet-stream" id="atlas-\d+">)([A-Za-z0-9+/=]+)(<\/script>)/g;
  const single = /(data:image\/jpeg;base64,)([A-Za-z0-9+/=]+)()/g;
  let page = html;
  let count = 0;
  for (const [pattern, across] of [
    [atlas, columns * SQUARES],
    [single, SQUARES],
  ] as const) {
    for (const [whole, before, base64, after] of html.matchAll(pattern)) {
      const few = await covered(Buffer.from(base64!, "base64"), across);
      page = page.replace(whole, () => `${before}${Buffer.from(few).toString("base64")}${after}`);
      count++;
    }
  }
  if (count === 0 || !(columns > 0))
    throw new Error("pictures: expected faces to cover in the page, got none");
  return page;
}

/** A PNG of a palette: a third of the bytes, and no difference that is seen. */
async function writePng(name: string, png: Uint8Array): Promise<void> {
  const bytes = await sharp(png).png({ palette: true, compressionLevel: 9 }).toBuffer();
  writeFileSync(join(OUT, name), bytes);
  console.log(`docs/pictures/${name}: ${(bytes.length / 1000).toFixed(0)} kB`);
}
