import { customer } from "./customer.ts";
import { defineEntity } from "./definition.ts";

/**
 * A layer of the value pyramid, from position 1 down. By `rank_share` it reaches down to that share of the customers (0.05: the first 5 %),
 * by `score` to that score (0 to 1). A customer is in the first tier that reaches it.
 */
export const valueTier = defineEntity({
  name: "value_tier",
  table: "value_tiers",
  label: { zh: "价值层级", en: "Value tier" },
  description: "One row per segment and tier of the customer value pyramid.",
  columns: {
    segment: { type: "enum", label: { zh: "客户类型", en: "Segment" }, values: customer.columns.kind.values, filter: true },
    tier: { type: "text", label: { zh: "层级", en: "Tier" }, required: true, filter: true, maxLength: 40 },
    position: { type: "integer", label: { zh: "顺序", en: "Position" }, required: true, sort: true, minimum: 1 },
    basis: {
      type: "enum",
      label: { zh: "划分方式", en: "Basis" },
      values: { rank_share: { zh: "按排名占比", en: "Share by rank" }, score: { zh: "按得分", en: "Score" } },
      default: "rank_share",
      filter: true,
    },
    threshold: { type: "rate", label: { zh: "界限", en: "Threshold" }, required: true, minimum: 0, maximum: 1 },
  },
  scope: "reference",
  unique: [["segment", "tier"]],
});
