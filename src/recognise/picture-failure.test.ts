import { expect, test } from "vitest";
import { FaceError } from "../core/index.ts";
import { failureOf } from "./picture-failure.ts";

test("a failure over one picture names it, and says whether it is the file's or a defect", () => {
  const own = new FaceError("BAD_IMAGE", { where: "a.jpg", expected: "a picture", got: "none" });
  expect(failureOf(own, "a.jpg")).toBe(own);
  const refused = Object.assign(new Error("EIO: i/o error, read"), { code: "EIO", syscall: "read" });
  expect(failureOf(refused, "a.jpg")).toMatchObject({
    code: "BAD_FILE",
    message: "a.jpg: expected a readable file, got: EIO: i/o error, read",
  });
  expect(failureOf(new TypeError("x is undefined"), "a.jpg")).toMatchObject({
    code: "INTERNAL",
    message: "a.jpg: internal: x is undefined",
  });
});
