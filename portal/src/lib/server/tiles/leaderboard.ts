import type { LeaderboardTile } from "#lib/dashboards/definition.ts";
import { textOf } from "#lib/semantic.ts";
import type { LeaderboardData, RankedPerson } from "#lib/tile-data.ts";
import { wholeMonths, within, type TileContext } from "#lib/server/tiles/context.ts";

const member = (name: string): string => `leaderboard.${name}`;
const measures = ["order_amount", "order_target", "order_attainment"].map(member);

/** Everybody by order amount from the published aggregate, which knows whole months. People with equal amounts share a rank (1, 2, 2, 4). */
export async function answerLeaderboard(_tile: LeaderboardTile, context: TileContext): Promise<LeaderboardData> {
  const { period, me } = context.scope;
  const range = period.elapsed && wholeMonths(period.elapsed);
  const { rows } = await context.load({
    measures,
    dimensions: ["employee_id", "employee", "department"].map(member),
    timeDimensions: within(member("month"), range),
    filters: context.everybody("leaderboard"),
    order: [
      [member("order_amount"), "desc"],
      [member("employee"), "asc"],
    ],
  });
  const people: RankedPerson[] = [];
  for (const row of rows) {
    const amount = textOf(row, member("order_amount"));
    const previous = people.at(-1);
    const employeeId = textOf(row, member("employee_id")) ?? "";
    people.push({
      rank: previous && previous.amount === amount ? previous.rank : people.length + 1,
      employeeId,
      name: textOf(row, member("employee")) ?? employeeId,
      department: textOf(row, member("department")),
      amount,
      target: textOf(row, member("order_target")),
      attainment: textOf(row, member("order_attainment")),
      isSelf: employeeId !== "" && employeeId === me.employee_id,
    });
  }
  return { kind: "leaderboard", definitions: measures.map((measure) => context.definition(measure, member("month"))), range, people };
}
