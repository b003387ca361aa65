import { describe, expect, test } from "vitest";
import { resolveRange } from "./calendar.ts";
import type { CompanyCalendar } from "./calendar.ts";

/** Wednesday 2026-07-15, 00:30 in Shanghai; still Tuesday in UTC. */
const calendar: CompanyCalendar = { clock: () => new Date("2026-07-14T16:30:00Z"), weekStart: "monday", fiscalYearStart: "04-01" };
const days = (words: string, change: Partial<CompanyCalendar> = {}, timezone = "Asia/Shanghai"): string => {
  const [from, to] = resolveRange(words, timezone, { ...calendar, ...change });
  expect([from.slice(10), to.slice(10)]).toEqual(["T00:00:00.000", "T23:59:59.999"]);
  return `${from.slice(0, 10)}..${to.slice(0, 10)}`;
};

describe("ranges in words by the company's clock", () => {
  test.each([
    ["today", "2026-07-15..2026-07-15"],
    ["yesterday", "2026-07-14..2026-07-14"],
    ["tomorrow", "2026-07-16..2026-07-16"],
    ["this week", "2026-07-13..2026-07-19"],
    ["last week", "2026-07-06..2026-07-12"],
    ["This  Month", "2026-07-01..2026-07-31"],
    ["last month", "2026-06-01..2026-06-30"],
    ["next month", "2026-08-01..2026-08-31"],
    ["last 7 days", "2026-07-08..2026-07-14"],
    ["last 3 months", "2026-04-01..2026-06-30"],
    ["next 2 quarters", "2026-10-01..2027-03-31"],
    ["this quarter", "2026-07-01..2026-09-30"],
    ["last quarter", "2026-04-01..2026-06-30"],
    ["this year", "2026-01-01..2026-12-31"],
    ["last year", "2025-01-01..2025-12-31"],
    ["this fiscal year", "2026-04-01..2027-03-31"],
    ["last fiscal year", "2025-04-01..2026-03-31"],
    ["this fiscal quarter", "2026-07-01..2026-09-30"],
    ["from last month to today", "2026-06-01..2026-07-15"],
    ["from 2026-01-05 to 2026-02-03", "2026-01-05..2026-02-03"],
  ])("%s is %s", (words, expected) => {
    expect(days(words)).toBe(expected);
  });

  test("week start, fiscal year and zone are the company's", () => {
    expect(days("this week", { weekStart: "sunday" })).toBe("2026-07-12..2026-07-18");
    expect(days("this fiscal year", { fiscalYearStart: "10-01" })).toBe("2025-10-01..2026-09-30");
    expect(days("this fiscal quarter", { fiscalYearStart: "02-01" })).toBe("2026-05-01..2026-07-31");
    expect(days("today", {}, "UTC")).toBe("2026-07-14..2026-07-14");
    expect(days("last month", { clock: () => new Date("2026-03-31T04:00:00Z") })).toBe("2026-02-01..2026-02-28");
  });

  test("what it cannot read is an error, not a guess", () => {
    expect(() => resolveRange("the good old days", "UTC", calendar)).toThrow("Can't parse date");
  });
});
