import { type Company, type CustomerLife, freshAt, type Sink } from "./company.ts";
import type { Product } from "./catalogue.ts";
import { firstOrderAfter } from "./customers.ts";
import type { WonDeal } from "./opportunities.ts";
import { departmentAt, holderAt } from "./organisation.ts";
import { writePayments } from "./payments.ts";
import { planted } from "./planted.ts";
import { productSold } from "./product-choice.ts";
import { type Random, randomFrom } from "./random.ts";

/** Document numbers by day: `SO20260105-0007`. */
export type Numbering = (prefix: string, date: string) => string;

export function numbering(): Numbering {
  const last = new Map<string, number>();
  return (prefix, date) => {
    const key = prefix + date.replaceAll("-", "");
    const number = (last.get(key) ?? 0) + 1;
    last.set(key, number);
    return `${key}-${String(number).padStart(4, "0")}`;
  };
}

interface Line {
  product: Product;
  quantity: number;
  unitPrice: number;
  discountPercent: number;
  taxPercent: number;
  unitCost: number;
  /** Cents: round(quantity × unit_price × (1 − discount), 2). */
  amount: number;
  taxAmount: number;
}

/** Quantities are whole, so this is exact in doubles: halves round up, as Postgres rounds numerics. */
const lineAmount = (quantity: number, unitPrice: number, discountPercent: number): number =>
  Math.floor((quantity * unitPrice * (100 - discountPercent) + 50) / 100);

const taxOf = (amount: number, taxPercent: number): number => Math.floor((amount * taxPercent + 50) / 100);

function newLine(company: Company, random: Random, life: CustomerLife, rate: number): Line {
  const product = productSold(company, random);
  const listPrice = product.listPrice / rate;
  const unitPrice = Math.max(1, Math.round(listPrice * (0.92 + random.next() * 0.1)));
  const wanted = (random.lognormal(450_000, 0.9) * company.rates.priceScale * life.size) / rate;
  const quantity = Math.min(20_000, Math.max(1, Math.round(wanted / unitPrice)));
  const discountPercent = random.chance(0.3) ? random.pick([2, 3, 5, 8, 10]) : 0;
  const amount = lineAmount(quantity, unitPrice, discountPercent);
  const unitCost = Math.max(1, Math.round((product.costPrice / rate) * (0.96 + random.next() * 0.08)));
  const taxPercent = life.currency === company.rates.company ? product.taxPercent : 0;
  return { product, quantity, unitPrice, discountPercent, taxPercent, unitCost, amount, taxAmount: taxOf(amount, taxPercent) };
}

/** What comes back of a sold line: a part of it at the same price. */
function returnedLine(random: Random, sold: Line): Line {
  const quantity = Math.max(1, Math.floor(sold.quantity * (0.1 + random.next() * 0.6)));
  const amount = lineAmount(quantity, sold.unitPrice, sold.discountPercent);
  return { ...sold, quantity, amount, taxAmount: taxOf(amount, sold.taxPercent) };
}

/** An order's business times: drafted, then approved, seldom cancelled after that; what lies after `until` has not happened. */
function progress(random: Random, company: Company, orderedAt: number, certain: boolean): { at: number; status: string }[] {
  const steps = [{ at: orderedAt, status: "draft" }];
  const minutes = random.chance(0.85) ? random.integer(5, 200) : random.integer(600, 2600);
  const approvedAt = certain
    ? orderedAt + Math.min(5 * 60_000, Math.floor((company.calendar.until - orderedAt) / 8))
    : orderedAt + minutes * 60_000;
  if (approvedAt > company.calendar.until || (!certain && random.chance(0.006))) return steps;
  steps.push({ at: approvedAt, status: "approved" });
  if (!certain && random.chance(0.018)) {
    const cancelledAt = company.calendar.after(random, approvedAt, random.integer(1, 6));
    if (cancelledAt !== Infinity) steps.push({ at: cancelledAt, status: "cancelled" });
  }
  return steps;
}

/** Approved sales, oldest first: the customer's business status follows from them. */
export interface Sale {
  orderedAt: number;
}

/** A currency that the company has no exchange rates of, and about what one unit is worth in yuan. */
const unrated = { currency: "JPY", instead: "KRW", worth: 0.05 };

/** When each of the customer's orders was placed, oldest first: none during a pause, one at least before and one after it. */
function orderTimes(random: Random, company: Company, life: CustomerLife): number[] {
  const { calendar } = company;
  const boost = life.slot.department === planted.doubledDepartment ? 2.4 : 1;
  const from = Math.max(calendar.start, life.createdAt + firstOrderAfter);
  const to = Math.max(from, life.stopsAt);
  const { pause } = life;
  const early = pause ? (pause.from - from) / (pause.from - from + to - pause.to) : 0;
  const times = life.orderLines.map((_, index) => {
    if (!pause) return calendar.sample(random, from, to, boost);
    const isEarly = index === 0 || (index > 1 && random.chance(early));
    return isEarly ? calendar.sample(random, from, pause.from, boost) : calendar.sample(random, pause.to, to, boost);
  });
  return times.sort((one, other) => one - other);
}

/** Orders, returns, their lines, instalments and receipts of one customer. */
export function writeOrders(company: Company, sink: Sink, life: CustomerLife, won: readonly WonDeal[], next: Numbering): Sale[] {
  const { calendar, rates, actuals } = company;
  const random = randomFrom(company.seed, `orders:${life.index}`);
  const times = orderTimes(random, company, life);
  const hasFresh = life.index === planted.freshOrderCustomer && times.length > 0;
  if (hasFresh) times[times.length - 1] = freshAt(calendar, 40);

  const unlinked = [...won];
  const sold: Line[] = [];
  const sales: Sale[] = [];
  let carried = 0;
  times.forEach((orderedAt, index) => {
    const isFresh = hasFresh && index === times.length - 1;
    const owner = holderAt(life.slot, orderedAt);
    const id = sink.id(orderedAt);
    const fault = life.dirt.orders && times.length > 3 ? (["no lines", "no rate"] as const)[index] : undefined;
    const currency = fault === "no rate" ? (rates.company === unrated.currency ? unrated.instead : unrated.currency) : life.currency;
    const rate = fault === "no rate" ? unrated.worth * rates.priceScale : rates.at(currency, orderedAt);
    const wanted = life.orderLines[index]! + carried;
    // Returns have fewer lines than was planned, an order without lines none; the customer's next order has them instead, so the total stays. So the last is a sale.
    const isReturn = index < times.length - 1 && sold.length > 0 && random.chance(0.035);
    const count = fault === "no lines" ? 0 : wanted;
    const lines = isReturn ? returned(random, sold, wanted) : Array.from({ length: count }, () => newLine(company, random, life, rate));
    carried = wanted - lines.length;
    const kind = isReturn ? "return" : "sale";
    if (kind === "sale" && !fault) sold.push(...lines);
    const subtotal = lines.reduce((sum, line) => sum + line.amount, 0);
    const discount = kind === "sale" && random.chance(0.12) ? Math.floor((subtotal * random.integer(1, 3)) / 10_000) * 100 : 0;
    const freight =
      kind === "sale" && lines.length > 0 && random.chance(0.25)
        ? Math.round((random.integer(80, 800) * rates.priceScale) / rate) * 100
        : 0;
    const steps = progress(random, company, orderedAt, isFresh || fault !== undefined);
    const status = steps.at(-1)!.status;
    const deal = kind === "sale" && unlinked[0] && unlinked[0].closedAt <= orderedAt ? unlinked.shift() : undefined;
    const ownerId = company.employeeIds.get(owner.code)!;
    const department = departmentAt(life.slot, orderedAt);
    sink.add("orders", {
      id,
      at: orderedAt,
      updatedAt: steps.at(-1)!.at,
      number: next(kind === "sale" ? "SO" : "TH", calendar.dateOf(orderedAt)),
      kind,
      customer_id: life.id,
      opportunity_id: deal?.id ?? null,
      owner_id: ownerId,
      department_id: company.departmentIds.get(department)!,
      status,
      ordered_at: orderedAt,
      currency,
      exchange_rate: fault === "no rate" ? null : rate,
      discount,
      freight,
    });
    sink.event("owner_events", { entity: "order", record: id, at: orderedAt, from: null, to: ownerId });
    steps.forEach((step, position) => {
      sink.event("status_events", { entity: "order", record: id, at: step.at, from: steps[position - 1]?.status ?? null, to: step.status });
    });
    lines.forEach((line, position) => writeLine(company, sink, id, orderedAt, position + 1, line));
    if (kind === "return" || status !== "approved" || lines.length === 0) return;
    sales.push({ orderedAt });
    if (fault) return;
    actuals.add("order_amount", owner.code, department, calendar.monthOf(orderedAt), Math.round((subtotal - discount + freight) * rate));
    const due = subtotal - discount + freight + lines.reduce((sum, line) => sum + line.taxAmount, 0);
    writePayments(company, sink, random, { id, life, owner, approvedAt: steps[1]!.at, due, isFresh }, next);
  });
  return sales;
}

/** Lines to give back of those `sold`, at most `most` and three, the planted product first. */
function returned(random: Random, sold: readonly Line[], most: number): Line[] {
  const suspects = sold.filter((line) => line.product.code === planted.returnedProduct);
  const count = Math.min(most, random.integer(1, 3), sold.length);
  const picked = random.chance(0.5) ? suspects.slice(0, count) : [];
  while (picked.length < count) picked.push(random.pick(sold));
  return picked.map((line) => returnedLine(random, line));
}

function writeLine(company: Company, sink: Sink, orderId: string, at: number, lineNumber: number, line: Line): void {
  sink.add("order_lines", {
    id: sink.id(at),
    at,
    order_id: orderId,
    line_number: lineNumber,
    product_id: company.productIds.get(line.product.code)!,
    quantity: line.quantity,
    unit_price: line.unitPrice,
    discount_rate: line.discountPercent / 100,
    tax_rate: line.taxPercent / 100,
    amount: line.amount,
    tax_amount: line.taxAmount,
    unit_cost: line.unitCost,
  });
}
