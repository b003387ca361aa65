import { defineEntity } from "./definition.ts";

export const activity = defineEntity({
  name: "activity",
  table: "activities",
  label: { zh: "跟进", en: "Activity" },
  description: "One row per visit, call, mail, message, meeting or task, planned or done.",
  columns: {
    kind: {
      type: "enum",
      label: { zh: "方式", en: "Kind" },
      values: {
        visit: { zh: "拜访", en: "Visit" },
        call: { zh: "电话", en: "Call" },
        email: { zh: "邮件", en: "E-mail" },
        message: { zh: "消息", en: "Message" },
        meeting: { zh: "会议", en: "Meeting" },
        task: { zh: "任务", en: "Task" },
      },
      required: true,
      filter: true,
    },
    subject: { type: "text", label: { zh: "主题", en: "Subject" }, required: true, search: true },
    customer_id: { type: "uuid", label: { zh: "客户", en: "Customer" }, references: "customer", filter: true },
    contact_id: { type: "uuid", label: { zh: "联系人", en: "Contact" }, references: "contact", filter: true },
    opportunity_id: { type: "uuid", label: { zh: "商机", en: "Opportunity" }, references: "opportunity", filter: true },
    owner_id: { type: "uuid", label: { zh: "负责人", en: "Owner" }, references: "employee", required: true, filter: true },
    planned_at: { type: "instant", label: { zh: "计划时间", en: "Planned at" }, filter: true, sort: true },
    done_at: { type: "instant", label: { zh: "完成时间", en: "Done at" }, filter: true, sort: true },
    outcome: {
      type: "enum",
      label: { zh: "结果", en: "Outcome" },
      values: {
        reached: { zh: "已联系", en: "Reached" },
        interested: { zh: "有意向", en: "Interested" },
        refused: { zh: "拒绝", en: "Refused" },
        unreached: { zh: "未联系上", en: "Not reached" },
      },
      filter: true,
    },
    cost: { type: "money", label: { zh: "费用", en: "Cost" }, minimum: 0 },
    note: { type: "text", label: { zh: "备注", en: "Note" }, maxLength: 2000 },
  },
  scope: { employee: ["owner_id"], customer: "customer_id" },
});
