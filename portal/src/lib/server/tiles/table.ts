import { keyOf, type TableTile } from "#lib/dashboards/definition.ts";
import { textOf, type Row } from "#lib/semantic.ts";
import type { TableColumn, TableData } from "#lib/tile-data.ts";
import { viewOf, wholeMonths, within, type TileContext } from "#lib/server/tiles/context.ts";

/** "2026-10-01T00:00:00.000" -> "2026-Q4" or "2026-10". */
function periodLabel(value: string | null, granularity: "quarter" | "month"): string | null {
  if (!value) return null;
  return granularity === "month" ? value.slice(0, 7) : `${value.slice(0, 4)}-Q${Math.ceil(Number(value.slice(5, 7)) / 3)}`;
}

/**
 * Keys and names of everybody who belongs in the table, deal or no deal. The list is a published aggregate with everybody in it, so it is
 * cut to those whose deals the caller sees: a colleague's hidden deals are not "none".
 */
async function readEveryone(everyone: NonNullable<TableTile["everyone"]>, context: TileContext): Promise<Map<string, string>> {
  const { period, overseen, me } = context.scope;
  const view = viewOf(everyone.key);
  if (overseen?.length === 0 && !me.employee_id) return new Map();
  const cut = overseen?.length
    ? { member: `${view}.department_id`, values: overseen }
    : { member: `${view}.employee_id`, values: [me.employee_id ?? ""] };
  const seen = overseen === null ? [] : [cut];
  const { rows } = await context.load({
    dimensions: [everyone.key, everyone.label],
    timeDimensions: within(everyone.time, period.elapsed && wholeMonths(period.elapsed)),
    filters: context.filters(view, seen),
  });
  return new Map(rows.map((row) => [textOf(row, everyone.key) ?? "", textOf(row, everyone.label) ?? ""]));
}

export async function answerTable(tile: TableTile, context: TileContext): Promise<TableData> {
  const { granularity, everyone } = tile;
  const { period } = context.scope;
  const range = tile.at === "whole-months" ? period.range && wholeMonths(period.range) : period.elapsed;
  const timed =
    granularity && tile.time
      ? [{ dimension: tile.time, granularity, ...(range ? { dateRange: [range.from, range.to] as [string, string] } : {}) }]
      : within(tile.time, range);
  const [{ rows, truncated }, all] = await Promise.all([
    context.load({
      measures: [...tile.measures],
      dimensions: [...new Set(tile.dimensions.flatMap((member) => [member, context.labelOf(member) ?? member]))],
      timeDimensions: timed,
      filters: context.filters(viewOf(tile.measures[0] ?? ""), tile.filters),
      order: [[tile.order.member, tile.order.descending ? "desc" : "asc"]],
    }),
    everyone ? readEveryone(everyone, context) : null,
  ]);
  const first = (row: Row): string | null => (granularity ? periodLabel(textOf(row, `${tile.time}.${granularity}`), granularity) : null);
  const key = keyOf(tile);
  const shownDimensions = tile.dimensions.filter((member) => !member.endsWith("_id"));
  const cells = rows.map((row) => [
    ...(granularity ? [first(row)] : []),
    ...shownDimensions.map((member) => context.shown(row, member)),
    ...tile.measures.map((member) => textOf(row, member)),
  ]);
  const rowKey = (row: Row): string | null => {
    if (granularity) return (textOf(row, `${tile.time}.${granularity}`) ?? "").slice(0, 10) || null;
    return key ? textOf(row, key) : null;
  };
  const keys = rows.map(rowKey);
  if (everyone && all) {
    const present = new Set(keys);
    for (const [key, label] of all) {
      if (present.has(key)) continue;
      keys.push(key);
      cells.push([label, ...tile.measures.map((measure) => (everyone.zeros.includes(measure) ? "0" : null))]);
    }
  }
  const column = (member: string): TableColumn => {
    const { title, format, kind } = context.catalogue.member(member);
    return { member, title, format: granularity && member === tile.time ? "text" : format, isNumber: kind === "measure" };
  };
  return {
    kind: "table",
    definitions: tile.measures.map((measure) => context.definition(measure, tile.time)),
    columns: [...(granularity && tile.time ? [tile.time] : []), ...shownDimensions, ...tile.measures].map(column),
    rows: cells,
    keys,
    truncated,
  };
}
