import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { companySettingsMacro } from "./make-company-settings.ts";

it("the models know the settings of the operational API, with the same defaults", async () => {
  expect(await readFile(new URL("company_settings.sql", import.meta.url), "utf8")).toBe(companySettingsMacro);
});
