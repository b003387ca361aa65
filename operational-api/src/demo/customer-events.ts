import type { Company, CustomerLife, Sink } from "./company.ts";
import type { Termination } from "./contracts.ts";
import type { StatusStep } from "./customers.ts";
import { holderAt } from "./organisation.ts";
import { planted } from "./planted.ts";
import { randomFrom } from "./random.ts";

const day = 86_400_000;

const lossReasons = ["competitor", "price", "quality", "delivery", "demand_gone", "closed_down"];
const returnReasons = ["visit", "price", "new_product", "promotion"];
const complaintReasons = ["quality", "delivery", "service", "invoice"];

/** What the owner noted about a customer: complaints and refusals mostly before a loss, the loss with its reason, and the return. */
export function writeCustomerEvents(
  company: Company,
  sink: Sink,
  life: CustomerLife,
  steps: readonly StatusStep[],
  termination: Termination | null,
): void {
  const { calendar } = company;
  const random = randomFrom(company.seed, `events:${life.index}`);
  const write = (kind: string, at: number, reason: string): void => {
    if (at > calendar.until || at < life.createdAt) return;
    sink.add("customer_events", {
      id: sink.id(at),
      at,
      customer_id: life.id,
      kind,
      reason,
      occurred_at: at,
      owner_id: company.employeeIds.get(holderAt(life.slot, at).code)!,
    });
  };

  if (termination) write("contract_terminated", termination.at, termination.reason);
  steps.forEach(({ at, status }, index) => {
    const wasLost = steps[index - 1]?.status === "lost";
    if (status === "lost") {
      // The last order is a year ago; what led to it happened around then.
      if (random.chance(0.3)) write("complaint", at - random.integer(340, 400) * day, random.pick(complaintReasons));
      if (random.chance(0.25)) write("visit_refused", at - random.integer(60, 300) * day, random.pick(["competitor", "price", "no_time"]));
      const reason = life.index === planted.lostCustomer.index ? "price" : lossReasons[random.weighted([30, 26, 14, 10, 14, 6])]!;
      // One loss in eight is never looked into.
      if (life.index === planted.lostCustomer.index || random.chance(0.875)) write("declared_lost", at, termination?.reason ?? reason);
    }
    if (wasLost && status !== "lost") write("won_back", at, random.pick(returnReasons));
    if (status === "key_cooperating") write("level_changed", at, "upgraded");
  });
  if (random.chance(0.04))
    write("complaint", calendar.sample(random, Math.max(life.createdAt, calendar.start), calendar.until), random.pick(complaintReasons));
}
