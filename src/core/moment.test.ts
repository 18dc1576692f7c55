import { describe, expect, test } from "vitest";
import { momentOf } from "./moment.ts";

test.each([
  ["2027-01-31", "2027-01-31T00:00:00.000Z"],
  ["2028-02-29", "2028-02-29T00:00:00.000Z"],
  ["2027-01-31T18:30Z", "2027-01-31T18:30:00.000Z"],
  ["2027-01-31T18:30:15.5+01:00", "2027-01-31T17:30:15.500Z"],
  ["2027-01-31T23:59:59Z", "2027-01-31T23:59:59.000Z"],
  [" 2027-01-31 ", "2027-01-31T00:00:00.000Z"],
])("%s is a moment", (text, moment) => {
  expect(momentOf("--expires", text).toISOString()).toBe(moment);
});

describe("what is no date is refused in a sentence", () => {
  test.each([
    ["31/12/2030", "expected a date such as 2027-01-31"],
    ["31.12.2030", "expected a date such as 2027-01-31"],
    ["2027-1-5", "expected a date such as 2027-01-31"],
    ["tomorrow", "expected a date such as 2027-01-31"],
    ["", "expected a date such as 2027-01-31"],
    ["2027-01-31 or so", "expected a date such as 2027-01-31"],
    ["2027-01-31T18:30", "expected a date such as 2027-01-31"],
    ["2027-02-30", "expected a day that the calendar has"],
    ["2027-02-29", "expected a day that the calendar has"],
    ["2027-13-01", "expected a day that the calendar has"],
    ["2027-00-10", "expected a day that the calendar has"],
    ["2027-04-31", "expected a day that the calendar has"],
    ["2027-01-31T24:00Z", "expected a time that a day has"],
    ["2027-01-31T18:61Z", "expected a time that a day has"],
    ["2027-01-31T18:60Z", "expected a time that a day has"],
    ["2027-01-31T18:30:60Z", "expected a time that a day has"],
  ])("%s", (text, sentence) => {
    expect(() => momentOf("--expires", text)).toThrow(`--expires: ${sentence}, got ${JSON.stringify(text)}`);
  });
});
