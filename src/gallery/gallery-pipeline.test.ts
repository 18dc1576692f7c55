import { describe, expect, test } from "vitest";
import { expectPipeline, galleryDigest, isKnown, storedPipeline } from "./gallery-pipeline.ts";
import { madePipeline } from "./made-faces.ts";

const pipeline = madePipeline();
const EARLIER = { model: "made", dimension: 64, metric: "cosine", preprocessing: "0123456789abcdef" };

describe("a gallery's pipeline", () => {
  test("comes back from a database as it went in", () => {
    const back = storedPipeline("here", JSON.parse(JSON.stringify(pipeline)));
    expect(back).toEqual(pipeline);
    expect(isKnown(back)).toBe(true);
    expect(galleryDigest(back)).toBe(galleryDigest(pipeline));
    expect(() => storedPipeline("here", { ...pipeline, flip: "yes" })).toThrow(
      expect.objectContaining({ code: "BAD_FILE" }),
    );
  });

  test("takes vectors that compare, whatever smallest face they were looked for with", () => {
    const near = { ...pipeline, detector: { ...pipeline.detector!, minFacePx: 90 } };
    expect(() => expectPipeline("enrol", pipeline, near)).not.toThrow();
  });

  test.each([
    ["mirrored", { ...pipeline, flip: true }, "without --flip, not with mtcnn with --flip"],
    [
      "found by another detector",
      { ...pipeline, detector: { ...pipeline.detector!, id: "yunet", sha256: "12".repeat(32) } },
      "with mtcnn without --flip, not with yunet",
    ],
    ["fed in another order", { ...pipeline, feed: { ...pipeline.feed, channels: "BGR" as const } }, "BGR"],
    [
      "aligned by another rule",
      { ...pipeline, alignment: { ...pipeline.alignment!, version: 2 } },
      "with alignment 1, not with alignment 2",
    ],
  ])("refuses vectors %s, with the way out", (_, other, words) => {
    const refusal = (): void => expectPipeline("enrol", pipeline, other);
    expect(refusal).toThrow(expect.objectContaining({ code: "MODEL_MISMATCH" }));
    expect(refusal).toThrow(words);
    expect(refusal).toThrow('"gallery reindex" moves a gallery to another pipeline');
  });

  test("of an earlier version names its model, and compares with nothing", () => {
    const back = storedPipeline("here", EARLIER);
    expect(isKnown(back)).toBe(false);
    expect(back.model).toEqual({ id: "made", dimension: 64 });
    expect(() => expectPipeline("identify", back, pipeline)).toThrow(
      '"gallery reindex" makes them anew from the photographs',
    );
    const other = storedPipeline("here", { ...EARLIER, preprocessing: "fedcba9876543210" });
    expect(galleryDigest(other)).not.toBe(galleryDigest(back));
  });
});
