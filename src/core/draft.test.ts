import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { draftOf } from "./draft.ts";

/** The number of a process that is gone. */
const gone = spawnSync(process.execPath, ["-e", ""]).pid;
const here = hostname().replace(/[^\w-]/g, "-");

test("a draft lies beside its place, and drafts of processes that are gone are removed, folders too", () => {
  const folder = mkdtempSync(join(tmpdir(), "arcface-draft-"));
  const of = (name: string): string => join(folder, name);
  const stay = [
    "faces.npy",
    `faces.npy.${process.ppid}@${here}.tmp`,
    `faces.npy.${gone}@elsewhere.tmp`,
    `faces.npy.${gone}.tmp`,
    `other.npy.${gone}@${here}.tmp`,
    `faces.npy.${gone}@${here}.tmp.mine`,
  ];
  for (const name of [...stay, `faces.npy.${gone}@${here}.tmp`, `faces.npy.${gone}.part`])
    writeFileSync(of(name), "x");
  const old = new Date(Date.now() - 120_000);
  utimesSync(of(`faces.npy.${gone}.part`), old, old);
  mkdirSync(of(`faces.npy.${gone + 1}@${here}.tmp/inside`), { recursive: true });
  const alive = (() => {
    try {
      return process.kill(gone + 1, 0);
    } catch {
      return false;
    }
  })();
  expect(basename(draftOf(of("faces.npy")))).toBe(`faces.npy.${process.pid}@${here}.tmp`);
  expect(readdirSync(folder).sort()).toEqual(
    [...stay, ...(alive ? [`faces.npy.${gone + 1}@${here}.tmp`] : [])].sort(),
  );
  expect(basename(draftOf("/nowhere/at/all.npy"))).toMatch(/^all\.npy\./);
  expect(draftOf("/nowhere/at/all/")).toBe(draftOf("/nowhere/at/all"));
});
