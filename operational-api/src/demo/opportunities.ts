import { type Company, type CustomerLife, freshAt, type Sink } from "./company.ts";
import { writeRevisions } from "./deal-revisions.ts";
import { departmentAt, handovers, holderAt } from "./organisation.ts";
import { sources } from "./names.ts";
import { planted } from "./planted.ts";
import { productSold } from "./product-choice.ts";
import { type Random, randomFrom } from "./random.ts";

/** The stages of the default pipeline, as their records hold them. */
export const defaultPipeline = (
  [
    ["first_talk", "初步洽谈", "First talk", 0.1, "open"],
    ["sample_test", "样品测试", "Sample test", 0.3, "open"],
    ["negotiation", "商务谈判", "Negotiation", 0.5, "open"],
    ["signing", "签约", "Signing", 0.8, "open"],
    ["won", "赢单", "Won", 1, "won"],
    ["lost", "输单", "Lost", 0, "lost"],
  ] as const
).map(([code, name, name_en, probability, outcome], index) => ({
  pipeline: "default",
  code,
  name,
  name_en,
  position: index + 1,
  probability,
  outcome,
}));

const day = 86_400_000;

type Stage = (typeof defaultPipeline)[number]["code"];
type Status = "open" | "won" | "lost";
interface Step {
  at: number;
  stage: Stage;
}

const open: readonly Stage[] = ["first_talk", "sample_test", "negotiation", "signing"];
const medianDays = [7, 16, 14, 8];
/** Chances per stage of ending as lost, of going one stage back and of skipping the next; the rest moves on. */
const losing = [0.2, 0.22, 0.2, 0.1];
const returning = [0, 0.06, 0.07, 0.06];
const skipping = [0.1, 0.08, 0.05, 0];

const statusOf = (stage: Stage): Status => (stage === "won" || stage === "lost" ? stage : "open");

/** A deal's way through the pipeline until it ends, gets stuck or `until` comes. `skill` below 1 loses less. */
function walk(random: Random, company: Company, createdAt: number, skill: number): Step[] {
  const steps: Step[] = [{ at: createdAt, stage: open[random.chance(0.12) ? 1 : 0]! }];
  for (;;) {
    const last = steps.at(-1)!;
    const index = open.indexOf(last.stage);
    if (index < 0) {
      // Some lost deals, and a few won ones, are opened again.
      if (!random.chance(last.stage === "lost" ? 0.03 : 0.008)) return steps;
      const at = company.calendar.after(random, last.at, random.integer(20, 70));
      if (at === Infinity) return steps;
      steps.push({ at, stage: "negotiation" });
      continue;
    }
    if (random.chance(0.025)) return steps;
    const at = company.calendar.after(random, last.at, random.lognormal(medianDays[index]!, 0.75));
    if (at === Infinity) return steps;
    const roll = random.next();
    const lost = losing[index]! * skill;
    const back = lost + returning[index]!;
    const next = roll < lost ? "lost" : roll < back ? open[index - 1]! : (open[index + (roll < back + skipping[index]! ? 2 : 1)] ?? "won");
    steps.push({ at, stage: next });
  }
}

/** Codes of the reasons a new company keeps (schema/default-definitions.ts), and how often each is given. */
const reasons = {
  won: { codes: ["price", "product_fit", "delivery", "relationship", "service"], weights: [24, 30, 16, 22, 8] },
  lost: {
    codes: ["price", "competitor", "no_budget", "no_decision", "product_fit", "delivery", "relationship"],
    weights: [27, 24, 12, 16, 8, 9, 4],
  },
} as const;

/** When a won deal was closed: orders refer to the deals they come from. */
export interface WonDeal {
  id: string;
  closedAt: number;
}

/** Period of an opportunity's life, for the activities that belong to it. */
export interface Deal {
  id: string;
  createdAt: number;
  endedAt: number;
}

type Fault = "closed before created" | "closed without a time";

/** When the record says the deal was closed; its stage events tell the truth. */
function statedClose(fault: Fault | undefined, createdAt: number, closedAt: number): number | null {
  if (fault === "closed before created") return createdAt - 30 * day;
  return fault === "closed without a time" ? null : closedAt;
}

/** All opportunities of a customer with their events: stage, status, owner, amount, expected close. */
export function writeOpportunities(company: Company, sink: Sink, life: CustomerLife): { won: WonDeal[]; deals: Deal[] } {
  const { calendar, rates } = company;
  const random = randomFrom(company.seed, `opportunities:${life.index}`);
  const won: WonDeal[] = [];
  const deals: Deal[] = [];
  /** Faults still to be made, in closed deals. */
  const faults: Fault[] = life.dirt.opportunities ? ["closed before created", "closed without a time"] : [];
  for (let number = 0; number < life.opportunities; number++) {
    const isFresh = life.index === planted.freshOpportunityCustomer && number === 0;
    const isSlipping = life.index === planted.slippingCustomer.index && number === 0;
    const createdAt =
      isFresh || isSlipping
        ? Math.max(life.createdAt, calendar.until - (isFresh ? 45 : 330) * day)
        : calendar.sample(random, Math.max(life.createdAt, calendar.start), calendar.until);
    const skill = 0.6 + 0.8 * randomFrom(company.seed, `skill:${holderAt(life.slot, createdAt).code}`).next();
    const steps: Step[] =
      isFresh || isSlipping
        ? open.slice(0, isFresh ? 4 : 3).map((stage, index) => ({ at: createdAt + index * day, stage }))
        : walk(random, company, createdAt, skill);
    if (isFresh) steps.push({ at: freshAt(calendar, 20), stage: "won" });

    const id = sink.id(createdAt);
    const last = steps.at(-1)!;
    const status = statusOf(last.stage);
    let owner = holderAt(life.slot, createdAt);
    sink.event("owner_events", { entity: "opportunity", record: id, at: createdAt, from: null, to: company.employeeIds.get(owner.code)! });
    let updatedAt = last.at;
    for (const { from: at, employee } of handovers(life.slot, createdAt)) {
      if (statusOf(steps.findLast((step) => step.at <= at)!.stage) !== "open") continue;
      const [before, after] = [company.employeeIds.get(owner.code)!, company.employeeIds.get(employee.code)!];
      sink.event("owner_events", { entity: "opportunity", record: id, at, from: before, to: after });
      owner = employee;
      updatedAt = Math.max(updatedAt, at);
    }
    steps.forEach((step, index) => {
      const before = steps[index - 1]?.stage;
      sink.event("stage_events", { entity: "opportunity", record: id, at: step.at, from: before ?? null, to: step.stage });
      const from = before === undefined ? null : statusOf(before);
      if (from !== statusOf(step.stage)) {
        sink.event("status_events", { entity: "opportunity", record: id, at: step.at, from, to: statusOf(step.stage) });
      }
    });

    const currency = life.currency;
    const rate = rates.at(currency, createdAt);
    const amount = Math.max(5, Math.round((random.lognormal(60_000 * rates.priceScale, 0.8) * life.size ** 0.6) / rate / 100)) * 10_000;
    const product = productSold(company, random);
    const endedAt = status === "open" ? calendar.until : last.at;
    const revised = writeRevisions(sink, random, calendar, { id, createdAt, endedAt, amount, alwaysSlips: isSlipping });
    updatedAt = Math.max(updatedAt, revised.changedAt);
    const fault = status === "open" || isFresh ? undefined : faults.shift();
    const closedAt = status === "open" ? null : statedClose(fault, createdAt, last.at);
    const department = departmentAt(life.slot, createdAt);
    sink.add("opportunities", {
      id,
      at: createdAt,
      updatedAt,
      name: `${life.name.slice(0, 8)}${product.name.split(" ")[0]}项目`,
      customer_id: life.id,
      product_id: company.productIds.get(product.code)!,
      owner_id: company.employeeIds.get(owner.code)!,
      department_id: company.departmentIds.get(department)!,
      source: random.pick(sources),
      pipeline: "default",
      stage: last.stage,
      status,
      amount,
      currency,
      exchange_rate: rate,
      expected_close_on: revised.expectedOn,
      closed_at: closedAt,
      close_reason: status === "open" ? null : reasons[status].codes[random.weighted(reasons[status].weights)]!,
    });
    deals.push({ id, createdAt, endedAt });
    if (status === "won") {
      won.push({ id, closedAt: last.at });
      if (closedAt !== null)
        company.actuals.add("won_amount", owner.code, department, calendar.monthOf(closedAt), Math.round(amount * rate));
    }
  }
  won.sort((one, other) => one.closedAt - other.closedAt);
  return { won, deals };
}
