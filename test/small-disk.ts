import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A file system of its own, small enough to be filled. */
export interface SmallDisk {
  readonly path: string;
  enlarge(megabytes: number): Promise<void>;
  remove(): Promise<void>;
}

/** Makes one, or says why there can be none. */
export async function smallDisk(megabytes: number): Promise<SmallDisk | { readonly missing: string }> {
  const path = await mkdtemp(join(tmpdir(), "arcface-small-"));
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path]);
  } catch {
    await rm(path, { recursive: true });
    return { missing: "file systems cannot be mounted here" };
  }
  return {
    path,
    enlarge: async (size) => {
      await run("mount", ["-o", `remount,size=${size}m`, path]);
    },
    remove: async () => {
      // Somebody may still hold a file of it.
      await run("umount", ["--lazy", path]);
      await rm(path, { recursive: true });
    },
  };
}
