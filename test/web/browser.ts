/// <reference lib="dom" />
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";

/** A browser to open the page in, where there is one. */
export const CHROMIUM = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => path !== undefined && existsSync(path));
/** Said by tests that are skipped without it. */
export const NEEDS_CHROMIUM = "needs Chromium: none found in CHROMIUM_PATH or the usual places";

/** Starts it, drawing WebGL in software. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM!,
    args: ["--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
  });
}

/** Keeps what a page complains of, and every address that is not the service's. */
export function complaintsOf(page: Page, url: string): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url()))
      complaints.push(`asked for ${request.url()}`);
  });
  return complaints;
}

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Everything that axe finds wrong with a page as it stands. */
export async function axeFindings(page: Page): Promise<string[]> {
  // The page's own rules let no other script in; what a debugger evaluates is not asked.
  await page.evaluate(await readFile(axe, "utf8"));
  return await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}
