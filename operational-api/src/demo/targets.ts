import type { Company, Sink, TargetMeasure } from "./company.ts";
import { departments } from "./organisation.ts";
import { planted } from "./planted.ts";
import { randomFrom } from "./random.ts";

const measures: readonly TargetMeasure[] = ["order_amount", "receipt_amount", "won_amount", "new_customers"];
const levels = [
  ["goal", 1],
  ["stretch", 1.15],
  ["challenge", 1.3],
] as const;

/** Targets are set about a month before they begin, and are recorded then. */
const lead = 25 * 86_400_000;

/**
 * Targets of every salesperson and department for each month from the calendar's start to the December after `until`, in three levels.
 * They are set from what was reached: half the month itself, half the year's level and season, divided by an attainment of about 95 %,
 * so that people miss and exceed them believably. A department's target is the sum of its people's and of the departments below it.
 */
export function writeTargets(company: Company, sink: Sink): void {
  const { calendar } = company;
  const random = randomFrom(company.seed, "targets");
  const firstMonth = calendar.monthOf(calendar.start);
  const lastActual = calendar.monthOf(calendar.until);
  const december = 11 - Number(calendar.firstOfMonth(lastActual).slice(5, 7)) + 1;
  const months = Array.from({ length: lastActual + december - firstMonth + 1 }, (_, index) => firstMonth + index);
  const parents = new Map(departments.map((department) => [department.code, department.parent]));

  for (const measure of measures) {
    const unit = measure === "new_customers" ? 100 : 100_000;
    const sums = new Map<string, number[]>();
    const collect = (department: string, index: number, amount: number): void => {
      for (let code: string | null = department; code; code = parents.get(code) ?? null) {
        const values = sums.get(code) ?? months.map(() => 0);
        values[index]! += amount;
        sums.set(code, values);
      }
    };
    const people = [...company.actuals.all()].filter(([key]) => key.startsWith(`${measure}|`));
    // The rep without a deal has a target all the same: nobody is left out because nothing was reached.
    const idle: [string, Float64Array] = [`${measure}|${planted.repWithoutDeal}|D08`, new Float64Array(lastActual + 1)];
    const idleFrom = lastActual - 11;
    for (const [key, actual] of [...people, idle]) {
      const [, employee, department] = key.split("|") as [string, string, string];
      const active = months.filter((month) => (actual[month] ?? 0) > 0);
      const isIdle = employee === planted.repWithoutDeal;
      const from = isIdle ? idleFrom : active[0]!;
      // A book's last month with anything in it, unless it is still held.
      const last = active.at(-1) ?? lastActual;
      const to = isIdle || last >= lastActual - 2 ? months.at(-1)! : last;
      months.forEach((month, index) => {
        if (from === undefined || month < from || month > to) return;
        const plan = isIdle
          ? measure === "new_customers"
            ? 1
            : 20_000_000 * company.rates.priceScale
          : planned(company, actual, from, month);
        const attainment = 0.72 + 0.23 * (random.next() + random.next());
        const scale = measure === "new_customers" ? 100 : 1;
        const amount = Math.max(unit, Math.round((plan * scale) / attainment / unit) * unit);
        collect(department, index, amount);
        write(department, employee, month, measure, amount);
      });
    }
    for (const [department, values] of sums)
      values.forEach((amount, index) => amount > 0 && write(department, null, months[index]!, measure, amount));
  }

  function write(department: string, employee: string | null, month: number, measure: TargetMeasure, amount: number): void {
    const first = calendar.firstOfMonth(month);
    const at = Math.min(calendar.until, Date.parse(`${first}T01:00:00Z`) - lead);
    for (const [level, factor] of levels) {
      sink.add("targets", {
        id: sink.id(at),
        at,
        measure,
        level,
        department_id: company.departmentIds.get(department)!,
        employee_id: employee === null ? null : company.employeeIds.get(employee)!,
        month: first,
        amount: measure === "new_customers" ? Math.ceil((amount / 100) * factor) * 100 : Math.round((amount * factor) / 100_000) * 100_000,
      });
    }
  }
}

/** What a month is expected to bring: half of what it brought (a month that is not over, projected) and half of the year around it, by business days. */
function planned({ calendar }: Company, actual: Float64Array, from: number, month: number): number {
  const lastActual = actual.length - 1;
  const centre = Math.min(month, lastActual);
  const low = Math.max(from, centre - 6);
  const high = Math.min(lastActual, centre + 5);
  let reached = 0;
  let business = 0;
  for (let at = low; at <= high; at++) {
    reached += actual[at]!;
    business += calendar.businessOf(at) * calendar.elapsed(at);
  }
  const usual = (reached / business) * calendar.businessOf(month);
  return month > lastActual ? usual * 1.05 : 0.5 * (actual[month]! / calendar.elapsed(month)) + 0.5 * usual;
}
