import { defineEntity } from "./definition.ts";

/** A decision of the company about what its figures mean. `known-settings.ts` says which keys there are; without a row a key has its default. */
export const companySetting = defineEntity({
  name: "company_setting",
  table: "company_settings",
  label: { zh: "公司设置", en: "Company setting" },
  description: "One row per setting that the company has decided itself.",
  columns: {
    key: { type: "text", label: { zh: "设置项", en: "Key" }, required: true, filter: true, sort: true, maxLength: 80 },
    value: { type: "text", label: { zh: "取值", en: "Value" }, required: true },
    note: { type: "text", label: { zh: "备注", en: "Note" }, maxLength: 2000 },
  },
  scope: "reference",
  unique: [["key"]],
});
