import { expect, test } from "vitest";
import { type Effect, inverse } from "./change.ts";

test("undoing takes a change's effects back from the last to the first, each from after to before", () => {
  const effects: Effect[] = [
    { subject: "person", id: 1, before: null, after: { name: "Ann", expires: null } },
    { subject: "face", id: 7, before: { person: 2 }, after: { person: 1 } },
    { subject: "person", id: 2, before: { name: "Bo", expires: null }, after: null },
  ];
  expect(inverse(effects)).toEqual([
    { subject: "person", id: 2, before: null, after: { name: "Bo", expires: null } },
    { subject: "face", id: 7, before: { person: 1 }, after: { person: 2 } },
    { subject: "person", id: 1, before: { name: "Ann", expires: null }, after: null },
  ]);
  expect(inverse(inverse(effects))).toEqual(effects);
});
