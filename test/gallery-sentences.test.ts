import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PIPELINE, ticking } from "../src/gallery/engine.contract.ts";
import { Gallery } from "../src/gallery/index.ts";
import { decodeRecord } from "../src/recognise/embeddings/face-record.ts";
import { arcfaceHere as arcface } from "./run-cli.ts";

test("a name is told as it is kept, and a date that has passed as what it does", {
  timeout: 180_000,
}, async () => {
  const address = `sqlite:${join(mkdtempSync(join(tmpdir(), "arcface-sentences-")), "people.db")}`;
  const gallery = await Gallery.create(address, PIPELINE, { clock: ticking(), threshold: 0.4 });
  await gallery.enrol([{ name: "Anna", faces: [] }]);
  await gallery.close();
  const said = async (...args: string[]) =>
    (await arcface(["gallery", ...args], { ARCFACE_GALLERY: address })).out;
  expect(await said("rename", "Anna", "  Ann ")).toBe("2: Anna is Ann now\n");
  expect(await said("retain", "Ann", "2020-01-31")).toMatch(/has passed: the next prune forgets them\n$/);
  expect(await said("retain", "Ann", "2999-01-31")).not.toMatch(/prune/);
});

test("a line that is no face's record is refused by the field that is wrong", () => {
  const line = {
    ...{ path: "a.jpg", face: 0, score: 1, model: "m", embedding: [1, 0], landmarks: Array(5).fill([0, 0]) },
    box: { x: 0, y: 0, width: "wide", height: 1 },
  };
  expect(() => decodeRecord(JSON.stringify(line), "faces.jsonl, line 2")).toThrow(
    /^faces\.jsonl, line 2: expected a face's record, got one whose "box\.width" is not: /,
  );
});
