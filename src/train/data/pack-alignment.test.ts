import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { encodePng, RgbImage } from "../../image/index.ts";
import { packFolder } from "./pack-faces.ts";
import { openPack } from "./packed-set.ts";

const versions = vi.hoisted(() => ({ alignment: 1 }));
vi.mock(import("../../align/index.ts"), async (original) => ({
  ...(await original()),
  get ALIGNMENT_VERSION() {
    return versions.alignment;
  },
}));

test("a pack says which alignment cut its crops, and takes none over from another", async () => {
  const folder = mkdtempSync(join(tmpdir(), "arcface-people-"));
  for (const [person, red] of Object.entries({ Ada: 90, Bo: 180 })) {
    mkdirSync(join(folder, person));
    const crop = new RgbImage(112, 112, new Uint8Array(3 * 112 * 112).fill(red));
    writeFileSync(join(folder, person, "1.png"), await encodePng(crop));
  }
  const out = join(mkdtempSync(join(tmpdir(), "arcface-pack-")), "faces.pack");
  const alignmentOf = (): number => {
    const pack = openPack(out);
    pack.close();
    return pack.header.alignment;
  };
  expect(await packFolder(folder, out)).toMatchObject({ examples: 2, reused: 0 });
  expect(alignmentOf()).toBe(1);
  expect(await packFolder(folder, out)).toMatchObject({ examples: 2, reused: 2 });
  versions.alignment = 2;
  expect(await packFolder(folder, out)).toMatchObject({ examples: 2, reused: 0 });
  expect(alignmentOf()).toBe(2);
  expect(await packFolder(folder, out, { aligned: true })).toMatchObject({ examples: 2, reused: 0 });
  expect(alignmentOf()).toBe(0);
  versions.alignment = 3;
  expect(await packFolder(folder, out, { aligned: true })).toMatchObject({ examples: 2, reused: 2 });
});
