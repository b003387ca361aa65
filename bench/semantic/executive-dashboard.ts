/** Both ends included, `2026-11-01`. */
type Range = [string, string];

/** What one tile asks of the semantic layer. */
export interface TileQueries {
  tile: string;
  queries: object[];
}

const iso = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** Today and the windows that a page of this month compares, in `timezone`. */
function windows(
  now: Date,
  timezone: string,
): { elapsed: Range; yearAgo: Range; before: Range; month: Range; monthBefore: Range; year: Range } {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: timezone }).format(now);
  const [year = 0, month = 0, day = 0] = today.split("-").map(Number);
  const lastDay = (months: number): number => new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  const at = (months: number, dayOfMonth: number): string => iso(Date.UTC(year, month - 1 + months, Math.min(dayOfMonth, lastDay(months))));
  return {
    elapsed: [at(0, 1), today],
    yearAgo: [at(-12, 1), at(-12, day)],
    before: [at(-1, 1), at(-1, day)],
    month: [at(0, 1), at(0, 31)],
    monthBefore: [at(-1, 1), at(-1, 31)],
    year: [at(-11, 1), at(0, 31)],
  };
}

/**
 * What the executive's page of this month asks (`portal/src/lib/dashboards/executive.ts`, as `portal/src/lib/server/tiles` puts it), written down
 * as plain Cube queries (without `leaderboard.pace_gap`, whose whole cents are DuckDB's words and not Postgres's): each metric with the same days a year and a month before and its target. The tenth tile is the open pipeline by stage.
 */
export function executiveDashboard(now: Date, timezone: string): TileQueries[] {
  const { elapsed, yearAgo, before, month, monthBefore, year } = windows(now, timezone);
  const equals = (member: string, value: string): object => ({ member, operator: "equals", values: [value] });
  const goals = (measure: string, dateRange: Range, granularity?: string): object => ({
    measures: ["targets.target_amount"],
    filters: [equals("targets.measure", measure), equals("targets.level", "goal")],
    timeDimensions: [{ dimension: "targets.month", dateRange, granularity }],
  });
  const metric = (measure: string, dimension: string, target?: string): TileQueries => ({
    tile: measure,
    queries: [
      ...[elapsed, yearAgo, before].map((dateRange) => ({ measures: [measure], timeDimensions: [{ dimension, dateRange }] })),
      ...(target ? [goals(target, month)] : []),
    ],
  });
  return [
    metric("orders.amount", "orders.ordered_at", "order_amount"),
    metric("receipts.amount", "receipts.received_at", "receipt_amount"),
    metric("opportunities.won_amount", "opportunities.closed_at", "won_amount"),
    metric("opportunities.win_rate", "opportunities.closed_at"),
    metric("customers.new_count", "customers.created_at", "new_customers"),
    {
      tile: "orders by month",
      queries: [
        { measures: ["orders.amount"], timeDimensions: [{ dimension: "orders.ordered_at", granularity: "month", dateRange: year }] },
        goals("order_amount", year, "month"),
      ],
    },
    {
      tile: "orders by region",
      queries: [
        {
          measures: ["orders.amount"],
          dimensions: ["orders.region"],
          timeDimensions: [{ dimension: "orders.ordered_at", dateRange: elapsed }],
          order: [["orders.amount", "desc"]],
          limit: 200,
        },
      ],
    },
    {
      tile: "funnel",
      queries: [
        {
          measures: ["entered_count", "entered_amount", "conversion_rate", "median_days", "stuck_count"].map((name) => `funnel.${name}`),
          dimensions: ["stage", "stage_order", "pipeline", "outcome", "stage_label_zh", "stage_label_en"].map((name) => `funnel.${name}`),
          timeDimensions: [{ dimension: "funnel.entered_at", dateRange: elapsed }],
          order: [["funnel.stage_order", "asc"]],
        },
      ],
    },
    {
      tile: "leaderboard",
      queries: [
        {
          measures: ["result_amount", "result_goal", "attainment", "unpublished_month_count"].map((name) => `leaderboard.${name}`),
          dimensions: ["employee_id", "employee", "department", "result_basis_label_zh"].map((name) => `leaderboard.${name}`),
          timeDimensions: [{ dimension: "leaderboard.month", dateRange: month }],
          order: [
            ["leaderboard.result_amount", "desc"],
            ["leaderboard.employee", "asc"],
          ],
        },
        {
          measures: ["leaderboard.result_amount"],
          dimensions: ["leaderboard.employee_id"],
          timeDimensions: [{ dimension: "leaderboard.month", dateRange: monthBefore }],
          order: [["leaderboard.result_amount", "desc"]],
        },
      ],
    },
    {
      tile: "open pipeline by stage",
      queries: [{ measures: ["opportunities.open_count", "opportunities.open_amount"], dimensions: ["opportunities.stage"] }],
    },
  ];
}
