import type { LeaderboardTile } from "#lib/dashboards/definition.ts";
import { textOf, type Row } from "#lib/semantic.ts";
import type { LeaderboardData, RankedPerson } from "#lib/tile-data.ts";
import { monthsBefore, wholeMonths, within, type TileContext } from "#lib/server/tiles/context.ts";
import { ranksOf } from "#lib/server/tiles/ranks.ts";

const member = (name: string): string => `leaderboard.${name}`;
const amount = member("result_amount");
const measures = ["result_amount", "result_goal", "attainment", "pace_gap"].map(member);

const ranked = (rows: readonly Row[]): Map<string, number> =>
  ranksOf(rows.map((row) => ({ key: textOf(row, member("employee_id")) ?? "", amount: textOf(row, amount) })));

/** Everybody by what the company counts as a result, from the published aggregate, which knows whole months. */
export async function answerLeaderboard(_tile: LeaderboardTile, context: TileContext): Promise<LeaderboardData> {
  const { period, me } = context.scope;
  const range = period.range && wholeMonths(period.range);
  const before = range && monthsBefore(range);
  const basis = context.labelOf(member("result_basis")) ?? member("result_basis");
  const filters = context.everybody("leaderboard");
  const [{ rows }, earlier] = await Promise.all([
    context.load({
      measures,
      dimensions: [...["employee_id", "employee", "department"].map(member), basis],
      timeDimensions: within(member("month"), range),
      filters,
      order: [
        [amount, "desc"],
        [member("employee"), "asc"],
      ],
    }),
    before
      ? context.load({
          measures: [amount],
          dimensions: [member("employee_id")],
          timeDimensions: within(member("month"), before),
          filters,
          order: [[amount, "desc"]],
        })
      : null,
  ]);
  const ranks = ranked(rows);
  const earlierRanks = ranked(earlier?.rows ?? []);
  const people = rows.map((row, index): RankedPerson => {
    const employeeId = textOf(row, member("employee_id")) ?? "";
    const rank = ranks.get(employeeId) ?? index + 1;
    const rankBefore = earlierRanks.get(employeeId);
    return {
      rank,
      employeeId,
      name: textOf(row, member("employee")) ?? employeeId,
      department: textOf(row, member("department")),
      amount: textOf(row, amount),
      target: textOf(row, member("result_goal")),
      attainment: textOf(row, member("attainment")),
      paceGap: textOf(row, member("pace_gap")),
      climbed: rankBefore === undefined ? null : rankBefore - rank,
      isSelf: employeeId !== "" && employeeId === me.employee_id,
    };
  });
  return {
    kind: "leaderboard",
    definitions: measures.map((measure) => context.definition(measure, member("month"))),
    range,
    before,
    basis: textOf(rows[0], basis),
    people,
  };
}
