import { defineEntity } from "./definition.ts";

export const contact = defineEntity({
  name: "contact",
  table: "contacts",
  label: { zh: "联系人", en: "Contact" },
  description: "One row per contact person of a customer.",
  columns: {
    customer_id: { type: "uuid", label: { zh: "客户", en: "Customer" }, references: "customer", required: true, filter: true },
    name: { type: "text", label: { zh: "姓名", en: "Name" }, required: true, search: true, sort: true, personal: true },
    title: { type: "text", label: { zh: "职务", en: "Job title" }, filter: true },
    mobile: { type: "text", label: { zh: "手机", en: "Mobile" }, personal: true, maxLength: 40 },
    email: { type: "text", label: { zh: "邮箱", en: "E-mail" }, personal: true },
    is_decision_maker: { type: "boolean", label: { zh: "决策人", en: "Decision maker" }, default: false, filter: true },
  },
  scope: { customer: "customer_id" },
});
