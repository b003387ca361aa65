import type { Drill } from "#lib/dashboards/definition.ts";
import type { DateRange } from "#lib/period.ts";
import type { Format } from "#lib/format.ts";
import type { Trust } from "#lib/semantic.ts";

/** What the server hands a tile. Values are decimal texts, ready to format; nothing is computed from them but positions and lengths. */

/** The passport of a figure: its definition as the semantic layer states it. */
export interface Definition {
  name: string;
  title: string;
  description: string;
  formula: string | null;
  format: Format;
  /** Title of the time dimension the period applies to. */
  time: string;
}

/** Why a ratio could not be formed; the portal shows the reason instead of a number. */
export type MissingReason = "no-value" | "no-base" | "no-target";

export interface Comparison {
  /** The earlier value. */
  base: string | null;
  /** Growth, or for rates the change in points, as a ratio text. */
  change: string | null;
  reason: MissingReason | null;
  isPoints: boolean;
  range: DateRange;
}

export interface TargetState {
  target: string;
  attainment: string | null;
  /** Share of the period that is over, "0.733333"; null for a period without ends. */
  pace: string | null;
}

export interface MetricData {
  kind: "metric";
  definition: Definition;
  value: string | null;
  yearOnYear: Comparison | null;
  previous: Comparison | null;
  target: TargetState | null;
  lowerIsBetter: boolean;
  /** The records behind the figure, by the definition that is shown. */
  drill: Drill | null;
}

export interface FunnelStage {
  stage: string;
  label: string;
  count: string | null;
  amount: string | null;
  conversion: string | null;
  medianDays: string | null;
  stuck: string | null;
}

export interface FunnelData {
  kind: "funnel";
  definitions: Definition[];
  pipeline: string | null;
  pipelines: string[];
  stages: FunnelStage[];
  /** The view tells single entries apart, so that a stage can be opened. */
  drillable: boolean;
}

export interface SeriesPoint {
  /** First day of the month. */
  month: string;
  value: string | null;
  target: string | null;
  /** The month is not over. */
  isPartial: boolean;
}

export interface SeriesData {
  kind: "series";
  definition: Definition;
  range: DateRange;
  points: SeriesPoint[];
}

export interface RankedPerson {
  rank: number;
  employeeId: string;
  name: string;
  department: string | null;
  amount: string | null;
  target: string | null;
  attainment: string | null;
  /** Ahead of (or, with a minus, behind) what was expected by now; null without a target. */
  paceGap: string | null;
  /** Ranks won against the period before; null for who was not ranked then. */
  climbed: number | null;
  isSelf: boolean;
}

export interface LeaderboardData {
  kind: "leaderboard";
  definitions: Definition[];
  range: DateRange | null;
  /** What the rank change is against; null without a period. */
  before: DateRange | null;
  /** What counts as a result, in the reader's language. */
  basis: string | null;
  people: RankedPerson[];
}

export interface BarsData {
  kind: "bars";
  definition: Definition;
  dimension: string;
  bars: { key: string | null; value: string | null }[];
  truncated: boolean;
}

export interface TableColumn {
  member: string;
  title: string;
  format: Format;
  isNumber: boolean;
}

export interface TableData {
  kind: "table";
  definitions: Definition[];
  columns: TableColumn[];
  rows: (string | null)[][];
  /** What each row is drilled by; null where the tile has no drill. */
  keys: (string | null)[];
  truncated: boolean;
}

export interface PictureData {
  kind: "picture";
  definitions: Definition[];
  /** Dimensions first, then measures. */
  columns: TableColumn[];
  rows: (string | null)[][];
  /** What each row is drilled by; null where the tile has no drill. */
  keys: (string | null)[];
  /** What the rows cover; null for what is stated as of now. */
  range: DateRange | null;
  truncated: boolean;
}

export type TileContent = MetricData | FunnelData | SeriesData | LeaderboardData | BarsData | TableData | PictureData;

/** A tile's answer: content with its origin, or a sentence about what went wrong. */
export type TileAnswer =
  | {
      ok: true;
      content: TileContent;
      trust: Trust;
      /** The view has no department to filter by, so the figure is not restricted to one. */ ignoresDepartment: boolean;
      /** Workdays of some month are weekdays in it, because the month's holidays are not published. */ goesByWeekday: boolean;
    }
  | { ok: false; status: number; message: string };
