import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { springFestival, springFestivals } from "./make-spring-festivals.ts";

it("A8 knows the Spring Festival of years that are known", () => {
  // 2033 and 2034 have a leap month between them, which some calendars place wrongly.
  expect([2015, 2023, 2024, 2025, 2026, 2033, 2034].map(springFestival)).toEqual([
    "2015-02-19",
    "2023-01-22",
    "2024-02-10",
    "2025-01-29",
    "2026-02-17",
    "2033-01-31",
    "2034-02-19",
  ]);
});

it("the seed is what the script writes", async () => {
  expect(await readFile(new URL("spring_festivals.csv", import.meta.url), "utf8")).toBe(springFestivals());
});
