import type { PictureName } from "#lib/pictures/index.ts";
import type { Role } from "#lib/session.ts";
import type { PeriodName } from "#lib/period.ts";

/** A text of the message catalogue, made when it is shown, in the language of whoever looks. */
export type Text = () => string;

/** A restriction beside those of the page: `{ member: "opportunities.status", values: ["won"] }`. */
export interface FixedFilter {
  member: string;
  values: readonly string[];
}

/** Which records a mark stands for: `/records/<view>` with these dimensions carried over from the mark. */
export interface Drill {
  view: string;
  /** The time dimension the period applies to, without the view's name. */
  time: string;
  filters?: readonly FixedFilter[];
  /** The dimension that tells rows apart, asked for beside those shown. */
  by?: string;
  /** What the records' view calls that dimension, where it is not the same name: `orders.owner_id` for `forecast.employee_id`. */
  as?: string;
  /** The records of all days: the figure is a state, and what it counts may be of any day. */
  allTimes?: true;
}

/** By measure: the records whose sum its figure is. */
export type Drills = Readonly<Record<string, Drill>>;

/** Parameters of an address that narrow a page. `department` is the page's own filter, others are named by the dashboard (`narrowedBy`). */
export type NarrowedBy = "department" | "region";

/** Instead of opening records, a mark narrows the page to what it stands for. */
export interface Narrowing<Shown> {
  parameter: NarrowedBy;
  /** The dimension whose value a mark puts into the address. */
  by: string;
  /** What the tile shows once the page is narrowed: people for departments, cities for provinces. */
  below?: Partial<Shown>;
}

/** The state at the end of a period, where a view has a row per day or per month. */
export type StateAt = "last-day" | "last-month";

/** A part of the page's period: its state at the end, or all its months with their days to come, which targets are set for. */
export type PeriodPart = StateAt | "whole-months";

interface TileBase {
  id: string;
  /** Why there may be nothing in it, and what brings something; else the filters are named that left nothing over. */
  empty?: Text;
  /** Overrides the measure's own title. */
  title?: Text;
  /** Columns of the 12-column grid on a desktop. */
  span: 3 | 4 | 5 | 6 | 7 | 8 | 12;
}

/** One figure with its comparisons: 同比, 环比, and attainment where a target exists. */
export interface MetricTile extends TileBase {
  kind: "metric";
  measure: string;
  /** The time dimension the period applies to; null for what is stated as of now, which is compared with nothing. */
  time: string | null;
  /** Which part of the period is asked for: what of it is over when absent. Whole months are compared with nothing. */
  at?: PeriodPart;
  filters?: readonly FixedFilter[];
  /** The `measure` code of the targets it is held against. */
  target?: string;
  /** Falling is good (days, overdue). */
  lowerIsBetter?: true;
  /** Names the formula under the figure, where readers would otherwise guess it. */
  showsFormula?: true;
  drill?: Drill;
  /** Where the company chooses among definitions: the dimension `by` holds the name of the variant; the tile's own is shown for any other. */
  choice?: { by: string; variants: Readonly<Record<string, Pick<MetricTile, "measure" | "time" | "drill">>> };
}

/** The stages of one pipeline with count, amount, conversion and median days. */
export interface FunnelTile extends TileBase {
  kind: "funnel";
}

/** A measure by month, a year long, against the target of each month. */
export interface SeriesTile extends TileBase {
  kind: "series";
  measure: string;
  time: string;
  filters?: readonly FixedFilter[];
  target?: string;
  drill?: Drill;
}

/** Everybody's result and rank by the published aggregate. */
export interface LeaderboardTile extends TileBase {
  kind: "leaderboard";
}

/** A measure by one dimension, largest first. */
export interface BarsTile extends TileBase {
  kind: "bars";
  measure: string;
  dimension: string;
  time: string;
  filters?: readonly FixedFilter[];
  drill?: Drill;
}

/** Measures by dimensions, as rows. */
export interface TableTile extends TileBase {
  kind: "table";
  dimensions: readonly string[];
  measures: readonly string[];
  /** The time dimension the period applies to; null for what is stated as of now. */
  time: string | null;
  at?: "whole-months";
  /** Groups by quarter of `time` instead of by a dimension. */
  granularity?: "quarter" | "month";
  filters?: readonly FixedFilter[];
  order: { member: string; descending: boolean };
  /** Where single figures of a row lead, by the row's first dimension. */
  drills?: Drills;
  narrows?: Narrowing<Pick<TableTile, "title" | "dimensions" | "order" | "drill">>;
  /** Every one of these gets a row, with zeros where nothing happened. */
  everyone?: { key: string; label: string; time: string; zeros: readonly string[] };
  drill?: Drill;
}

/**
 * Measures by dimensions as a picture, with its table beside it. Which place of `dimensions` and `measures` means what, the picture's own file says.
 * A dimension whose view also has `<name>_label_zh` and `<name>_label_en` is shown by the label of the reader's language.
 */
export interface PictureTile extends TileBase {
  kind: "picture";
  picture: PictureName;
  title: Text;
  dimensions: readonly string[];
  measures: readonly string[];
  /** The time dimension the period applies to; null for what is stated as of now. */
  time: string | null;
  /** Which part of the period is asked for: all of it when absent, or the state at its end. "all" asks for all times, what is to come included. */
  at?: PeriodPart | "all";
  /** The time dimension itself by this, as the first dimension. */
  granularity?: "day" | "week" | "month" | "quarter" | "year";
  filters?: readonly FixedFilter[];
  order?: readonly { member: string; descending: boolean }[];
  /** Most rows asked for; 1,000 when absent. */
  limit?: number;
  /** By the first dimension, or the one `by` names. */
  drill?: Drill;
  /** Where the marks of single measures lead, for pictures that have some. */
  drills?: Drills;
  narrows?: Narrowing<Pick<PictureTile, "title" | "dimensions" | "order" | "limit" | "drill">>;
}

export type Tile = MetricTile | FunnelTile | SeriesTile | LeaderboardTile | BarsTile | TableTile | PictureTile;

/** One file per dashboard in this folder; `index.ts` finds it by its file name, which is its id and its address. */
export interface Dashboard {
  title: Text;
  /** The question the page answers. */
  question: Text;
  /** Position in the menu. */
  position: number;
  /** Whose home page it is. */
  homeOf: readonly Role[];
  /** Shown only to these; everybody when absent. */
  roles?: readonly Role[];
  /** What the page covers when the URL says nothing. */
  period: PeriodName;
  /** A parameter of the address that restricts every tile whose view has a dimension of this name. */
  narrowedBy?: Exclude<NarrowedBy, "department">;
  /** Restricts every tile to the caller's own rows, for views that the caller sees more of. */
  own?: true;
  tiles: readonly Tile[];
}

const leaderboardMembers = [
  "result_amount",
  "result_goal",
  "attainment",
  "pace_gap",
  "result_basis",
  "employee",
  "employee_id",
  "department",
  "month",
];

/** The tile as a page shows it whose address is narrowed, or not. */
export function asNarrowed(tile: Tile, search: Pick<URLSearchParams, "get">): Tile {
  if (!("narrows" in tile) || !tile.narrows || !search.get(tile.narrows.parameter)) return tile;
  const { narrows, ...rest } = tile;
  return { ...rest, ...narrows.below } as Tile;
}

/** The dimension that marks and rows of a tile are told apart by in addresses. */
export const keyOf = (tile: TableTile | PictureTile): string | undefined => tile.narrows?.by ?? tile.drill?.by ?? tile.dimensions[0];

const membersOfNarrowing = ({ narrows }: TableTile | PictureTile): string[] =>
  narrows ? [narrows.by, ...(narrows.below?.dimensions ?? [])] : [];

/** Every member a tile can't do without; it is shown only to callers whose `/meta` has them all. Targets are shown where they are granted. */
export function membersOf(tile: Tile): string[] {
  const filters = "filters" in tile ? (tile.filters ?? []).map(({ member }) => member) : [];
  switch (tile.kind) {
    case "metric":
      return [tile.measure, ...(tile.time === null ? [] : [tile.time]), ...(tile.choice ? [tile.choice.by] : []), ...filters];
    case "series":
      return [tile.measure, tile.time, ...filters];
    case "funnel":
      return ["entered_count", "entered_amount", "conversion_rate", "median_days", "stage", "stage_order", "pipeline", "entered_at"].map(
        (name) => `funnel.${name}`,
      );
    case "leaderboard":
      return leaderboardMembers.map((name) => `leaderboard.${name}`);
    case "bars":
      return [tile.measure, tile.dimension, tile.time, ...filters];
    case "picture":
      return [
        ...tile.dimensions,
        ...tile.measures,
        ...(tile.time === null ? [] : [tile.time]),
        ...filters,
        ...(tile.order ?? []).map(({ member }) => member),
        ...membersOfNarrowing(tile),
      ];
    case "table":
      return [
        ...tile.dimensions,
        ...tile.measures,
        ...(tile.time === null ? [] : [tile.time]),
        ...filters,
        ...(tile.everyone ? [tile.everyone.key, tile.everyone.label] : []),
        ...membersOfNarrowing(tile),
      ];
  }
}
