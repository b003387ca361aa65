import { error, type RequestEvent } from "@sveltejs/kit";
import type { Tile } from "#lib/dashboards/definition.ts";
import { titleWithUnit } from "#lib/format.ts";
import { m } from "#lib/paraglide/messages.js";
import { rangeTitle } from "#lib/period-title.ts";
import type { Trust } from "#lib/semantic.ts";
import type { TileContent } from "#lib/tile-data.ts";
import { ApiError } from "#lib/server/api.ts";
import { companyNow } from "#lib/server/company.ts";
import { openDashboard, type OpenDashboard } from "#lib/server/dashboard-page.ts";
import { aboutLines, workbookName } from "#lib/server/exports/about.ts";
import { coveredBy, tileSheet } from "#lib/server/exports/tile-sheet.ts";
import { readWords, wordMember } from "#lib/server/records/words.ts";
import type { Semantic, SemanticQuery } from "#lib/server/semantic.ts";
import { contentOf } from "#lib/server/tiles/index.ts";
import { TileContext, viewOf } from "#lib/server/tiles/context.ts";
import { workbook } from "#lib/server/xlsx/workbook.ts";

/** A tile with what the caller's export rights show of it, of one build. */
export interface ExportedTile {
  open: OpenDashboard;
  tile: Tile;
  title: string;
  content: TileContent;
  trust: Trust;
  goesByWeekday: boolean;
  /** The first view read, and all queries: for the audit trail. */
  view: string;
  queries: SemanticQuery[];
}

const tries = 5;

/** Asks by the rights of exporting, and keeps what was asked. */
function exporting(semantic: Semantic, queries: SemanticQuery[]): Semantic {
  return {
    catalogue: () => semantic.catalogue(),
    load(query) {
      queries.push(query);
      return semantic.load(query, "export");
    },
  };
}

function titleOf(tile: Tile, content: TileContent): string {
  if ("title" in tile && tile.title) return tile.title();
  if (content.kind === "funnel") return m.tile_funnel();
  if (content.kind === "leaderboard") return m.tile_leaderboard();
  return "definition" in content ? content.definition.title : tile.id;
}

/** 404 when the caller has no such tile, 403 without the right to export what it reads, 503 when publishes follow each other too fast. */
export async function exportTile(event: RequestEvent, dashboardId: string, tileId: string): Promise<ExportedTile> {
  const open = await openDashboard(event, dashboardId);
  const tile = open.tiles.find(({ id }) => id === tileId);
  if (!tile) error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
  for (let left = tries; left > 0; left--) {
    const queries: SemanticQuery[] = [];
    const context = new TileContext(exporting(open.semantic, queries), open.catalogue, open.scope);
    const content = await contentOf(tile, context).catch((refusal: unknown): never => {
      if (refusal instanceof ApiError && refusal.status === 403) error(403, { message: m.export_refused() });
      throw refusal;
    });
    if (!context.isOneBuild) continue;
    const [member = ""] = [...(queries[0]?.measures ?? []), ...(queries[0]?.dimensions ?? [])];
    const { trust, goesByWeekday } = context;
    return { open, tile, title: titleOf(tile, content), content, trust, goesByWeekday, view: viewOf(member), queries };
  }
  throw new ApiError(503, `The data was published anew during each of ${tries} tries; try again in a moment`);
}

/** The tile's table as a workbook: what is on the screen, with its filters, how fresh it is, and the formulas. */
export async function tileBook(exported: ExportedTile): Promise<{ fileName: string; rows: number; bytes: AsyncGenerator<Uint8Array> }> {
  const { open, tile, title, content, trust } = exported;
  const { scope, departments, catalogue, dashboard } = open;
  const sheet = tileSheet(content);
  const range = coveredBy(content, "time" in tile && tile.time === null ? null : scope.period.elapsed);
  const fixed = await Promise.all(
    ("filters" in tile ? (tile.filters ?? []) : []).map(async ({ member, values }) => {
      const words = await readWords(member, values, scope.locale, open);
      const name = catalogue.member(wordMember(member, scope.locale, catalogue) ?? member).title;
      return `${name}: ${values.map((value) => words.get(value) ?? value).join(", ")}`;
    }),
  );
  const isNow = "time" in tile && tile.time === null;
  const filters = [...fixed, ...Object.values(scope.narrowed).map((value) => `${m.region()}: ${value}`)];
  const lines = aboutLines({
    scope,
    departments,
    period: isNow ? m.as_of_now() : [sheet.definitions[0]?.time, rangeTitle(range)].filter(Boolean).join(": "),
    filters,
    trust,
    count: sheet.rows.length,
    remarks: [
      ...(sheet.truncated ? [m.more_rows({ count: sheet.rows.length })] : []),
      ...(exported.goesByWeekday ? [m.leaderboard_unpublished()] : []),
    ],
    definitions: sheet.definitions,
    exportedAt: companyNow(),
  });
  const unit = { currency: scope.company.currency, locale: scope.locale };
  const columns = sheet.columns.map(({ title: heading, format }) => ({ title: titleWithUnit(heading, format, unit), format }));
  return {
    fileName: workbookName(title, isNow ? null : range, trust, scope.company.timezone),
    rows: sheet.rows.length,
    bytes: workbook(
      { name: m.book_about(), title: `${dashboard.title()} · ${title}`, lines },
      { name: title, columns, rows: sheet.rows, totalLabel: m.records_total() },
    ),
  };
}
