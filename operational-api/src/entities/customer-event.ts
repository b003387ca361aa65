import { defineEntity } from "./definition.ts";

/** What happened in the relation to a customer besides documents and contacts. `reason` is a code of the company's own choice. */
export const customerEvent = defineEntity({
  name: "customer_event",
  table: "customer_events",
  label: { zh: "客户事件", en: "Customer event" },
  description: "One row per event in the life of a customer.",
  columns: {
    customer_id: { type: "uuid", label: { zh: "客户", en: "Customer" }, references: "customer", required: true, filter: true },
    kind: {
      type: "enum",
      label: { zh: "事件", en: "Kind" },
      values: {
        declared_lost: { zh: "确认流失", en: "Declared lost" },
        won_back: { zh: "挽回", en: "Won back" },
        complaint: { zh: "投诉", en: "Complaint" },
        level_changed: { zh: "等级调整", en: "Level changed" },
        contract_terminated: { zh: "合同终止", en: "Contract terminated" },
        visit_refused: { zh: "拒绝拜访", en: "Visit refused" },
        other: { zh: "其他", en: "Other" },
      },
      required: true,
      filter: true,
    },
    reason: { type: "text", label: { zh: "原因", en: "Reason" }, filter: true, maxLength: 80 },
    occurred_at: {
      type: "instant",
      label: { zh: "发生时间", en: "Occurred at" },
      default: "now",
      filter: true,
      sort: true,
      backdate: true,
    },
    owner_id: { type: "uuid", label: { zh: "经办人", en: "Handled by" }, references: "employee", filter: true },
    note: { type: "text", label: { zh: "备注", en: "Note" }, maxLength: 2000 },
  },
  scope: { employee: ["owner_id"], customer: "customer_id" },
});
