import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createClient } from "../src/serve/client/index.ts";
import { facePictures } from "./serve/started.ts";

const BIN = join(import.meta.dirname, "..", "bin", "arcface.js");
const root = mkdtempSync(join(tmpdir(), "arcface-open-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Where a command that opens addresses writes the one that it was given: it stands for a desktop's own. */
const OPENED = join(root, "opened.txt");
const commands = join(root, "commands");
mkdirSync(commands);
for (const name of ["xdg-open", "open"]) {
  writeFileSync(join(commands, name), `#!/bin/sh\nprintf '%s' "$1" > '${OPENED}'\n`);
  chmodSync(join(commands, name), 0o755);
}

function open(...args: readonly string[]) {
  const child = spawn(process.execPath, [BIN, "open", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: `${commands}${delimiter}${process.env["PATH"]}` },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (part: Buffer) => {
    out += part.toString();
  });
  child.stderr.on("data", (part: Buffer) => {
    err += part.toString();
  });
  const ended = new Promise<number | null>((settle) => child.on("close", settle));
  return { child, ended, out: () => out, err: () => err };
}

test.skipIf(process.platform === "win32")(
  "a folder of people is served, given to whatever opens addresses, taken into a gallery beside it, and may be studied",
  async () => {
    const people = join(root, "people");
    const pictures = await facePictures();
    for (const [name, own] of Object.entries({ Ann: pictures.slice(0, 2), Bob: pictures.slice(2, 4) })) {
      mkdirSync(join(people, name), { recursive: true });
      for (const [i, bytes] of own.entries()) writeFileSync(join(people, name, `${i}.jpg`), bytes);
    }
    const opened = open(people, "--json", "--jobs", "1");
    const lines = (): Record<string, unknown>[] =>
      opened
        .out()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    try {
      await expect.poll(() => [existsSync(OPENED), lines().length], { timeout: 120_000 }).toEqual([true, 2]);
      const [first, second] = lines();
      expect(readFileSync(OPENED, "utf8")).toBe(first!["url"]);
      expect(await (await fetch(first!["url"] as string)).text()).toContain("<title>arcface</title>");
      expect(second).toMatchObject({ state: "done", people: 2 });
      expect(first!["gallery"]).toBe(`sqlite:${people}.arcface.db`);
      const client = createClient({ url: new URL(first!["url"] as string).origin });
      expect(await client.folders({ collection: "default" })).toEqual({ folders: ["."], studies: true });
      const { job } = await client.evaluateJob({ collection: "default", folder: "." });
      let state = "";
      for await (const each of await client.jobEvents({ collection: "default", job })) ({ state } = each);
      expect(state).toBe("done");
      const { address } = await client.openPage({ collection: "default", job });
      const page = await fetch(new URL(address, first!["url"] as string));
      expect(await page.text()).toContain("<title>");
      expect(page.headers.get("content-security-policy")).toMatch(/^sandbox allow-scripts;/);
      expect(existsSync(`${people}.arcface-studies`)).toBe(true);
    } finally {
      opened.child.kill("SIGINT");
    }
    expect(await opened.ended).toBe(0);
  },
);

test("a folder of pictures without people's folders is refused with what to do", async () => {
  const flat = join(root, "flat");
  mkdirSync(flat);
  const [picture] = await facePictures();
  writeFileSync(join(flat, "1.jpg"), picture!);
  const { ended, err } = open(flat, "--no-browser");
  expect(await ended).toBe(3);
  expect(err()).toContain("put each person's pictures into a folder with the person's name");
  expect(existsSync(`${flat}.arcface.db`)).toBe(false);
});
