import { describe, expect, it } from "vitest";
import { canonicalInstant, compareInstants, dayIn } from "./instant.ts";

describe("instants", () => {
  it("have one spelling, to the microsecond", () => {
    expect(canonicalInstant("2024-06-01T12:00:00.123456+08:00")).toBe("2024-06-01T04:00:00.123456Z");
    expect(canonicalInstant("2024-06-01 04:00:00.12+00")).toBe("2024-06-01T04:00:00.12Z");
    expect(canonicalInstant("2024-06-01T00:00:00.000Z")).toBe("2024-06-01T00:00:00Z");
    expect(canonicalInstant("2024-02-30T00:00:00Z")).toBeNull();
    expect(canonicalInstant("2024-06-01")).toBeNull();
  });

  it("are ordered beyond milliseconds", () => {
    expect(compareInstants("2024-06-01T04:00:00.000002Z", "2024-06-01T04:00:00.000010Z")).toBeLessThan(0);
    expect(compareInstants("2024-06-01T04:00:01Z", "2024-06-01T04:00:00.9Z")).toBeGreaterThan(0);
    expect(compareInstants("2024-06-01T04:00:00Z", "2024-06-01T04:00:00Z")).toBe(0);
  });

  it("fall on the company's day", () => {
    expect(dayIn("Asia/Shanghai", "2024-05-31T16:00:00Z")).toBe("2024-06-01");
    expect(dayIn("America/New_York", "2024-06-01T03:00:00Z")).toBe("2024-05-31");
  });
});
