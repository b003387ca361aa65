import { describe, expect, it } from "vitest";
import { asApiFilters, dayStart, readAuditFilters } from "./audit.ts";

describe("filters of the audit page", () => {
  it("are days of the company's zone, both included", () => {
    expect(asApiFilters({ from: "2026-11-22", to: "2026-11-22" }, "Asia/Shanghai")).toEqual({
      from: "2026-11-21T16:00:00.000Z",
      to: "2026-11-22T16:00:00.000Z",
    });
  });

  it("begin a day where the clocks say, also when they change on it", () => {
    expect(dayStart("2026-03-29", "Europe/Berlin")).toBe("2026-03-28T23:00:00.000Z");
    expect(dayStart("2026-03-30", "Europe/Berlin")).toBe("2026-03-29T22:00:00.000Z");
    expect(dayStart("2026-11-02", "America/New_York")).toBe("2026-11-02T05:00:00.000Z");
  });

  it("leave out what is empty or unknown, and leave what is no day to the API", () => {
    expect(readAuditFilters(new URLSearchParams("actor=+&action=export&cursor=x"))).toEqual({ action: "export" });
    expect(asApiFilters({ from: "yesterday" }, "UTC")).toEqual({ from: "yesterday" });
  });
});
