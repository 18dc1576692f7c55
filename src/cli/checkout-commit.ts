import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const HASH = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** A name of a branch that is a path below the repository's folder and nothing else. */
const REFERENCE = /^ref: (refs\/(?!.*\.\.)[\w./@+-]+)$/;
/** Files of git that are read here hold a line, or a line per branch. */
const MAX_BYTES = 4 * 2 ** 20;

/**
 * The commit that a folder is a checkout of, read from git's files: no process is started. Whether files were changed
 * since is not looked at.
 *
 * Returns   40 hexadecimal digits (64 in a repository of SHA-256), or undefined where the folder itself is no checkout
 */
export function checkoutCommit(folder: string): string | undefined {
  const git = gitFolder(join(folder, ".git"));
  if (git === undefined) return undefined;
  const head = lineOf(join(git, "HEAD"));
  if (head !== undefined && HASH.test(head)) return head;
  const reference = REFERENCE.exec(head ?? "")?.[1];
  if (reference === undefined) return undefined;
  // A worktree has its own HEAD, and its branches with the repository it belongs to.
  const common = resolve(git, lineOf(join(git, "commondir")) ?? ".");
  const loose = lineOf(join(git, reference)) ?? lineOf(join(common, reference));
  const packed = (): string | undefined =>
    textOf(join(common, "packed-refs"))
      ?.split("\n")
      .find((line) => line.endsWith(` ${reference}`))
      ?.split(" ")[0];
  const commit = loose ?? packed();
  return commit !== undefined && HASH.test(commit) ? commit : undefined;
}

/** A repository's folder; `.git` is a file that names it in worktrees and submodules. */
function gitFolder(path: string): string | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  const named = /^gitdir: (.+)$/.exec(lineOf(path) ?? "")?.[1];
  return named === undefined ? undefined : resolve(dirname(path), named);
}

function lineOf(path: string): string | undefined {
  return textOf(path)?.trim();
}

/** A file's text; undefined for what cannot be read, which is as good as not there. */
function textOf(path: string): string | undefined {
  try {
    const found = statSync(path);
    return found.isFile() && found.size <= MAX_BYTES ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
