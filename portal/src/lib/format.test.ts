import { describe, expect, it } from "vitest";
import { formatFull, formatInstant, formatPercent, formatShort, formatTick, missing, titleWithUnit } from "./format.ts";

describe("formatShort", () => {
  it.each([
    ["12345600", "1,234.56万"],
    ["9999.99", "9,999.99"],
    ["10000", "1.00万"],
    ["123456789012.34", "1,234.57亿"],
    ["-12345678", "-1,234.57万"],
    ["0.00", "0.00"],
  ])("writes %s in Chinese as %s", (value, text) => expect(formatShort(value, "money", "zh-CN")).toBe(text));

  it.each([
    ["1234", "1.23K"],
    ["12345678", "12.35M"],
    ["1234567890", "1.23B"],
    ["999", "999.00"],
  ])("writes %s in English as %s", (value, text) => expect(formatShort(value, "money", "en")).toBe(text));

  it.each([
    ["128", "128"],
    ["12345", "12,345"],
    ["1234567", "1.23M"],
  ])("writes the count %s as %s", (value, text) => expect(formatShort(value, "count", "en")).toBe(text));
  it("shows what is missing as a dash, never as zero", () => expect(formatShort(null, "money", "en")).toBe(missing));
});

describe("formatFull", () => {
  it("does not lose digits a float would", () => expect(formatFull("9007199254740993.01", "money")).toBe("9,007,199,254,740,993.01"));
  it("rounds half away from zero", () => expect(formatFull("-2.345", "money")).toBe("-2.35"));
  it("cuts a timestamp to its date", () => expect(formatFull("2026-11-22T00:00:00.000", "date")).toBe("2026-11-22"));
});

describe("formatPercent", () => {
  it.each([
    ["0.12345", "12.3%"],
    ["-0.5", "-50.0%"],
    ["12.5", "1,250.0%"],
    ["1e-3", "0.1%"],
    [null, missing],
  ])("writes %s as %s", (value, text) => expect(formatPercent(value)).toBe(text));
});

it("writes a moment in the company's zone", () => {
  expect(formatInstant("2026-11-22T16:30:00Z", "Asia/Shanghai")).toBe("2026-11-23 00:30");
});

describe("formatTick", () => {
  it.each([
    [20_000_000, "money", "2,000万"],
    [150_000_000, "money", "1.5亿"],
    [0, "money", "0"],
    [100, "count", "100"],
    [0.5, "percent", "50%"],
    [0.125, "percent", "12.5%"],
  ] as const)("writes %s as %s: %s", (value, format, text) => expect(formatTick(value, format, "zh-CN")).toBe(text));
});

describe("titleWithUnit", () => {
  it.each([
    ["订单金额", "money", "zh-CN", "订单金额（¥）"],
    ["Win rate", "percent", "en", "Win rate (%)"],
    ["Mean sales cycle", "days", "en", "Mean sales cycle (days)"],
    ["Median days", "days", "en", "Median days"],
    ["客户数", "count", "zh-CN", "客户数"],
  ] as const)("%s of %s in %s is headed %s", (title, format, locale, heading) =>
    expect(titleWithUnit(title, format, { currency: "CNY", locale })).toBe(heading),
  );
});

it("writes a plain number with four places at most, and a quantity as it is", () => {
  expect(formatFull("0.5314065865281561", "number")).toBe("0.5314");
  expect(formatFull("1234.1250", "number")).toBe("1,234.125");
});
