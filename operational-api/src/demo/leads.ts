import type { Company, CustomerLife, Sink } from "./company.ts";
import { companyName, industries, mobileNumber, personName, placeIn, sources } from "./names.ts";
import { departments, holderAt } from "./organisation.ts";
import { randomFrom } from "./random.ts";

const day = 86_400_000;

/** The lead a customer came from (four in ten have one), and one or two leads that came to nothing or are still being worked on. */
export function writeLeads(company: Company, sink: Sink, life: CustomerLife, firstDeal: string | null): void {
  const { calendar } = company;
  const random = randomFrom(company.seed, `leads:${life.index}`);
  const provinces = departments.find((one) => one.code === life.slot.department)!.provinces;
  const write = (name: string, at: number, steps: { at: number; status: string }[], customer: string | null): void => {
    const id = sink.id(at);
    const owner = company.employeeIds.get(holderAt(life.slot, at).code)!;
    const happened = [{ at, status: "new" }, ...steps].filter((step) => step.at <= calendar.until);
    const status = happened.at(-1)!.status;
    sink.add("leads", {
      id,
      at,
      updatedAt: happened.at(-1)!.at,
      name,
      contact_name: personName(random),
      mobile: mobileNumber(random),
      source: random.pick(sources),
      province: placeIn(random, provinces).province,
      status,
      owner_id: owner,
      customer_id: customer,
      opportunity_id: customer ? firstDeal : null,
    });
    sink.event("owner_events", { entity: "lead", record: id, at, from: null, to: owner });
    happened.forEach((step, index) => {
      sink.event("status_events", { entity: "lead", record: id, at: step.at, from: happened[index - 1]?.status ?? null, to: step.status });
    });
  };

  if (random.chance(0.4)) {
    const at = life.createdAt - random.integer(2, 40) * day;
    const between = (share: number): number => Math.round(at + (life.createdAt - at) * share);
    const steps = [
      { at: between(0.2), status: "contacted" },
      { at: between(0.6), status: "qualified" },
      { at: life.createdAt, status: "converted" },
    ];
    write(life.name, at, steps, life.id);
  }
  for (let count = random.integer(0, 2); count > 0; count--) {
    const at = calendar.sample(random, calendar.start, calendar.until);
    const contactedAt = calendar.after(random, at, random.integer(1, 10));
    const steps = [{ at: contactedAt, status: "contacted" }];
    if (random.chance(0.45)) steps.push({ at: calendar.after(random, contactedAt, random.integer(3, 15)), status: "qualified" });
    steps.push({ at: calendar.after(random, steps.at(-1)!.at, random.integer(10, 60)), status: "discarded" });
    const place = placeIn(random, provinces);
    write(companyName(random, place.city, random.pick(industries.general)), at, steps, null);
  }
}
