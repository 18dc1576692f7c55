import { expect, test } from "vitest";
import { normalize } from "../core/index.ts";
import { FaceFinder } from "./face-finder.ts";
import { RecognizerPool } from "./pool.ts";
import { Recognizer, type RecognizerOptions } from "./recognizer.ts";
import { type EmbeddedFace, PhotographIndex } from "./search-photographs.ts";

/** Values that JavaScript may hand over. */
const given = (options: unknown): RecognizerOptions => options as RecognizerOptions;

test.each([
  [{ flip: "yes" }, 'flip: expected true or false, got "yes"'],
  [{ model: 5 }, "model: expected a string, got 5"],
  [{ modle: "x" }, 'expected options that there are, got "modle"; did you mean "model"?'],
  [
    { contract: { chanels: "RGB" } },
    'contract: expected options that there are, got "chanels"; did you mean "channels"?',
  ],
  [{ minFacePx: -1 }, "minFacePx: expected a number above 0, got -1"],
  [null, "expected an object of options, got null"],
])("%j is refused at each door before a model is looked for", async (options, message) => {
  for (const [where, open] of [
    ["Recognizer.open", Recognizer.open],
    ["RecognizerPool.open", RecognizerPool.open],
    ["FaceFinder.open", FaceFinder.open],
  ] as const)
    await expect(open(given(options)), where).rejects.toMatchObject({
      code: "USAGE",
      message: `${where}: ${message}`,
    });
});

test("a pool's workers are no option of one recognizer", async () => {
  await expect(Recognizer.open(given({ workers: 2 }))).rejects.toMatchObject({ code: "USAGE" });
});

test("an index of photographs tells none below a floor", () => {
  const index = new PhotographIndex();
  const face = (x: number): EmbeddedFace =>
    ({ box: { x: 0, y: 0, width: 1, height: 1 }, embedding: normalize([x, 1]) }) as unknown as EmbeddedFace;
  for (const x of [0, 1, 5, 20]) index.add(`${x}.jpg`, [face(x)]);
  const query = normalize([1, 0]);
  const all = index.search(query, 4);
  expect(all.map(({ path }) => path)).toEqual(["20.jpg", "5.jpg", "1.jpg", "0.jpg"]);
  expect(index.search(query, 4, undefined, 0.9)).toEqual(all.slice(0, 2));
  expect(index.search(query, 4, "20.jpg", 0.9)).toEqual(all.slice(1, 2));
  expect(index.search(query, 1, undefined, all[0]!.cosine)).toEqual(all.slice(0, 1));
});

test("an index takes nothing but lists of faces, and is as it was after a refusal", () => {
  const index = new PhotographIndex();
  for (const faces of [null, {}, [null], [{ box: {} }]])
    expect(() => index.add("x", faces as EmbeddedFace[])).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(() => index.add(5 as unknown as string, [])).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect([index.size, index.faceCount]).toEqual([0, 0]);
});
