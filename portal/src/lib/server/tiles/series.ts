import { addDays, addMonths, daysBetween, startOfMonth, type CalendarDate } from "#lib/calendar-date.ts";
import type { SeriesTile } from "#lib/dashboards/definition.ts";
import type { DateRange, Period } from "#lib/period.ts";
import { textOf } from "#lib/semantic.ts";
import type { SeriesData, SeriesPoint } from "#lib/tile-data.ts";
import { monthOf, viewOf, wholeMonths, type TileContext } from "#lib/server/tiles/context.ts";
import { readMonthlyTargets } from "#lib/server/tiles/target.ts";

const yearDays = 366;

/**
 * The months a series shows: those of the period when it is longer than a year, else the twelve that end with the period's last month
 * (or with the current one), because a single bar answers nothing.
 */
function seriesRange(period: Period, today: CalendarDate): DateRange {
  const { range } = period;
  if (range && daysBetween(range.from, range.to) > yearDays) return wholeMonths(range);
  const end = range && range.to < today ? range.to : today;
  const lastMonth = startOfMonth(end);
  return { from: addMonths(lastMonth, -11), to: addDays(addMonths(lastMonth, 1), -1) };
}

function monthsOf({ from, to }: DateRange): CalendarDate[] {
  const months: CalendarDate[] = [];
  for (let month = from; month <= to; month = addMonths(month, 1)) months.push(month);
  return months;
}

export async function answerSeries(tile: SeriesTile, context: TileContext): Promise<SeriesData> {
  const { period, company } = context.scope;
  const range = seriesRange(period, company.today);
  const filters = context.filters(viewOf(tile.measure), tile.filters);
  const timeDimensions = [{ dimension: tile.time, granularity: "month", dateRange: [range.from, range.to] as [string, string] }];
  const [{ rows }, targets] = await Promise.all([
    context.load({ measures: [tile.measure], timeDimensions, filters }),
    tile.target ? readMonthlyTargets(context, tile.target, range) : new Map<string, string | null>(),
  ]);
  const values = new Map(rows.map((row) => [monthOf(row, tile.time), textOf(row, tile.measure)]));
  const current = startOfMonth(company.today);
  const points = monthsOf(range).map((month): SeriesPoint => ({
    month,
    value: values.get(month) ?? null,
    target: targets.get(month) ?? null,
    isPartial: month === current,
  }));
  return { kind: "series", definition: context.definition(tile.measure, tile.time), range, points };
}
