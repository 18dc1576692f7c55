import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileLock } from "./file-lock.ts";

const fresh = (): string => join(mkdtempSync(join(tmpdir(), "arcface-lock-")), "lock");

const BUSY = { where: "here", expected: "quiet", got: "somebody at work" };

test("a lock is held once and can be taken again after it was given back", () => {
  const path = fresh();
  const lock = FileLock.take(path, BUSY);
  expect(() => FileLock.take(path, BUSY)).toThrow(
    `here: expected quiet, got somebody at work (process ${process.pid})`,
  );
  lock.release();
  lock.release();
  FileLock.take(path, BUSY).release();
  expect(existsSync(path)).toBe(false);
});

test("the lock of a process that is no more is taken over, also when its number was given to another", () => {
  const path = fresh();
  const { pid } = spawnSync("true");
  writeFileSync(path, JSON.stringify({ pid, host: hostname(), born: "1" }));
  FileLock.take(path, BUSY).release();
  // This very process's number, but another birth.
  writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname(), born: "1" }));
  const lock = FileLock.take(path, BUSY);
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
  lock.release();
  writeFileSync(path, "torn");
  FileLock.take(path, BUSY).release();
});

test("a living process's lock and that of another machine are respected", () => {
  const path = fresh();
  const child = spawn("sleep", ["30"]);
  writeFileSync(path, JSON.stringify({ pid: child.pid, host: hostname(), born: "" }));
  expect(() => FileLock.take(path, BUSY)).toThrow(`got somebody at work (process ${child.pid})`);
  child.kill();
  writeFileSync(path, JSON.stringify({ pid: 1, host: "elsewhere", born: "" }));
  expect(() => FileLock.take(path, BUSY)).toThrow("got somebody at work (process 1 on elsewhere)");
});
