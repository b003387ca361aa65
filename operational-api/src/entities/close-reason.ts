import { defineEntity } from "./definition.ts";

/** Once an outcome has reasons here, `close_reason` of an opportunity is one of their codes. */
export const closeReason = defineEntity({
  name: "close_reason",
  table: "close_reasons",
  label: { zh: "赢输原因", en: "Win/loss reason" },
  description: "One row per reason for which opportunities are won or lost.",
  columns: {
    outcome: {
      type: "enum",
      label: { zh: "结果", en: "Outcome" },
      values: { won: { zh: "赢单", en: "Won" }, lost: { zh: "输单", en: "Lost" } },
      required: true,
      filter: true,
    },
    code: { type: "text", label: { zh: "代码", en: "Code" }, required: true, filter: true, maxLength: 80 },
    name: { type: "text", label: { zh: "名称", en: "Name" }, required: true },
    name_en: { type: "text", label: { zh: "英文名称", en: "English name" }, required: true },
    position: { type: "integer", label: { zh: "排序", en: "Position" }, default: 0, sort: true },
  },
  scope: "reference",
  unique: [["outcome", "code"]],
});
