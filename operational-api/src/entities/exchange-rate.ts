import { defineEntity } from "./definition.ts";

/** One unit of `currency` is `rate` units of the company currency from `valid_on` until the next row. */
export const exchangeRate = defineEntity({
  name: "exchange_rate",
  table: "exchange_rates",
  label: { zh: "汇率", en: "Exchange rate" },
  description: "One row per currency and first day of validity.",
  columns: {
    currency: { type: "currency", label: { zh: "币种", en: "Currency" }, required: true, filter: true },
    rate: { type: "rate", label: { zh: "汇率", en: "Rate" }, required: true, positive: true },
    valid_on: { type: "date", label: { zh: "生效日期", en: "Valid on" }, required: true, filter: true, sort: true },
  },
  scope: "reference",
  unique: [["currency", "valid_on"]],
});
