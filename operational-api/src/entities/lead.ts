import { defineEntity } from "./definition.ts";

export const lead = defineEntity({
  name: "lead",
  table: "leads",
  label: { zh: "线索", en: "Lead" },
  description: "One row per lead: somebody who may become a customer.",
  columns: {
    name: { type: "text", label: { zh: "公司名称", en: "Company" }, required: true, search: true, sort: true },
    contact_name: { type: "text", label: { zh: "联系人", en: "Contact" }, personal: true },
    mobile: { type: "text", label: { zh: "手机", en: "Mobile" }, personal: true, maxLength: 40 },
    source: { type: "text", label: { zh: "来源", en: "Source" }, filter: true, maxLength: 80 },
    province: { type: "text", label: { zh: "省份", en: "Province" }, filter: true, maxLength: 80 },
    status: {
      type: "enum",
      label: { zh: "状态", en: "Status" },
      values: {
        new: { zh: "新线索", en: "New" },
        contacted: { zh: "已联系", en: "Contacted" },
        qualified: { zh: "已确认", en: "Qualified" },
        converted: { zh: "已转化", en: "Converted" },
        discarded: { zh: "已作废", en: "Discarded" },
      },
      default: "new",
      filter: true,
    },
    owner_id: { type: "uuid", label: { zh: "负责人", en: "Owner" }, references: "employee", filter: true },
    customer_id: { type: "uuid", label: { zh: "转化客户", en: "Converted to customer" }, references: "customer", filter: true },
    opportunity_id: { type: "uuid", label: { zh: "转化商机", en: "Converted to opportunity" }, references: "opportunity", filter: true },
  },
  scope: { employee: ["owner_id"] },
  events: { status: "status", owner: "owner_id" },
});
