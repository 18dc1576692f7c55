import { expect, test } from "vitest";
import { checkOptions, OPTION_KINDS, oneOf, optionsAmong } from "./check-options.ts";

const KINDS = { model: OPTION_KINDS.text, flip: OPTION_KINDS.flag, face: oneOf(["largest", "only"]) };

test.each([
  [{ modle: "x" }, 'open: expected options that there are, got "modle"; did you mean "model"?'],
  [{ zzzzzz: 1 }, 'open: expected options that there are, got "zzzzzz"; there are model, flip, face'],
  [
    { constructor: 1 },
    'open: expected options that there are, got "constructor"; there are model, flip, face',
  ],
  [{ flip: "yes" }, 'open: flip: expected true or false, got "yes"'],
  [{ model: 5 }, "open: model: expected a string, got 5"],
  [{ model: null }, "open: model: expected a string, got null"],
  [{ model: ["a"] }, "open: model: expected a string, got an array"],
  [{ face: "biggest" }, 'open: face: expected "largest" or "only", got "biggest"'],
  [null, "open: expected an object of options, got null"],
  ["x", 'open: expected an object of options, got "x"'],
])("options %j are refused in a sentence", (options, message) => {
  expect(() => checkOptions("open", options, KINDS)).toThrow(
    expect.objectContaining({ code: "USAGE", message }),
  );
});

test("options of the right kinds pass, and undefined counts as not given", () => {
  checkOptions("open", { model: "a", flip: false, face: "only" }, KINDS);
  checkOptions("open", { model: undefined, modle: undefined }, KINDS);
  expect(optionsAmong<object>({ model: "a", seed: 1 }, KINDS)).toEqual({ model: "a" });
});
