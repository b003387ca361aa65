import type { Tile } from "#lib/dashboards/definition.ts";
import type { TileAnswer, TileContent } from "#lib/tile-data.ts";
import { ApiError } from "#lib/server/api.ts";
import type { Catalogue, Semantic } from "#lib/server/semantic.ts";
import { TileContext, type PageScope } from "#lib/server/tiles/context.ts";
import { answerMetric } from "#lib/server/tiles/metric.ts";

function contentOf(tile: Tile, context: TileContext): Promise<TileContent> {
  switch (tile.kind) {
    case "metric":
      return answerMetric(tile, context);
    default:
      throw new Error(`No tile kind "${tile.kind}"`);
  }
}

/** One tile's answer. What the semantic layer refuses becomes the tile's error and leaves the others alone. */
export async function answerTile(tile: Tile, semantic: Semantic, catalogue: Catalogue, scope: PageScope): Promise<TileAnswer> {
  const context = new TileContext(semantic, catalogue, scope);
  try {
    const content = await contentOf(tile, context);
    return { ok: true, content, trust: context.trust, ignoresDepartment: context.ignoresDepartment };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { ok: false, status: error.status, message: error.message };
  }
}
