import { Client } from "pg";
import { demoMark } from "./ids.ts";
import { type EntityTable, entityTables, eventTables, type TableName, tableNames } from "./tables.ts";
import type { Column } from "../entities/definition.ts";
import { entities } from "../entities/index.ts";
import type { Counts } from "./fill.ts";

/** Kept when other records stay: somebody may have come to rely on them, and nothing refers to the demo through them. */
const reference: readonly TableName[] = ["pipeline_stages", "exchange_rates"];

/** Thrown when records that are not the demo's refer to records that are; nothing is removed then. */
export class DemoStillReferred extends Error {
  override name = "DemoStillReferred";
}

/** What a company decides about itself, the demo or not: refers to nothing and stays. */
const definitions = ["close_reasons", "company_settings", "value_criteria", "value_tiers", "churn_definitions"];

/** Also those the demo company has no rows in: they may refer to its rows. */
const allTables: readonly string[] = [
  ...entities.map(({ table }) => table).filter((table) => !definitions.includes(table)),
  ...eventTables,
];

const isDemo = (column: string): string => `right(${column}::text, ${demoMark.length}) = '${demoMark}'`;

/**
 * Removes what `fillDemoCompany` wrote, with the events that happened to it since, in one transaction; returns the rows removed by table.
 * A company that is nothing but the demo is truncated; among other records its rows are deleted. Sign-in accounts are not touched.
 */
export async function removeDemoCompany({ url }: { url: string }): Promise<Counts> {
  const client = new Client({ connectionString: url, application_name: "kehu demo" });
  await client.connect();
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock(hashtext('kehu demo'))");
    const found = await count(client);
    const isAlone = [...found.values()].every(({ others }) => others === 0);
    if (isAlone) {
      await client.query(`truncate ${allTables.map((table) => `crm.${table}`).join(", ")}`);
    } else {
      await refuseReferences(client);
      for (const table of eventTables) await client.query(`delete from crm.${table} where ${isDemo("record_id")}`);
      for (const table of Object.keys(entityTables).toReversed() as EntityTable[]) {
        if (reference.includes(table)) found.delete(table);
        else await client.query(`delete from crm.${table} where ${isDemo("id")}`);
      }
    }
    await client.query("commit");
    return Object.fromEntries(tableNames.map((table) => [table, found.get(table)?.own ?? 0])) as Counts;
  } finally {
    await client.end();
  }
}

async function count(client: Client): Promise<Map<string, { own: number; others: number }>> {
  const found = new Map<string, { own: number; others: number }>();
  for (const table of allTables) {
    const mine = isDemo(eventTables.some((name) => name === table) ? "record_id" : "id");
    const { rows } = await client.query<{ own: number; others: number }>(
      `select count(*) filter (where ${mine})::int as own, count(*) filter (where not ${mine})::int as others from crm.${table}`,
    );
    found.set(table, rows[0]!);
  }
  return found;
}

async function refuseReferences(client: Client): Promise<void> {
  const problems: string[] = [];
  for (const { table, columns } of entities) {
    for (const [name, column] of Object.entries<Column>(columns)) {
      if (!column.references) continue;
      const sql = `select count(*)::int as count from crm.${table} where not ${isDemo("id")} and ${isDemo(name)}`;
      const { rows } = await client.query<{ count: number }>(sql);
      if (rows[0]!.count > 0) problems.push(`${rows[0]!.count} in ${table}.${name}`);
    }
  }
  if (problems.length > 0)
    throw new DemoStillReferred(`records of your own refer to the demo company: ${problems.join(", ")}; delete or change them first`);
}
