import type { Company, CustomerLife, Sink } from "./company.ts";
import type { Deal } from "./opportunities.ts";
import { holderAt } from "./organisation.ts";
import { randomFrom } from "./random.ts";

const kinds = ["visit", "call", "email", "message", "meeting", "task"];
const subjects: Record<string, readonly string[]> = {
  visit: ["上门拜访", "现场技术交流", "样品送测"],
  call: ["电话回访", "跟进报价", "确认交期"],
  email: ["发送产品资料", "发送报价单"],
  message: ["沟通技术参数", "确认付款进度"],
  meeting: ["方案评审会", "商务谈判"],
  task: ["准备投标文件", "整理选型清单"],
};
/** How often an activity of a kind is charged, and the median of what it cost then, in yuan. */
const costs: Readonly<Record<string, readonly [number, number]>> = { visit: [0.7, 260], meeting: [0.4, 420], task: [0.05, 150] };
const outcomes = ["reached", "interested", "refused", "unreached"];
const day = 86_400_000;

/** What the owner did with a customer, part of it within a deal; one in a hundred is planned for the two weeks after `until`. */
export function writeActivities(
  company: Company,
  sink: Sink,
  life: CustomerLife,
  deals: readonly Deal[],
  contacts: readonly string[],
): void {
  const { calendar } = company;
  const random = randomFrom(company.seed, `activities:${life.index}`);
  const from = Math.max(life.createdAt, calendar.start);
  for (let number = 0; number < life.activities; number++) {
    const at = calendar.sample(random, from, calendar.until);
    const live = deals.filter((deal) => deal.createdAt <= at && at <= deal.endedAt);
    const kind = kinds[random.weighted([26, 34, 12, 16, 8, 4])]!;
    const [charged, usual] = costs[kind] ?? [0, 0];
    const cost = random.chance(charged) ? Math.round(random.lognormal(usual, 0.6) * company.rates.priceScale) * 100 : null;
    const isPlanned = random.chance(0.01);
    const wantsAhead = at > calendar.until - 10 * day && random.chance(0.3);
    const doneAt = isPlanned || wantsAhead ? null : at;
    const plannedAt = doneAt === null ? (isPlanned ? calendar.until : at) + random.integer(1, 14) * day : at - random.integer(0, 3) * day;
    const createdAt = doneAt === null ? at : Math.max(life.createdAt, plannedAt);
    sink.add("activities", {
      id: sink.id(createdAt),
      at: createdAt,
      updatedAt: at,
      kind,
      subject: random.pick(subjects[kind]!),
      customer_id: life.id,
      contact_id: random.pick(contacts),
      opportunity_id: live.length > 0 && random.chance(0.7) ? random.pick(live).id : null,
      owner_id: company.employeeIds.get(holderAt(life.slot, at).code)!,
      planned_at: plannedAt,
      done_at: doneAt,
      cost: doneAt === null ? null : cost,
      outcome: doneAt === null ? null : outcomes[random.weighted([45, 30, 8, 17])]!,
    });
  }
}
