/**
 * Writes chinese_workdays.csv beside this file from the npm package chinese-days: one row per day that differs from its weekday, a public
 * holiday or a working day made up for one (调休). Run again when a new year is published: `node models/seeds/make-chinese-workdays.ts`.
 */
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

interface PublishedDays {
  holidays: Record<string, string>;
  workdays: Record<string, string>;
}

const source = createRequire(import.meta.url).resolve("chinese-days/dist/chinese-days.json");
const published: PublishedDays = JSON.parse(readFileSync(source, "utf8"));

// A value reads "Spring Festival,春节,4".
const rows = (kind: string, days: Record<string, string>): string[] =>
  Object.entries(days).map(([day, names]) => {
    const [nameEn, nameZh] = names.split(",");
    return [day, kind, nameZh, nameEn].join(",");
  });

const lines = [...rows("holiday", published.holidays), ...rows("workday", published.workdays)].sort();
writeFileSync(new URL("chinese_workdays.csv", import.meta.url), ["date_key,kind,name_zh,name_en", ...lines, ""].join("\n"));
