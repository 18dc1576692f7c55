import { expect, test } from "vitest";
import { legibleName, personName } from "./person-name.ts";
import { seeded } from "./random.ts";

const named = (text: string): string => personName("gallery", text);

test("names that look the same are the same: composed or not, with wide or doubled spaces, with variation selectors", () => {
  for (const text of [
    "Zoe\u0308",
    "Zo\u00eb",
    " Zoë ",
    "Zoë\u00a0",
    "\ufeffZoë",
    "Zoë\ufe0f",
    "Zoe\ufe0e\u0308",
    "Zoë\n",
  ])
    expect([text, named(text)]).toEqual([text, "Zoë"]);
  expect(named("Ann \u3000\u00a0 Example")).toBe("Ann Example");
  expect(named("\u1100\u1161")).toBe("\uac00");
});

test("names keep what is seen: case, scripts, apostrophes, joiners where Persian and Sinhala spell with them", () => {
  for (const text of [
    "Ann",
    "ann",
    "Аnn",
    "O’Neil-Großmann, Jr.",
    "王小明 😀",
    "علی\u200cرضا",
    "ශ්\u200dරී",
    "क्\u200cष",
    'a "b" \\ <c>',
  ])
    expect(named(text)).toBe(text);
});

test.each([
  ["\u0000", "U+0000"],
  ["\u001b[31m", "U+001B"],
  ["\u009b31m", "U+009B"],
  ["\u007f", "U+007F"],
  ["\nBen", "U+000A"],
  ["\u2028", "U+2028"],
  ["\u200b", "U+200B"],
  ["\u200c", "U+200C"],
  ["\u200d", "U+200D"],
  ["\u2060", "U+2060"],
  ["\u00ad", "U+00AD"],
  ["\u202e", "U+202E"],
  ["\u2066", "U+2066"],
  ["\u200f", "U+200F"],
  ["\u3164", "U+3164"],
  ["\u2800", "U+2800"],
  ["\ud800", "U+D800"],
  ["\u{e0041}", "U+E0041"],
])("what is not seen is refused and named, and the sentence does not hold it: %j", (text, code) => {
  const name = `Zo${text}ë`;
  expect(() => named(name)).toThrow(`got ${code} in "Zo`);
  try {
    named(name);
  } catch (error) {
    expect((error as Error).message).toMatch(/^[\x20-\x7eë]*$/u);
    expect(error).toMatchObject({ code: "USAGE" });
  }
});

test("a non-joiner behind an Arabic letter that never joins is not seen and is refused", () => {
  expect(() => named("دار\u200cا")).toThrow("U+200C");
});

test("a name is neither empty nor longer than 200 characters", () => {
  for (const text of ["", "  ", "\u00a0", "\ufe0f"]) expect(() => named(text)).toThrow("1 to 200 characters");
  expect(named("x".repeat(200))).toHaveLength(200);
  expect(() => named("x".repeat(201))).toThrow("got 201");
});

test("a made legible name is one that is taken, is what a good name was, and spelling it again changes nothing", () => {
  expect(legibleName("Zo\u200be\u0308\u202e \u200b")).toBe("Zoë");
  expect(legibleName("\u200b\u202e")).toBe("");
  expect(legibleName("علی\u200cرضا")).toBe("علی\u200cرضا");
  const parts = [
    ..."aZë e\u0308\u0301\u200b\u200c\u200d\u202e\u00ad\ufe0f\u3000یر්\u1100\u1161",
    "\n",
    "\u{1f600}",
    "\ud800",
  ];
  const random = seeded(1);
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: random.below(12) }, () => parts[random.below(parts.length)]!).join("");
    const legible = legibleName(text);
    expect(legibleName(legible)).toBe(legible);
    if (legible !== "") expect(named(legible)).toBe(legible);
    let strict: string | undefined;
    try {
      strict = named(text);
    } catch {}
    if (strict !== undefined) expect([named(strict), legible]).toEqual([strict, strict]);
  }
});
