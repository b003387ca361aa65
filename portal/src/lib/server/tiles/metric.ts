import type { MetricTile } from "#lib/dashboards/definition.ts";
import { divide, toText } from "#lib/decimal.ts";
import type { DateRange } from "#lib/period.ts";
import { textOf } from "#lib/semantic.ts";
import type { Comparison, MetricData, TargetState } from "#lib/tile-data.ts";
import { attainment, growth, pointsChange } from "#lib/server/comparison.ts";
import { readTarget } from "#lib/server/tiles/target.ts";
import { stateOf, viewOf, wholeMonths, within, type TileContext } from "#lib/server/tiles/context.ts";

/** The tile with the definition that the company has chosen. */
async function chosen(tile: MetricTile, context: TileContext): Promise<MetricTile> {
  if (!tile.choice) return tile;
  const { by, variants } = tile.choice;
  const { rows } = await context.load({ dimensions: [by], limit: 1 });
  const variant = variants[textOf(rows[0], by) ?? ""];
  return variant ? { ...tile, ...variant } : tile;
}

export async function answerMetric(given: MetricTile, context: TileContext): Promise<MetricData> {
  const tile = await chosen(given, context);
  const { period } = context.scope;
  const definition = context.definition(tile.measure, tile.time);
  const filters = context.filters(viewOf(tile.measure), tile.filters);

  const valueIn = async (range: DateRange | null): Promise<string | null> => {
    const { rows } = await context.load({
      measures: [tile.measure],
      timeDimensions: within(tile.time, range && (tile.at === "whole-months" ? wholeMonths(range) : stateOf(range, tile.at))),
      filters,
    });
    return textOf(rows[0], tile.measure);
  };
  const isPoints = definition.format === "percent";
  const compare = async (now: Promise<string | null>, range: DateRange | null): Promise<Comparison | null> => {
    if (!range || tile.time === null || tile.at === "whole-months") return null;
    const base = await valueIn(range);
    const change = (isPoints ? pointsChange : growth)(await now, base);
    return { base, change: change.value, reason: change.reason, isPoints, range };
  };
  const held = async (now: Promise<string | null>): Promise<TargetState | null> => {
    const target = tile.target && period.range ? await readTarget(context, tile.target, period.range) : null;
    if (target === null) return null;
    const pace = period.pace && divide({ units: BigInt(period.pace.gone), scale: 0 }, { units: BigInt(period.pace.total), scale: 0 });
    return { target, attainment: attainment(await now, target).value, pace: pace && toText(pace) };
  };

  const now = valueIn(tile.at === "whole-months" ? period.range : period.elapsed);
  const [value, yearOnYear, previous, target] = await Promise.all([
    now,
    compare(now, period.yearAgo),
    compare(now, period.before),
    held(now),
  ]);
  return {
    kind: "metric",
    definition,
    value,
    yearOnYear,
    previous,
    target,
    lowerIsBetter: tile.lowerIsBetter ?? false,
    drill: tile.drill ?? null,
  };
}
