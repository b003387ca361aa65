import { customer } from "./customer.ts";
import { defineEntity } from "./definition.ts";

/** What makes a customer valuable, and how much each counts. A segment with rows of its own uses only those; null stands for every segment without. */
export const valueCriterion = defineEntity({
  name: "value_criterion",
  table: "value_criteria",
  label: { zh: "价值评分项", en: "Value criterion" },
  description: "One row per segment and criterion of the customer value model.",
  columns: {
    segment: { type: "enum", label: { zh: "客户类型", en: "Segment" }, values: customer.columns.kind.values, filter: true },
    criterion: {
      type: "enum",
      label: { zh: "评分项", en: "Criterion" },
      values: {
        revenue: { zh: "销售额", en: "Revenue" },
        margin: { zh: "毛利", en: "Margin" },
        growth: { zh: "增长", en: "Growth" },
        payment: { zh: "付款表现", en: "Payment behaviour" },
        frequency: { zh: "购买频次", en: "Frequency" },
        potential: { zh: "潜力", en: "Potential" },
        service_cost: { zh: "服务成本", en: "Service cost" },
      },
      required: true,
      filter: true,
    },
    weight: { type: "rate", label: { zh: "权重", en: "Weight" }, required: true, minimum: 0, maximum: 1 },
  },
  scope: "reference",
  unique: [["segment", "criterion"]],
});
