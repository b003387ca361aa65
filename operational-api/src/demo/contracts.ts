import type { Company, CustomerLife, Sink } from "./company.ts";
import type { Numbering, Sale } from "./orders.ts";
import { departmentAt, holderAt } from "./organisation.ts";
import { planted, plantedCustomers } from "./planted.ts";
import { type Random, randomFrom } from "./random.ts";

const day = 86_400_000;
const term = 365 * day;

/** A contract that the customer ended early. */
export interface Termination {
  at: number;
  reason: string;
}

/** When the customer's first yearly contract starts; null for those without. Those who buy much have one. */
function firstStart(random: Random, company: Company, life: CustomerLife, sales: readonly Sale[]): number | null {
  const { calendar } = company;
  const earliest = life.createdAt + 30 * day;
  if (life.index === planted.topCustomer.index) {
    const end = calendar.until + planted.expiringContractDays * day;
    return end - Math.max(1, Math.floor((end - Math.max(earliest, calendar.start)) / term)) * term;
  }
  if (life.index === planted.lostCustomer.index) return Math.max(earliest, life.stopsAt - 200 * day);
  const wants = sales.length >= 12 && random.chance(0.5);
  const start = Math.max(earliest, (sales[0]?.orderedAt ?? 0) + random.integer(-20, 120) * day);
  return wants ? start : null;
}

/**
 * The yearly framework contracts of a customer: each renews the one before, until one is not renewed, or terminated when the customer leaves.
 * Returns the termination, if there was one.
 */
export function writeContracts(
  company: Company,
  sink: Sink,
  life: CustomerLife,
  sales: readonly Sale[],
  next: Numbering,
): Termination | null {
  const { calendar, rates } = company;
  const random = randomFrom(company.seed, `contracts:${life.index}`);
  const isTop = life.index === planted.topCustomer.index;
  const terminates = life.index === planted.lostCustomer.index || random.chance(0.5);
  let start = firstStart(random, company, life, sales);
  let renews: string | null = null;
  let worth = random.lognormal(350_000, 0.5) * rates.priceScale * life.size;
  while (start !== null) {
    const createdAt: number = Math.max(life.createdAt, start - random.integer(8, 25) * day);
    // The customer who leaves signs no other contract; and what is signed later is not known yet.
    if (createdAt > calendar.until || createdAt > life.stopsAt || (isTop && start > calendar.until)) return null;
    const signedAt = calendar.after(random, createdAt, random.integer(1, 6));
    const ends: number = start + term;
    const termination = signedAt === Infinity ? null : terminationOf(random, company, life, { signedAt, ends, terminates });
    const id = sink.id(createdAt);
    const owner = company.employeeIds.get(holderAt(life.slot, createdAt).code)!;
    const steps = [{ at: createdAt, status: "draft" }];
    if (signedAt !== Infinity) steps.push({ at: signedAt, status: "effective" });
    if (termination) steps.push({ at: termination.at, status: "terminated" });
    const rate = rates.at(life.currency, createdAt);
    sink.add("contracts", {
      id,
      at: createdAt,
      updatedAt: steps.at(-1)!.at,
      number: next("HT", calendar.dateOf(createdAt)),
      name: `${life.name.slice(0, 12)}年度框架协议`,
      customer_id: life.id,
      owner_id: owner,
      department_id: company.departmentIds.get(departmentAt(life.slot, createdAt))!,
      status: steps.at(-1)!.status,
      signed_on: signedAt === Infinity ? null : calendar.dateOf(signedAt),
      starts_on: calendar.dateOf(start),
      ends_on: calendar.dateOf(ends - day),
      terminated_on: termination && calendar.dateOf(termination.at),
      termination_reason: termination && termination.reason,
      amount: Math.max(1, Math.round(worth / rate / 10_000)) * 1_000_000,
      currency: life.currency,
      exchange_rate: rate,
      renewal_of_id: renews,
    });
    sink.event("owner_events", { entity: "contract", record: id, at: createdAt, from: null, to: owner });
    steps.forEach((step, index) => {
      sink.event("status_events", { entity: "contract", record: id, at: step.at, from: steps[index - 1]?.status ?? null, to: step.status });
    });
    if (termination) return termination;
    if (signedAt === Infinity || !(isTop || random.chance(0.85))) return null;
    renews = id;
    start = ends;
    worth *= 0.9 + random.next() * 0.35;
  }
  return null;
}

/** Who leaves may end the contract then; one in fifty is ended by a dispute. */
function terminationOf(
  random: Random,
  { calendar }: Company,
  life: CustomerLife,
  { signedAt, ends, terminates }: { signedAt: number; ends: number; terminates: boolean },
): Termination | null {
  const leaves = life.stopsAt < calendar.until && terminates && life.stopsAt < ends;
  const disputes = !plantedCustomers.includes(life.index) && random.chance(0.02);
  if (!leaves && !disputes) return null;
  const after = leaves ? Math.max(signedAt, life.stopsAt) : signedAt + random.integer(40, 250) * day;
  const at = calendar.after(random, after, random.integer(15, 40));
  const reason = ["price", "competitor", "quality", "demand_gone"][random.weighted([40, 30, 15, 15])]!;
  return at < ends - day ? { at, reason: life.index === planted.lostCustomer.index ? "price" : reason } : null;
}
