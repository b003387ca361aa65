import { customer } from "./customer.ts";
import { defineEntity } from "./definition.ts";

/**
 * When a customer of a segment counts as churned: without order for `multiple` times its own median purchase interval (`interval`),
 * when its last contract ended without renewal (`contract_end`), or without order for `days` (`days`). Null stands for every segment without a row.
 */
export const churnDefinition = defineEntity({
  name: "churn_definition",
  table: "churn_definitions",
  label: { zh: "流失定义", en: "Churn definition" },
  description: "One row per segment that defines when a customer has churned.",
  columns: {
    segment: { type: "enum", label: { zh: "客户类型", en: "Segment" }, values: customer.columns.kind.values, filter: true },
    method: {
      type: "enum",
      label: { zh: "方法", en: "Method" },
      values: {
        interval: { zh: "超过自身购买间隔", en: "Own purchase interval exceeded" },
        contract_end: { zh: "合同到期未续", en: "Contract ended" },
        days: { zh: "连续未下单天数", en: "Days without order" },
      },
      required: true,
      filter: true,
    },
    multiple: { type: "rate", label: { zh: "间隔倍数", en: "Multiple of the interval" }, positive: true },
    days: { type: "integer", label: { zh: "天数", en: "Days" }, minimum: 1, maximum: 3650 },
  },
  scope: "reference",
  unique: [["segment"]],
});
