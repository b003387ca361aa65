/**
 * Writes spring_festivals.csv beside this file: the first day of the Chinese year for every year that the calendar may need, by the runtime's own
 * Chinese calendar. Run again to cover more years: `node models/seeds/make-spring-festivals.ts`.
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const chinese = new Intl.DateTimeFormat("en-u-ca-chinese", { month: "numeric", day: "numeric", timeZone: "UTC" });

/** The Spring Festival of a Gregorian year, as "2026-02-17". It lies between 20 January and 22 February. */
export function springFestival(year: number): string {
  for (let offset = 0; offset < 34; offset++) {
    const day = new Date(Date.UTC(year, 0, 20 + offset));
    const parts = Object.fromEntries(chinese.formatToParts(day).map(({ type, value }) => [type, value]));
    if (parts.month === "1" && parts.day === "1") return day.toISOString().slice(0, 10);
  }
  throw new Error(`no first day of a Chinese year between 20 January and 22 February ${year}: is the runtime built with full ICU data?`);
}

/** The seed's text. */
export function springFestivals(): string {
  const years = Array.from({ length: 51 }, (_, index) => 2000 + index);
  return ["year,festival_on", ...years.map((year) => `${year},${springFestival(year)}`), ""].join("\n");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync(new URL("spring_festivals.csv", import.meta.url), springFestivals());
