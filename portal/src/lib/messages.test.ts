import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (locale: string): Record<string, string> =>
  JSON.parse(readFileSync(new URL(`../../messages/${locale}.json`, import.meta.url), "utf8")) as Record<string, string>;
const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name).sort();

it("says everything in both languages, with the same placeholders", () => {
  const [chinese, english] = [read("zh-CN"), read("en")];
  expect(Object.keys(english).sort()).toEqual(Object.keys(chinese).sort());
  for (const [key, text] of Object.entries(chinese)) {
    expect(text.trim(), key).not.toBe("");
    expect(placeholders(english[key] ?? ""), key).toEqual(placeholders(text));
  }
});
