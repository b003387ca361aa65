import type { Label } from "./definition.ts";
import { activity } from "./activity.ts";

/** What a setting's text may be: one of `values`, money with two places, or a whole number; numbers from 0 (or `minimum`) up. */
export type KnownSetting = { key: string; label: Label; default: string } & (
  { kind: "choice"; values: Readonly<Record<string, Label>> } | { kind: "money" } | { kind: "integer"; minimum: number; maximum: number }
);

/** Money spent per activity of a kind, for activities that state no cost of their own. */
const costsToServe = Object.entries(activity.columns.kind.values).map(([kind, label]): KnownSetting => ({
  key: `cost_to_serve_per_${kind}`,
  label: { zh: `每次${label.zh}的服务成本`, en: `Cost to serve per ${label.en.toLowerCase()}` },
  kind: "money",
  default: "0.00",
}));

/**
 * Every key of `company_settings`, in this one place: what the API accepts, and what the models take when the company says nothing
 * (`models/macros/company_settings.sql` is made from it, and a test compares the two).
 */
export const knownSettings: readonly KnownSetting[] = [
  {
    key: "win_rate",
    label: { zh: "赢单率口径", en: "Win rate" },
    kind: "choice",
    values: {
      closed: { zh: "赢单 ÷（赢单 + 输单）", en: "won ÷ (won + lost)" },
      all: { zh: "赢单 ÷ 全部", en: "won ÷ all" },
      closed_and_overdue: { zh: "赢单 ÷（赢单 + 输单 + 逾期未关闭）", en: "won ÷ (won + lost + overdue)" },
    },
    default: "closed",
  },
  {
    key: "result_basis",
    label: { zh: "业绩口径", en: "What counts as a result" },
    kind: "choice",
    values: {
      ordered: { zh: "已审核订单", en: "approved orders" },
      received: { zh: "到账回款", en: "receipts" },
      won: { zh: "赢单商机", en: "won opportunities" },
    },
    default: "ordered",
  },
  {
    key: "active_days",
    label: { zh: "活跃客户的天数", en: "Days without order until a customer is no longer active" },
    kind: "integer",
    minimum: 1,
    maximum: 3650,
    default: "365",
  },
  {
    key: "neglected_days",
    label: { zh: "未跟进客户的天数", en: "Days without contact until a customer is neglected" },
    kind: "integer",
    minimum: 1,
    maximum: 3650,
    default: "90",
  },
  {
    key: "payment_days",
    label: { zh: "无应收计划订单的账期（天）", en: "Days until an order without instalments is due" },
    kind: "integer",
    minimum: 0,
    maximum: 3650,
    default: "30",
  },
  {
    key: "log_days",
    label: { zh: "逐条保留变更日志的天数", en: "Days for which the change log keeps every version" },
    kind: "integer",
    minimum: 1,
    maximum: 36500,
    default: "400",
  },
  ...costsToServe,
];
