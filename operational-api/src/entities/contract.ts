import { defineEntity } from "./definition.ts";

/** A contract in force runs from `starts_on` to `ends_on`, both included, or to `terminated_on` when it ended early. A renewal names the contract it follows. */
export const contract = defineEntity({
  name: "contract",
  table: "contracts",
  label: { zh: "合同", en: "Contract" },
  description: "One row per contract with a customer.",
  columns: {
    number: {
      type: "text",
      label: { zh: "合同编号", en: "Number" },
      required: true,
      search: true,
      sort: true,
      filter: true,
      maxLength: 60,
    },
    name: { type: "text", label: { zh: "名称", en: "Name" }, search: true },
    customer_id: { type: "uuid", label: { zh: "客户", en: "Customer" }, references: "customer", required: true, filter: true },
    opportunity_id: { type: "uuid", label: { zh: "商机", en: "Opportunity" }, references: "opportunity", filter: true },
    owner_id: { type: "uuid", label: { zh: "负责人", en: "Owner" }, references: "employee", required: true, filter: true },
    department_id: { type: "uuid", label: { zh: "归属部门", en: "Credited department" }, references: "department", filter: true },
    status: {
      type: "enum",
      label: { zh: "状态", en: "Status" },
      values: {
        draft: { zh: "草稿", en: "Draft" },
        effective: { zh: "生效", en: "Effective" },
        terminated: { zh: "提前终止", en: "Terminated early" },
      },
      default: "draft",
      filter: true,
    },
    signed_on: { type: "date", label: { zh: "签订日期", en: "Signed on" }, filter: true, sort: true },
    starts_on: { type: "date", label: { zh: "开始日期", en: "Starts on" }, required: true, filter: true, sort: true },
    ends_on: { type: "date", label: { zh: "到期日期", en: "Ends on" }, required: true, filter: true, sort: true },
    terminated_on: { type: "date", label: { zh: "终止日期", en: "Terminated on" }, filter: true, sort: true },
    termination_reason: { type: "text", label: { zh: "终止原因", en: "Reason of termination" }, filter: true, maxLength: 80 },
    amount: { type: "money", label: { zh: "金额", en: "Amount" }, default: "0", filter: true, sort: true, minimum: 0 },
    currency: { type: "currency", label: { zh: "币种", en: "Currency" }, default: "company_currency", filter: true },
    exchange_rate: { type: "rate", label: { zh: "汇率", en: "Exchange rate" }, positive: true },
    renewal_of_id: { type: "uuid", label: { zh: "续签自", en: "Renewal of" }, references: "contract", filter: true },
  },
  scope: { employee: ["owner_id"], customer: "customer_id" },
  unique: [["number"]],
  events: { status: "status", owner: "owner_id" },
});
