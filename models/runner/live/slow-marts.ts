import type { DuckDBConnection } from "@duckdb/node-api";
import { literal } from "../statements.ts";
import type { Project } from "../resources.ts";
import { martsAmong } from "./ledger.ts";
import { isTakenUpOn, slowestUpstream, type BuildReason } from "./plan.ts";

/** Marts that do not follow every change, by themselves or by something they are made of, and up to when they are complete. */
export const slowMartsTable = "create table if not exists warehouse.meta.slow_marts (name varchar, refresh varchar, fresh_to timestamptz)";

/** Statements that note, after a build for this reason, which slow marts are complete up to `freshTo`; the others keep their earlier time. */
export function slowMartStatements(project: Project, reason: BuildReason, freshTo: string): string[] {
  const slowest = slowestUpstream(project);
  const marts = martsAmong([...project.nodes.values()]).map((node) => ({ name: node.alias, refresh: slowest(node.uniqueId) }));
  const slow = marts.filter(({ refresh }) => refresh !== "live");
  const due = slow.filter(({ refresh }) => isTakenUpOn(refresh, reason));
  const listed = (names: readonly { name: string }[]): string => names.map(({ name }) => literal(name)).join(", ") || "''";
  return [
    `delete from warehouse.meta.slow_marts where name not in (${listed(slow)}) or name in (${listed(due)})`,
    ...due.map(
      ({ name, refresh }) =>
        `insert into warehouse.meta.slow_marts values (${literal(name)}, ${literal(refresh)}, cast(${literal(freshTo)} as timestamptz))`,
    ),
  ];
}

/** Whether every mart that follows the full hour is complete up to a time of the hour that `now` is in. */
export async function isOfThisHour(connection: DuckDBConnection, now: Date): Promise<boolean> {
  const struckAt = new Date(now.getTime() - (now.getTime() % 3_600_000)).toISOString();
  const result = await connection.run(
    `select count(*) > 0 and bool_and(fresh_to >= cast(${literal(struckAt)} as timestamptz)) from warehouse.meta.slow_marts where refresh = 'hourly'`,
  );
  const [row] = await result.getRowsJS();
  return row?.[0] === true;
}
