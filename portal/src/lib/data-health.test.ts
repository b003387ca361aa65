import { expect, it } from "vitest";
import { buildSeconds, bytesText, reasonTitle, slotTitle } from "./data-health.ts";

const build = { build: "b", finishedAt: "2026-11-22T01:30:02.250Z", failedTests: 0, changed: 1 };

it("a build's duration is known when it says when it began", () => {
  expect(buildSeconds({ ...build, startedAt: "2026-11-22T01:30:00Z" })).toBe("2.3");
  expect(buildSeconds({ ...build, startedAt: null })).toBeNull();
});

it("bytes are said in the largest unit that leaves a whole", () => {
  expect([0, 1023, 1024, 1_572_864, 5 * 1024 ** 4 * 1000].map(bytesText)).toEqual(["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "5000.0 TiB"]);
});

it("a reason and a state that this portal knows are said in words, others as they come", () => {
  expect(reasonTitle("no exchange rate for USD")).toContain("USD");
  expect(reasonTitle("order without lines")).not.toBe("order without lines");
  expect(reasonTitle("written in ink")).toBe("written in ink");
  expect([slotTitle("lost"), slotTitle(null), slotTitle("odd")]).toEqual([expect.stringMatching(/\S/), expect.stringMatching(/\S/), "odd"]);
});
