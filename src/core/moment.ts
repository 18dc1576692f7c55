import { FaceError } from "./errors.ts";

const DAY = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * The moment that a date names: `2027-01-31` is its first moment in UTC, `2027-01-31T18:30Z` and
 * `2027-01-31T18:30:15.5+01:00` are moments of that day.
 *
 * A day that no calendar has is refused, not moved: 30 February is not 2 March.
 *
 * @param where what the date is for, for the error's sentence
 * Throws    FaceError USAGE
 * Source    ISO 8601, as RFC 3339 restricts it
 */
export function momentOf(where: string, text: string): Date {
  const [, year, month, day, hour = "00", minute = "00", second = "00"] = DAY.exec(text.trim()) ?? [];
  const got = JSON.stringify(text.slice(0, 40));
  if (year === undefined) {
    throw new FaceError("USAGE", { where, expected: "a date such as 2027-01-31", got });
  }
  const moment = new Date(text.trim());
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const inYear = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= days;
  const inDay = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59;
  if (inYear && inDay && !Number.isNaN(moment.getTime())) return moment;
  throw new FaceError("USAGE", {
    where,
    expected: `a ${inYear ? "time that a day" : "day that the calendar"} has`,
    got,
  });
}
