import { expect, it } from "vitest";
import { winRate } from "#lib/dashboards/parts/win-rate.ts";
import type { Row } from "#lib/semantic.ts";
import type { Loaded, SemanticQuery } from "#lib/server/semantic.ts";
import type { TileContext } from "#lib/server/tiles/context.ts";
import { answerMetric } from "#lib/server/tiles/metric.ts";

/** As much of a context as a metric asks for: the company's choice, and a value for whatever measure is asked. */
function contextWhere(setting: string | null): { context: TileContext; asked: SemanticQuery[] } {
  const asked: SemanticQuery[] = [];
  const range = { from: "2026-01-01", to: "2026-03-31" };
  const known = {
    scope: { period: { elapsed: range, range, yearAgo: null, before: null, pace: null } },
    definition: (name: string) => ({ name, format: "percent" }),
    filters: () => [],
    load: (query: SemanticQuery): Promise<Pick<Loaded, "rows">> => {
      asked.push(query);
      const [dimension] = query.dimensions ?? [];
      const row: Row = dimension ? { [dimension]: setting } : { [query.measures?.[0] ?? ""]: 0.5 };
      return Promise.resolve({ rows: [row] });
    },
  };
  return { context: known as unknown as TileContext, asked };
}

it.each([
  [null, "opportunities.win_rate", "opportunities.closed_at"],
  ["closed", "opportunities.win_rate", "opportunities.closed_at"],
  ["all", "opportunities.win_rate_all", "opportunities.created_at"],
  ["closed_and_overdue", "opportunities.win_rate_overdue", "opportunities.created_at"],
])("A1 the headline's win rate where the company chose %s", async (setting, measure, time) => {
  const { context, asked } = contextWhere(setting);
  const { definition, drill } = await answerMetric(winRate, context);
  expect(definition.name).toBe(measure);
  expect(asked.at(-1)).toMatchObject({ measures: [measure], timeDimensions: [{ dimension: time }] });
  expect(`opportunities.${drill?.time}`).toBe(time);
});
