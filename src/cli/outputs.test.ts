import { link, mkdir, mkdtemp, readdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { FaceError } from "../core/index.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { asFaceError, Failures } from "./failures.ts";
import { expectNoInput, expectWritableFile, expectWritableFolder, takeFreeNames } from "./outputs.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface outputs-"));
  await mkdir(join(folder, "inside"));
  await writeFile(join(folder, "file"), "x");
});

test("an output over a file that is read is refused by what file it is, not by its name", async () => {
  const own = await mkdtemp(join(tmpdir(), "arcface inputs-"));
  const photograph = join(own, "a.jpg");
  await writeFile(photograph, "x");
  await symlink(photograph, join(own, "soft.png"));
  await link(photograph, join(own, "hard.png"));
  await writeFile(join(own, "other.png"), "x");
  for (const name of ["./a.jpg", `../${own.split("/").at(-1)}/a.jpg`, "soft.png", "hard.png"]) {
    const refused = (): void => expectNoInput(`${own}/${name}`, [join(own, "none.jpg"), photograph]);
    expect(refused).toThrow(FaceError);
    expect(refused).toThrow(`expected an output of its own, got a file that is read: ${photograph}`);
  }
  expectNoInput(join(own, "other.png"), [photograph]);
  expectNoInput(join(own, "new.png"), [photograph]);
});

test("free names pass over all that is there, together", async () => {
  const own = await mkdtemp(join(tmpdir(), "arcface names-"));
  await writeFile(join(own, "a-1.png"), "a photograph");
  const endings = ["-0.png", "-1.png"];
  const names = async (): Promise<string[]> =>
    (await takeFreeNames(own, "a", endings)).map((path) => path.slice(own.length + 1));
  expect(await names()).toEqual(["a~2-0.png", "a~2-1.png"]);
  expect(await names()).toEqual(["a~3-0.png", "a~3-1.png"]);
  expect((await readdir(own)).sort()).toEqual([
    "a-1.png",
    "a~2-0.png",
    "a~2-1.png",
    "a~3-0.png",
    "a~3-1.png",
  ]);
  await expect(takeFreeNames(join(own, "none"), "a", endings)).rejects.toMatchObject({ code: "ENOENT" });
});

describe("a file's place", () => {
  test("that can be written is left as it was", async () => {
    await expectWritableFile(join(folder, "new.json"));
    await expectWritableFile(join(folder, "file"));
    expect((await readdir(folder)).sort()).toEqual(["file", "inside"]);
  });

  test.each([
    ["no/such/new.json", /expected a place that can be written, got no folder .*no\/such/],
    ["inside", /got a folder$/],
    ["file/new.json", /got ENOTDIR|the file .* on the way/],
    [`${"n".repeat(255)}`, /got a name that is too long/],
  ])("%s is refused in a sentence", async (name, sentence) => {
    await expect(expectWritableFile(join(folder, name))).rejects.toThrow(sentence);
    await expect(expectWritableFile(join(folder, name))).rejects.toMatchObject({ code: "STORAGE" });
  });

  test("that is a device is refused: it would be replaced by a file", async () => {
    await expect(expectWritableFile("/dev/full")).rejects.toThrow(
      "/dev/full: expected a place that can be written",
    );
  });

  test("with an ending that is not written is refused", async () => {
    await expect(expectWritableFile(join(folder, "x.pdf"), [".png"])).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining('x.pdf: expected a file ending in .png, got ".pdf"'),
    });
    await expectWritableFile(join(folder, "x.PNG"), [".png"]);
  });
});

describe("a folder's place", () => {
  test("may be there or not, and is not made", async () => {
    await expectWritableFolder(join(folder, "inside"));
    await expectWritableFolder(join(folder, "a", "b"));
    expect((await readdir(folder)).sort()).toEqual(["file", "inside"]);
  });

  test("that is a file, or behind one, is refused", async () => {
    await expect(expectWritableFolder(join(folder, "file"))).rejects.toThrow("got a file");
    await expect(expectWritableFolder(join(folder, "file", "x"))).rejects.toMatchObject({ code: "STORAGE" });
    await expect(expectWritableFolder("/proc/x")).rejects.toMatchObject({ code: "STORAGE" });
  });
});

describe("a batch", () => {
  const failures = (unreadable: number): Failures =>
    new Failures(
      { out() {}, err() {}, interactive: false, env: {}, signal: new AbortController().signal },
      false,
      { unreadable: Array.from({ length: unreadable }, () => ({ path: "x", reason: "y" })) },
    );

  test("of which some failed has an exit code of its own; of which all did, the error's", () => {
    const some = failures(0);
    expect(some.report(2)).toBe(EXIT.ok);
    some.add(new FaceError("BAD_IMAGE", { where: "a", problem: "b" }));
    expect(some.report(2)).toBe(EXIT.partial);
    expect(some.report(1)).toBe(EXIT.badInput);
  });

  test("with a folder that could not be read is partial too", () => {
    expect(failures(1).report(2)).toBe(EXIT.partial);
  });
});

test("what a system call refused is no defect; anything else unknown is", () => {
  const refused = Object.assign(new Error("EROFS: read-only file system, open 'x'"), {
    code: "EROFS",
    syscall: "open",
    path: "x",
  });
  expect(exitCodeOf(asFaceError(refused).code)).toBe(EXIT.badInput);
  expect(exitCodeOf(asFaceError(new TypeError("x is not a function")).code)).toBe(EXIT.internal);
});
