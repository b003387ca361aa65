import { endOfMonth, startOfMonth } from "#lib/calendar-date.ts";
import type { DateRange } from "#lib/period.ts";
import { textOf } from "#lib/semantic.ts";
import { monthOf, within, type TileContext } from "#lib/server/tiles/context.ts";

const measure = "targets.target_amount";
const needed = [measure, "targets.measure", "targets.level", "targets.month"];

/** Targets are set by month: a range that cuts a month has none. */
const isWholeMonths = ({ from, to }: DateRange): boolean => from === startOfMonth(from) && to === endOfMonth(to);

/** The goal-level targets of one measure code within the page's scope. The semantic layer counts the finest ones only. */
const targetFilters = (context: TileContext, code: string) =>
  context.filters("targets", [
    { member: "targets.measure", values: [code] },
    { member: "targets.level", values: ["goal"] },
  ]);

const isGranted = (context: TileContext): boolean => needed.every((member) => context.catalogue.has(member));

/** The sum of the targets of `range`, or null where none is set, months are cut, or the caller may not see targets. */
export async function readTarget(context: TileContext, code: string, range: DateRange): Promise<string | null> {
  if (!isGranted(context) || !isWholeMonths(range)) return null;
  const timeDimensions = within("targets.month", range);
  const { rows } = await context.load({ measures: [measure], filters: targetFilters(context, code), timeDimensions });
  return textOf(rows[0], measure);
}

/** Targets by first day of month. */
export async function readMonthlyTargets(context: TileContext, code: string, range: DateRange): Promise<Map<string, string | null>> {
  if (!isGranted(context)) return new Map();
  const dimension = "targets.month";
  const timeDimensions = [{ dimension, granularity: "month", dateRange: [range.from, range.to] as [string, string] }];
  const { rows } = await context.load({ measures: [measure], filters: targetFilters(context, code), timeDimensions });
  return new Map(rows.map((row) => [monthOf(row, dimension), textOf(row, measure)]));
}
