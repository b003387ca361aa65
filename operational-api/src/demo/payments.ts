import { type Company, type CustomerLife, freshAt, type Sink } from "./company.ts";
import type { Numbering } from "./orders.ts";
import { departmentAt, type Employee } from "./organisation.ts";
import { planted } from "./planted.ts";
import { type Random, randomFrom } from "./random.ts";

const day = 86_400_000;

/** How a customer pays: on time, weeks late, months late, or often not at all. */
export type Payer = "prompt" | "slow" | "late" | "doubtful";

export const payerOf = (seed: number, index: number): Payer =>
  index === planted.latePayer.index
    ? "late"
    : (["prompt", "slow", "late", "doubtful"] as const)[randomFrom(seed, `payer:${index}`).weighted([60, 26, 11, 3])]!;

/** Days between due day and payment; null for never. */
function lateness(random: Random, payer: Payer): number | null {
  switch (payer) {
    case "prompt":
      return random.integer(-7, 4);
    case "slow":
      return random.integer(4, 35);
    case "late":
      return random.integer(32, 120);
    case "doubtful":
      return random.chance(0.4) ? null : random.integer(50, 240);
  }
}

export interface OwedOrder {
  id: string;
  life: CustomerLife;
  owner: Employee;
  approvedAt: number;
  /** Cents of the order's currency, with tax. */
  due: number;
  isFresh: boolean;
}

interface Part {
  kind: "deposit" | "delivery" | "acceptance" | "retention";
  /** Hundredths of the total; the last part takes what rounding leaves. */
  percent: number;
  /** Days after approval. */
  days: number;
}

/** What was agreed: mostly all of it on delivery, often a deposit before, for plants also acceptance and retention. */
function terms(random: Random): Part[] {
  const days = random.pick([30, 30, 45, 60]);
  switch (random.weighted([62, 28, 10])) {
    case 0:
      return [{ kind: "delivery", percent: 100, days }];
    case 1:
      return [
        { kind: "deposit", percent: 30, days: 3 },
        { kind: "delivery", percent: 70, days },
      ];
    default:
      return [
        { kind: "deposit", percent: 30, days: 3 },
        { kind: "delivery", percent: 50, days },
        { kind: "acceptance", percent: 15, days: days + 45 },
        { kind: "retention", percent: 5, days: 365 },
      ];
  }
}

/** Whole units of the currency, except in the last part. */
function amountsOf(parts: readonly Part[], due: number): number[] {
  const amounts = parts.map(({ percent }) => Math.floor((due * percent) / 10_000) * 100);
  const last = amounts.length - 1;
  amounts[last] = due - amounts.slice(0, last).reduce((sum, amount) => sum + amount, 0);
  return amounts;
}

/** The receivable plan of one approved order, and what was paid of it. Never more than is due. */
export function writePayments(company: Company, sink: Sink, random: Random, order: OwedOrder, next: Numbering): void {
  const { calendar } = company;
  if (order.due <= 0) return;
  const parts: Part[] = order.isFresh
    ? [
        { kind: "deposit", percent: 50, days: 0 },
        { kind: "delivery", percent: 50, days: 30 },
      ]
    : terms(random);
  const disputed = random.chance(0.02);
  amountsOf(parts, order.due).forEach((amount, index) => {
    const part = parts[index]!;
    const dueAt = order.approvedAt + part.days * day;
    sink.add("instalments", {
      id: sink.id(order.approvedAt),
      at: order.approvedAt,
      order_id: order.id,
      sequence: index + 1,
      kind: part.kind,
      due_on: calendar.dateOf(dueAt),
      amount,
    });
    if (amount === 0) return;
    if (order.isFresh) {
      if (index === 0) writeReceipt(company, sink, random, order, next, amount, freshAt(calendar, 30));
      return;
    }
    const late = lateness(random, order.life.payer);
    if (late === null || (disputed && index === parts.length - 1)) return;
    const receivedAt = calendar.after(random, order.approvedAt, Math.max(0.2, part.days + late));
    const isSplit = random.chance(0.07);
    const first = isSplit ? Math.floor((amount * random.integer(30, 70)) / 10_000) * 100 : amount;
    if (first > 0) writeReceipt(company, sink, random, order, next, first, receivedAt);
    if (first < amount) {
      const rest = receivedAt === Infinity ? Infinity : calendar.after(random, receivedAt, random.integer(10, 60));
      writeReceipt(company, sink, random, order, next, amount - first, rest);
    }
  });
}

/** Nothing when `receivedAt` lies after `until`. One in 125 turns out to be wrong and is cancelled. */
function writeReceipt(
  company: Company,
  sink: Sink,
  random: Random,
  order: OwedOrder,
  next: Numbering,
  amount: number,
  receivedAt: number,
): void {
  if (receivedAt === Infinity) return;
  const { calendar, rates, actuals } = company;
  const { life, owner } = order;
  const id = sink.id(receivedAt);
  const rate = rates.at(life.currency, receivedAt);
  const department = departmentAt(life.slot, receivedAt);
  const cancelledAt = !order.isFresh && random.chance(0.008) ? calendar.after(random, receivedAt, random.integer(1, 5)) : Infinity;
  const status = cancelledAt === Infinity ? "confirmed" : "cancelled";
  sink.add("receipts", {
    id,
    at: receivedAt,
    updatedAt: status === "confirmed" ? receivedAt : cancelledAt,
    number: next("SK", calendar.dateOf(receivedAt)),
    customer_id: life.id,
    order_id: order.id,
    owner_id: company.employeeIds.get(owner.code)!,
    department_id: company.departmentIds.get(department)!,
    received_at: receivedAt,
    amount,
    currency: life.currency,
    exchange_rate: rate,
    method: ["transfer", "acceptance", "cash", "other"][random.weighted([78, 17, 3, 2])]!,
    status,
  });
  sink.event("status_events", { entity: "receipt", record: id, at: receivedAt, from: null, to: "confirmed" });
  if (status === "cancelled")
    sink.event("status_events", { entity: "receipt", record: id, at: cancelledAt, from: "confirmed", to: status });
  else actuals.add("receipt_amount", owner.code, department, calendar.monthOf(receivedAt), Math.round(amount * rate));
}
