/** Writes company_settings.sql: the settings that the operational API knows, with their defaults. Run it when a setting is added: `node make-company-settings.ts`. */
import { writeFile } from "node:fs/promises";
import { knownSettings } from "@kehu/operational-api/definitions";

const rows = knownSettings.map(({ key, default: value }) => `    ('${key}', '${value}')`);

/** The macro's text, for the file and for the test that compares the two. */
export const companySettingsMacro = `{#- Every setting a company may decide, with what holds without a decision. Made by make-company-settings.ts from the operational API's definition. -#}
{%- macro company_setting_defaults() -%}
  select key, default_value from (values
${rows.join(",\n")}
  ) as known (key, default_value)
{%- endmacro -%}
`;

if (import.meta.main) await writeFile(new URL("company_settings.sql", import.meta.url), companySettingsMacro);
