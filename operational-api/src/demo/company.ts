import type { DemoCalendar } from "./calendar.ts";
import type { Product } from "./catalogue.ts";
import type { Rates } from "./exchange.ts";
import type { Organisation, Slot } from "./organisation.ts";
import type { Payer } from "./payments.ts";
import type { Event, EventTable, EntityTable, Row } from "./tables.ts";

/** Where generated rows go, and where their ids come from. */
export interface Sink {
  id(at: number): string;
  add<T extends EntityTable>(table: T, row: Row<T>): void;
  event(table: EventTable, event: Omit<Event, "id">): void;
}

/** What every generator knows of the company. Ids are by code. */
export interface Company {
  seed: number;
  calendar: DemoCalendar;
  rates: Rates;
  organisation: Organisation;
  products: readonly Product[];
  /** Running sums of the products' popularity. */
  popularity: readonly number[];
  employeeIds: ReadonlyMap<string, string>;
  departmentIds: ReadonlyMap<string, string>;
  productIds: ReadonlyMap<string, string>;
  actuals: Actuals;
  linesPerCustomer: number;
}

/** One customer while its life is being written. */
export interface CustomerLife {
  index: number;
  id: string;
  name: string;
  slot: Slot;
  createdAt: number;
  /** No order after this. */
  stopsAt: number;
  /** A time without orders, of a customer that was lost and won back. */
  pause: { from: number; to: number } | null;
  payer: Payer;
  /** Has the block's faulty orders, or its faulty opportunities (planted.ts). */
  dirt: { orders: boolean; opportunities: boolean };
  /** How large its documents are; the median customer has 1. */
  size: number;
  currency: string;
  opportunities: number;
  /** Number of lines of each of its orders. */
  orderLines: number[];
  activities: number;
}

export type TargetMeasure = "order_amount" | "receipt_amount" | "won_amount" | "new_customers";

/** What was reached by employee, department and month: targets are set from it. Amounts in cents of the company currency. */
export interface Actuals {
  add(measure: TargetMeasure, employee: string, department: string, month: number, value: number): void;
  /** Keys are `measure|employee|department`; values by month. */
  all(): ReadonlyMap<string, Float64Array>;
}

export function actualsOver(months: number): Actuals {
  const sums = new Map<string, Float64Array>();
  return {
    add(measure, employee, department, month, value) {
      const key = `${measure}|${employee}|${department}`;
      let values = sums.get(key);
      if (!values) sums.set(key, (values = new Float64Array(months)));
      values[month]! += value;
    },
    all: () => sums,
  };
}

/** Minutes before `until` of the planted fresh documents, shortened early in the day so that they still fall on it. */
export function freshAt(calendar: DemoCalendar, minutesBefore: number): number {
  const today = calendar.dateOf(calendar.until);
  const wanted = calendar.until - minutesBefore * 60_000;
  if (calendar.dateOf(wanted) === today) return wanted;
  return calendar.until - minutesBefore * 1000;
}
