import type { BarsTile } from "#lib/dashboards/definition.ts";
import { textOf } from "#lib/semantic.ts";
import type { BarsData } from "#lib/tile-data.ts";
import { viewOf, within, type TileContext } from "#lib/server/tiles/context.ts";

const limit = 200;

export async function answerBars(tile: BarsTile, context: TileContext): Promise<BarsData> {
  const { rows, truncated } = await context.load({
    measures: [tile.measure],
    dimensions: [tile.dimension],
    timeDimensions: within(tile.time, context.scope.period.elapsed),
    filters: context.filters(viewOf(tile.measure), tile.filters),
    order: [[tile.measure, "desc"]],
    limit,
  });
  return {
    kind: "bars",
    definition: context.definition(tile.measure, tile.time),
    dimension: context.catalogue.member(tile.dimension).title,
    bars: rows.map((row) => ({ key: textOf(row, tile.dimension), value: textOf(row, tile.measure) })),
    truncated,
  };
}
