import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkoutCommit } from "./checkout-commit.ts";

const [FIRST, SECOND] = ["0123456789abcdef0123456789abcdef01234567", "f".repeat(40)];
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "arcface-checkout-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

test("a detached head is the commit", () => {
  write({ ".git/HEAD": `${FIRST}\n` });
  expect(checkoutCommit(folder)).toBe(FIRST);
});

test("a branch's own file counts before the packed ones", () => {
  const packed = `# pack-refs with: peeled fully-peeled sorted\n${SECOND} refs/heads/part/a\n^${FIRST}\n`;
  write({ ".git/HEAD": "ref: refs/heads/part/a\n", ".git/packed-refs": packed });
  expect(checkoutCommit(folder)).toBe(SECOND);
  write({ ".git/refs/heads/part/a": `${FIRST}\n` });
  expect(checkoutCommit(folder)).toBe(FIRST);
});

test("a worktree's branch lies with its repository", () => {
  write({
    "tree/.git": "gitdir: ../main/.git/worktrees/tree\n",
    "main/.git/worktrees/tree/HEAD": "ref: refs/heads/side\n",
    "main/.git/worktrees/tree/commondir": "../..\n",
    "main/.git/refs/heads/side": `${FIRST}\n`,
  });
  expect(checkoutCommit(join(folder, "tree"))).toBe(FIRST);
});

test.each([
  ["no .git", {}],
  ["an empty repository", { ".git/HEAD": "ref: refs/heads/main\n" }],
  [
    "a reference that leaves the repository",
    { ".git/HEAD": "ref: refs/../../secret\n", secret: `${FIRST}\n` },
  ],
  ["a branch that is no commit", { ".git/HEAD": "ref: refs/heads/a\n", ".git/refs/heads/a": "password\n" }],
  ["a head that is none", { ".git/HEAD": "password\n" }],
  ["a .git that names nothing", { ".git": "gitdir: elsewhere\n" }],
])("%s has no commit", (_what, files) => {
  write(files as Record<string, string>);
  expect(checkoutCommit(folder)).toBeUndefined();
});
