import { startOfMonth, endOfMonth } from "#lib/calendar-date.ts";
import type { DateRange } from "#lib/period.ts";
import { textOf } from "#lib/semantic.ts";
import type { TileContext } from "#lib/server/tiles/context.ts";
import { within } from "#lib/server/tiles/context.ts";
import type { SemanticQuery } from "#lib/server/semantic.ts";

const measure = "targets.target_amount";
const needed = [measure, "targets.measure", "targets.level", "targets.month"];

/** Targets are set by month: a range that cuts a month has none. */
const isWholeMonths = ({ from, to }: DateRange): boolean => from === startOfMonth(from) && to === endOfMonth(to);

/** The goal-level targets of one measure code that belong to what the page shows: the caller's own, or those of departments. */
function targetFilters(context: TileContext, code: string): NonNullable<SemanticQuery["filters"]> {
  const filters: NonNullable<SemanticQuery["filters"]> = [
    { member: "targets.measure", operator: "equals", values: [code] },
    { member: "targets.level", operator: "equals", values: ["goal"] },
  ];
  if (!context.catalogue.has("targets.employee_id")) return [...filters, ...context.filters("targets")];
  // A department's target and those of its people state the same money twice: people when it is about one of them, departments otherwise.
  if (!context.scope.own) filters.push({ member: "targets.employee_id", operator: "notSet" });
  return [...filters, ...context.filters("targets")];
}

/** The sum of the targets of `range`, or null where none is set or the caller may not see them. */
export async function readTarget(context: TileContext, code: string, range: DateRange): Promise<string | null> {
  if (!needed.every((member) => context.catalogue.has(member)) || !isWholeMonths(range)) return null;
  const { rows } = await context.load({
    measures: [measure],
    filters: targetFilters(context, code),
    timeDimensions: within("targets.month", range),
  });
  return textOf(rows[0], measure);
}

/** Targets by first day of month. */
export async function readMonthlyTargets(context: TileContext, code: string, range: DateRange): Promise<Map<string, string | null>> {
  if (!needed.every((member) => context.catalogue.has(member))) return new Map();
  const { rows } = await context.load({
    measures: [measure],
    filters: targetFilters(context, code),
    timeDimensions: [{ dimension: "targets.month", granularity: "month", dateRange: [range.from, range.to] }],
  });
  return new Map(rows.map((row) => [(textOf(row, "targets.month.month") ?? "").slice(0, 10), textOf(row, measure)]));
}
