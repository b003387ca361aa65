import type { DemoCalendar } from "./calendar.ts";
import type { Sink } from "./company.ts";
import type { Random } from "./random.ts";

const day = 86_400_000;

/** After so many delays nobody puts a deal off again: it is left overdue. */
const mostSlips = 6;

export interface RevisedDeal {
  id: string;
  createdAt: number;
  /** When it was closed, or `until`. */
  endedAt: number;
  /** Cents, as it stands in the end. */
  amount: number;
  /** Put off again each time the expected day comes; others are sometimes left overdue. */
  alwaysSlips: boolean;
}

/** Writes how amount and expected close of a deal changed from its creation to what they are; returns the present expected day and the last change. */
export function writeRevisions(
  sink: Sink,
  random: Random,
  calendar: DemoCalendar,
  deal: RevisedDeal,
): { expectedOn: string; changedAt: number } {
  const amounts = amountsOver(random, calendar, deal);
  amounts.forEach(({ at, value }, index) => {
    const before = amounts[index - 1];
    sink.event("amount_events", {
      entity: "opportunity",
      record: deal.id,
      at,
      from: before ? money(before.value) : null,
      to: money(value),
    });
  });
  const closes = expectedCloses(random, calendar, deal);
  closes.forEach(({ at, value }, index) => {
    const from = closes[index - 1]?.value ?? null;
    sink.event("expected_close_events", { entity: "opportunity", record: deal.id, at, from, to: value });
  });
  return { expectedOn: closes.at(-1)!.value, changedAt: Math.max(amounts.at(-1)!.at, closes.at(-1)!.at) };
}

const money = (cents: number): string => (cents / 100).toFixed(2);

interface Revision<Value> {
  at: number;
  value: Value;
}

/** Half of the deals keep their amount; the others are cut or grow up to three times, in hundreds. */
function amountsOver(random: Random, calendar: DemoCalendar, { createdAt, endedAt, amount }: RevisedDeal): Revision<number>[] {
  const changes = endedAt - createdAt < 2 * day ? 0 : random.weighted([52, 30, 13, 5]);
  const times = Array.from({ length: changes }, () => calendar.sample(random, createdAt + day, endedAt)).sort((one, other) => one - other);
  // Backwards from what it is now.
  let value = amount;
  const revisions: Revision<number>[] = [];
  for (const at of times.toReversed()) {
    revisions.unshift({ at, value });
    const before = Math.max(10_000, Math.round((value * (0.75 + random.next() * 0.6)) / 10_000) * 10_000);
    value = before === value ? value + 10_000 : before;
  }
  return [{ at: createdAt, value }, ...revisions];
}

/** First a month to four after creation. When the day comes and the deal is open, most are put off; some are before that, or brought forward. */
function expectedCloses(random: Random, calendar: DemoCalendar, { createdAt, endedAt, alwaysSlips }: RevisedDeal): Revision<string>[] {
  let expected = createdAt + random.integer(25, 110) * day;
  const revisions: Revision<string>[] = [{ at: createdAt, value: calendar.dateOf(expected) }];
  const revise = (at: number, to: number): void => {
    expected = to;
    const value = calendar.dateOf(to);
    if (value !== revisions.at(-1)!.value) revisions.push({ at, value });
  };
  if (!alwaysSlips && random.chance(0.18)) {
    const at = createdAt + Math.floor((expected - createdAt) * (0.3 + random.next() * 0.4));
    if (at <= endedAt) revise(at, Math.max(at + 5 * day, expected + random.integer(-25, 30) * day));
  }
  for (;;) {
    const at = expected + random.integer(1, 9) * day;
    const isLeft = !alwaysSlips && (revisions.length > mostSlips || random.chance(0.18));
    if (at > endedAt || isLeft) break;
    revise(at, at + random.integer(15, 60) * day);
  }
  return revisions;
}
