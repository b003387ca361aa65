import type { Company, CustomerLife, Sink } from "./company.ts";
import { companyName, contactTitles, industries, mobileNumber, personName, placeIn, sources } from "./names.ts";
import { departmentAt, departments, handovers, holderAt } from "./organisation.ts";
import type { Sale } from "./orders.ts";
import { payerOf } from "./payments.ts";
import { largestCustomers, planted, plantedCustomers } from "./planted.ts";
import { apportion, type Random, randomFrom } from "./random.ts";

/** Customers are made in blocks, so that any number streams and the counts per block are exact. */
export const blockSize = 100;
/** Documents of a customer for each of its order lines. */
const perLine = { opportunities: 4 / 50, orders: 15 / 50, lines: 1, activities: 10 / 50 };
const day = 86_400_000;
/** A customer orders nothing in its first days. */
export const firstOrderAfter = 3 * day;
/** Without an order for so long a customer is given up. */
const lostAfter = 365 * day;
const needsDeal: readonly number[] = [planted.freshOpportunityCustomer, planted.slippingCustomer.index];
const selling = departments.filter((department) => department.customers > 0);

/** `count` order sizes that add up to `lines`, each at least 1. */
function lineCounts(random: Random, count: number, lines: number): number[] {
  const weights = Array.from({ length: count }, () => random.lognormal(1, 0.6));
  return apportion(lines - count, weights).map((extra) => extra + 1);
}

/** The lives of the customers of one block: who, since when, how large, and how many documents each has. */
export function customerBlock(company: Company, sink: Sink, block: number, customers: number): CustomerLife[] {
  const { calendar, rates } = company;
  const random = randomFrom(company.seed, `block:${block}`);
  const count = Math.min(blockSize, customers - block * blockSize);
  const lives: CustomerLife[] = [];
  for (let position = 0; position < count; position++) {
    const index = block * blockSize + position;
    const isPlanted = index === planted.topCustomer.index || index === planted.lostCustomer.index;
    const isOld = isPlanted || plantedCustomers.includes(index) || random.chance(0.35);
    const createdAt = isOld
      ? calendar.sample(random, calendar.start - 365 * day, calendar.start)
      : calendar.sample(random, calendar.start, calendar.until);
    const department = index === 0 ? "D04" : index === 1 ? "D06" : selling[random.weighted(selling.map((one) => one.customers))]!.code;
    const slots = company.organisation.slots.get(department)!;
    const slot = isPlanted ? slots[0]! : random.pick(slots);
    const tenure = calendar.until - createdAt;
    const churns = index === 1 || (!plantedCustomers.includes(index) && tenure > 600 * day && random.chance(0.16));
    const lastOrderDay = index === 1 ? 400 : random.integer(370, Math.max(371, Math.floor(tenure / day) - 200));
    lives.push({
      index,
      id: sink.id(createdAt),
      name: "",
      slot,
      createdAt,
      stopsAt: churns ? Math.max(calendar.start, calendar.until - lastOrderDay * day) : calendar.until,
      pause: churns ? null : pauseOf(company, index, createdAt),
      payer: payerOf(company.seed, index),
      dirt: { orders: false, opportunities: false },
      size: index === 0 ? 11 : index === 1 ? 3 : Math.min(7, random.lognormal(1, 0.7)),
      currency: !isPlanted && random.chance(0.06) ? rates.foreign : rates.company,
      opportunities: 0,
      orderLines: [],
      activities: 0,
    });
  }
  shareOut(random, company, lives);
  return lives;
}

/** One customer in twelve that has been there long enough buys nothing for more than a year, and then again. */
function pauseOf({ calendar, seed }: Company, index: number, createdAt: number): CustomerLife["pause"] {
  const random = randomFrom(seed, `pause:${index}`);
  const earliest = Math.max(createdAt, calendar.start) + 90 * day;
  const latest = calendar.until - 100 * day;
  const length = random.integer(400, 560) * day;
  if (earliest + length > latest) return null;
  if (index !== planted.wonBackCustomer.index && (plantedCustomers.includes(index) || !random.chance(1 / 12))) return null;
  const from = earliest + Math.floor(random.next() * (latest - length - earliest));
  return { from, to: from + length };
}

/** Gives each customer its part of the block's documents: few have many, a quarter has no order at all. */
function shareOut(random: Random, company: Company, lives: CustomerLife[]): void {
  const { calendar } = company;
  const ranks = random.shuffle(lives.map((_, position) => position));
  const span = calendar.until - calendar.start;
  const weights = lives.map((life, position) => {
    const rank = largestCustomers.indexOf(life.index);
    if (rank >= 0) return 1.2 - rank * 0.25;
    if (ranks[position]! >= lives.length * 0.75) return 0;
    const active = Math.max(0, Math.min(life.stopsAt, calendar.until) - Math.max(life.createdAt + firstOrderAfter, calendar.start));
    return active === 0 ? 0 : (ranks[position]! + 3) ** -0.6 * Math.min(1, active / span + 0.02);
  });
  const among = (each: number): number => Math.round(each * company.linesPerCustomer * lives.length);
  const orders = apportion(among(perLine.orders), weights);
  const lines = lineCounts(random, among(perLine.orders), among(perLine.lines));
  const softer = lives.map((life, position) => weights[position]! ** 0.5 + (needsDeal.includes(life.index) ? 1 : 0.12));
  const opportunities = apportion(among(perLine.opportunities), softer);
  const activities = apportion(among(perLine.activities), softer);
  let used = 0;
  lives.forEach((life, position) => {
    life.orderLines = lines.slice(used, (used += orders[position]!));
    life.opportunities = opportunities[position]!;
    life.activities = activities[position]!;
  });
  const busiest = (count: (life: CustomerLife) => number): CustomerLife | undefined =>
    lives.filter(({ index }) => !plantedCustomers.includes(index)).sort((one, other) => count(other) - count(one))[0];
  const [seller, dealer] = [busiest(({ orderLines }) => orderLines.length), busiest(({ opportunities }) => opportunities)];
  if (seller) seller.dirt.orders = true;
  if (dealer) dealer.dirt.opportunities = true;
}

export interface StatusStep {
  at: number;
  status: string;
}

/** The steps of a customer's business status, from its approved sales: a year without one is a loss, one after that wins the customer back. */
export function statusSteps(company: Company, life: CustomerLife, sales: readonly Sale[]): StatusStep[] {
  const { calendar } = company;
  const random = randomFrom(company.seed, `status:${life.index}`);
  const steps: StatusStep[] = [{ at: life.createdAt, status: "potential" }];
  const push = (at: number, status: string): void => {
    if (at <= calendar.until) steps.push({ at, status });
  };
  if (sales.length === 0) {
    const later = calendar.after(random, life.createdAt, random.integer(20, 200));
    const roll = random.next();
    if (roll < 0.25) push(later, "key_potential");
    else if (roll < 0.3) push(later, "invalid");
    return steps;
  }
  sales.forEach(({ orderedAt }, index) => {
    const before = sales[index - 1];
    const isBack = before !== undefined && orderedAt - before.orderedAt > lostAfter;
    if (isBack) push(before.orderedAt + lostAfter, "lost");
    if (before === undefined || isBack) push(orderedAt, "cooperating");
    if (index === 14 && life.size > 1.3) push(orderedAt + 1, "key_cooperating");
  });
  push(sales.at(-1)!.orderedAt + lostAfter, "lost");
  return steps;
}

const levelOf = (life: CustomerLife): string => {
  const worth = life.size * life.orderLines.length;
  return life.index === planted.lostCustomer.index || worth > 60 ? "A" : worth > 18 ? "B" : worth > 0 ? "C" : "D";
};

/** Names a customer before its documents are written: opportunities carry the name. Deterministic per customer. */
export function nameCustomer(company: Company, life: CustomerLife): { random: Random; industry: string; province: string; city: string } {
  const random = randomFrom(company.seed, `customer:${life.index}`);
  const department = departments.find((one) => one.code === life.slot.department)!;
  const kind = department.code === "D10" ? "energy" : department.code === "D11" ? "automation" : "general";
  const { province, city } = placeIn(random, department.provinces);
  const industry = random.pick(industries[kind]);
  life.name =
    [planted.topCustomer, planted.lostCustomer].find((one) => one.index === life.index)?.name ?? companyName(random, city, industry);
  return { random, industry, province, city };
}

/** The customer's row, its status and owner events, contacts; returns the contacts' ids. `parent` is the head of the group it belongs to. */
export function writeCustomer(
  company: Company,
  sink: Sink,
  life: CustomerLife,
  profile: ReturnType<typeof nameCustomer>,
  steps: readonly StatusStep[],
  parent: string | null,
): string[] {
  const { random, industry, province, city } = profile;
  const first = holderAt(life.slot, life.createdAt);
  const changes = handovers(life.slot, life.createdAt);
  const owners = [{ from: life.createdAt, employee: first }, ...changes];
  const ids = owners.map(({ employee }) => company.employeeIds.get(employee.code)!);
  owners.forEach(({ from }, index) => {
    sink.event("owner_events", { entity: "customer", record: life.id, at: from, from: ids[index - 1] ?? null, to: ids[index]! });
  });
  steps.forEach(({ at, status }, index) => {
    sink.event("status_events", { entity: "customer", record: life.id, at, from: steps[index - 1]?.status ?? null, to: status });
  });
  const staff = Math.round(random.lognormal(180, 1));
  const isForeign = life.currency !== company.rates.company;
  sink.add("customers", {
    id: life.id,
    external_id: `C${String(life.index + 1).padStart(6, "0")}`,
    at: life.createdAt,
    updatedAt: Math.max(steps.at(-1)!.at, owners.at(-1)!.from),
    name: life.name,
    kind: ["end_customer", "reseller", "partner", "government"][random.weighted([74, 18, 5, 3])]!,
    industry,
    ownership: isForeign ? "foreign" : ["state", "private", "foreign", "joint", "public"][random.weighted([14, 60, 6, 8, 12])]!,
    level: levelOf(life),
    source: random.pick(sources),
    status: steps.at(-1)!.status,
    country: "中国",
    province,
    city,
    address: `${city}${random.pick(["经济开发区", "高新区", "工业园区", "保税区"])}${random.pick(["创业路", "科技路", "兴业路", "工业大道"])}${random.integer(1, 988)}号`,
    phone: `0${random.integer(20, 99)}-6000${String(random.integer(0, 9999)).padStart(4, "0")}`,
    owner_id: ids.at(-1)!,
    parent_id: parent,
    founded_year: random.integer(1985, 2022),
    employee_count: staff,
    annual_revenue: Math.round(staff * random.lognormal(600_000, 0.4) * company.rates.priceScale) * 100,
  });
  company.actuals.add("new_customers", first.code, departmentAt(life.slot, life.createdAt), company.calendar.monthOf(life.createdAt), 1);
  return Array.from({ length: random.integer(1, 3) }, (_, index) => {
    const id = sink.id(life.createdAt);
    sink.add("contacts", {
      id,
      at: life.createdAt,
      customer_id: life.id,
      name: personName(random),
      title: random.pick(contactTitles),
      mobile: mobileNumber(random),
      email: `contact${life.index + 1}-${index + 1}@customer.example`,
      is_decision_maker: index === 0,
    });
    return id;
  });
}
