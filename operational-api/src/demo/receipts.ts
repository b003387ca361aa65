import { type Company, freshAt, type Sink } from "./company.ts";
import type { Numbering, PaidOrder } from "./orders.ts";
import type { Random } from "./random.ts";

/** Payments of one approved order: mostly one about a month later, often two, some late, a few never. */
export function writeReceipts(company: Company, sink: Sink, random: Random, order: PaidOrder, next: Numbering): void {
  const { calendar, rates, actuals } = company;
  const { life, owner, due } = order;
  const write = (amount: number, receivedAt: number): void => {
    const id = sink.id(receivedAt);
    const rate = rates.at(life.currency, receivedAt);
    const isCancelled = !order.isFresh && random.chance(0.008);
    const cancelledAt = isCancelled ? calendar.after(random, receivedAt, random.integer(1, 5)) : Infinity;
    const status = cancelledAt === Infinity ? "confirmed" : "cancelled";
    sink.add("receipts", {
      id,
      at: receivedAt,
      updatedAt: status === "confirmed" ? receivedAt : cancelledAt,
      number: next("SK", calendar.dateOf(receivedAt)),
      customer_id: life.id,
      order_id: order.id,
      owner_id: company.employeeIds.get(owner.code)!,
      department_id: company.departmentIds.get(life.slot.department)!,
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
    else actuals.add("receipt_amount", owner.code, life.slot.department, calendar.monthOf(receivedAt), Math.round(amount * rate));
  };

  if (order.isFresh) return write(Math.floor(due / 2), freshAt(calendar, 30));
  if (random.chance(0.03)) return;
  const delay = random.chance(0.08) ? random.integer(90, 240) : random.lognormal(30, 0.5);
  const firstAt = calendar.after(random, order.approvedAt, delay);
  if (firstAt === Infinity) return;
  const first = random.chance(0.26) ? Math.floor((due * random.integer(30, 60)) / 10_000) * 100 : due;
  if (first === 0) return;
  write(first, firstAt);
  // One in eight who pay in parts forgets the rest.
  if (first === due || random.chance(0.12)) return;
  const restAt = calendar.after(random, firstAt, random.lognormal(35, 0.6));
  if (restAt !== Infinity) write(due - first, restAt);
}
