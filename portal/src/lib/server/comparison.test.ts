import { describe, expect, it } from "vitest";
import { attainment, growth, pointsChange } from "./comparison.ts";

describe("growth", () => {
  it("is exact where floats are not", () => expect(growth("0.30", "0.10").value).toBe("2.000000"));
  it("falls", () => expect(growth("75.00", "100.00").value).toBe("-0.250000"));
  it("keeps its direction over a negative base", () => expect(growth("-50", "-100").value).toBe("0.500000"));
  it("says that there is no base", () => expect(growth("1.00", "0.00")).toEqual({ value: null, reason: "no-base" }));
  it("says that there is no value", () => expect(growth(null, "3")).toEqual({ value: null, reason: "no-value" }));
  it("handles sums beyond 2^53", () => expect(growth("18014398509481986.02", "9007199254740993.01").value).toBe("1.000000"));
});

it("measures rates in points", () => expect(pointsChange("0.4500", "0.5").value).toBe("-0.0500"));

describe("attainment", () => {
  it("divides", () => expect(attainment("80.00", "120.00").value).toBe("0.666667"));
  it("counts nothing sold as zero of a target", () => expect(attainment(null, "120.00").value).toBe("0.000000"));
  it("needs a target", () => expect(attainment("80.00", null)).toEqual({ value: null, reason: "no-target" }));
});
