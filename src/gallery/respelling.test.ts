import { expect, test } from "vitest";
import { personName } from "../core/index.ts";
import { respellings } from "./respelling.ts";

const [nfc, nfd] = ["Zo\u00eb", "Zoe\u0308"];

test("a name keeps to itself what it looks like, and others that look so get numbers", () => {
  expect(respellings([nfd, "Ann", `Zo\u200b\u00eb`, nfc, "Zo\u00eb (2)"])).toEqual([
    { from: nfd, to: `${nfc} (3)`, numbered: true },
    { from: "Zo\u200b\u00eb", to: `${nfc} (4)`, numbered: true },
  ]);
  expect(respellings([nfd, `${nfd} `])).toEqual([
    { from: nfd, to: nfc, numbered: false },
    { from: `${nfd} `, to: `${nfc} (2)`, numbered: true },
  ]);
});

test("every name there was has one of its own afterwards, which is taken as it is", () => {
  const names = [
    "\u200b",
    "\u202e",
    "unnamed",
    nfd,
    nfc,
    `${nfc}\u200b`,
    `${"x".repeat(199)}\u200b`,
    "x".repeat(199),
    "a  b",
    "a b",
  ];
  const changed = new Map(respellings(names).map(({ from, to }) => [from, to]));
  const after = names.map((name) => changed.get(name) ?? name);
  expect(new Set(after).size).toBe(names.length);
  for (const name of after) expect(personName("here", name)).toBe(name);
});
