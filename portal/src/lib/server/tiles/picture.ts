import { keyOf, type PictureTile } from "#lib/dashboards/definition.ts";
import { pictures } from "#lib/pictures/index.ts";
import type { Shape } from "#lib/pictures/picture.ts";
import type { DateRange, Period } from "#lib/period.ts";
import { textOf } from "#lib/semantic.ts";
import type { PictureData, TableColumn } from "#lib/tile-data.ts";
import { stateOf, viewOf, wholeMonths, type TileContext } from "#lib/server/tiles/context.ts";

const defaultLimit = 1_000;

/** The part of the period that the tile asks for; without a period its state is that of today. */
function rangeOf({ time, at }: PictureTile, { range, elapsed }: Period, today: string): DateRange | null {
  if (time === null || at === "all") return null;
  if (at === "whole-months") return range && wholeMonths(range);
  if (at === undefined) return elapsed;
  return stateOf(elapsed ?? { from: today, to: today }, at);
}

/** A tile that gives its picture more or less than it takes is a fault of the dashboard's file. */
function refuseWrongShape(tile: PictureTile, dimensions: number): void {
  const shape: Shape = pictures[tile.picture].shape;
  const given = { dimensions, measures: tile.measures.length };
  for (const part of ["dimensions", "measures"] as const) {
    const [least, most] = shape[part];
    if (given[part] < least || given[part] > most)
      throw new Error(`tile ${tile.id}: the picture ${tile.picture} takes ${least} to ${most} ${part}, the tile gives ${given[part]}`);
  }
}

/** The rows of a picture, dimensions by their labels in the reader's language. */
export async function answerPicture(tile: PictureTile, context: TileContext): Promise<PictureData> {
  const { scope, catalogue } = context;
  const timed = tile.granularity && tile.time ? [`${tile.time}.${tile.granularity}`] : [];
  refuseWrongShape(tile, timed.length + tile.dimensions.length);
  const range = rangeOf(tile, scope.period, scope.company.today);
  const view = viewOf(tile.measures[0] ?? "");
  const key = keyOf(tile);
  // What the rows are only ordered by (the place of a stage, of an age) is asked for too, and not shown.
  const known = [...tile.dimensions, ...tile.measures, ...(tile.time ? [tile.time] : [])];
  const orderedBy = (tile.order ?? []).map(({ member }) => member).filter((member) => !known.includes(member));
  const dateRange = range ? { dateRange: [range.from, range.to] as [string, string] } : {};
  const { rows, truncated } = await context.load({
    measures: [...tile.measures],
    dimensions: [...new Set(tile.dimensions.flatMap((member) => [member, context.labelOf(member) ?? member]).concat(key ?? [], orderedBy))],
    timeDimensions:
      tile.time === null || (!range && !tile.granularity)
        ? []
        : [{ dimension: tile.time, ...(tile.granularity ? { granularity: tile.granularity } : {}), ...dateRange }],
    filters: context.filters(view, tile.filters),
    ...(tile.order
      ? { order: tile.order.map(({ member, descending }) => [member, descending ? "desc" : "asc"] as [string, "asc" | "desc"]) }
      : {}),
    limit: tile.limit ?? defaultLimit,
  });
  const column = (member: string): TableColumn => {
    const { title, format, kind } = catalogue.member(member);
    return { member, title, format, isNumber: kind === "measure" };
  };
  const timeColumn: TableColumn[] = tile.granularity && tile.time ? [{ ...column(tile.time), format: "text" }] : [];
  const isOpened = tile.drill ?? tile.drills ?? tile.narrows;
  return {
    kind: "picture",
    definitions: tile.measures.map((measure) => context.definition(measure, tile.time)),
    columns: [...timeColumn, ...[...tile.dimensions, ...tile.measures].map(column)],
    rows: rows.map((row) => [
      ...timed.map((member) => (textOf(row, member) ?? "").slice(0, tile.granularity === "month" ? 7 : 10) || null),
      ...tile.dimensions.map((member) => context.shown(row, member)),
      ...tile.measures.map((measure) => textOf(row, measure)),
    ]),
    keys: rows.map((row) => (isOpened && key ? textOf(row, key) : null)),
    range,
    truncated,
  };
}
