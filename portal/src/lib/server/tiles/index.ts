import type { Tile } from "#lib/dashboards/definition.ts";
import { m } from "#lib/paraglide/messages.js";
import type { TileAnswer, TileContent } from "#lib/tile-data.ts";
import { ApiError } from "#lib/server/api.ts";
import type { Catalogue, Semantic } from "#lib/server/semantic.ts";
import { TileContext, type PageScope } from "#lib/server/tiles/context.ts";
import { answerBars } from "#lib/server/tiles/bars.ts";
import { answerFunnel } from "#lib/server/tiles/funnel.ts";
import { answerLeaderboard } from "#lib/server/tiles/leaderboard.ts";
import { answerMetric } from "#lib/server/tiles/metric.ts";
import { answerPicture } from "#lib/server/tiles/picture.ts";
import { answerSeries } from "#lib/server/tiles/series.ts";
import { answerTable } from "#lib/server/tiles/table.ts";

/** What a tile shows. Throws ApiError when the semantic layer refuses. */
export function contentOf(tile: Tile, context: TileContext): Promise<TileContent> {
  switch (tile.kind) {
    case "metric":
      return answerMetric(tile, context);
    case "funnel":
      return answerFunnel(tile, context);
    case "series":
      return answerSeries(tile, context);
    case "leaderboard":
      return answerLeaderboard(tile, context);
    case "bars":
      return answerBars(tile, context);
    case "table":
      return answerTable(tile, context);
    case "picture":
      return answerPicture(tile, context);
  }
}

/** One tile's answer. What goes wrong becomes the tile's own error and leaves the others alone. */
export async function answerTile(tile: Tile, semantic: Semantic, catalogue: Catalogue, scope: PageScope): Promise<TileAnswer> {
  const context = new TileContext(semantic, catalogue, scope);
  try {
    const content = await contentOf(tile, context);
    const { trust, ignoresDepartment, goesByWeekday } = context;
    return { ok: true, content, trust, ignoresDepartment, goesByWeekday };
  } catch (error) {
    if (error instanceof ApiError) return { ok: false, status: error.status, message: error.message };
    console.error(`portal: tile ${tile.id}:`, error);
    return { ok: false, status: 500, message: m.error_unexpected_remedy() };
  }
}
