import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { foldChangeLog, openWarehouse } from "@kehu/ingest";
import { array, assert, asyncProperty, constantFrom, integer, record } from "fast-check";
import type { Arbitrary } from "fast-check";
import { expect, test } from "vitest";
import { queryFile } from "../../runner/testing.ts";
import { buildOnGiven } from "../../tests/build-on-given.ts";

/** What was believed at the end of each day, by the models themselves: before the change log was folded, and after. */

const firstDay = Date.parse("2026-03-01T00:00:00Z");
const hourMs = 3_600_000;

interface Change {
  opportunity: number;
  hours: number;
  op: string;
  stage: string;
  amount: number;
}

const change: Arbitrary<Change> = record({
  opportunity: integer({ min: 1, max: 6 }),
  // Now and then the clock is put back.
  hours: constantFrom(0, 0, 1, 1, 2, 3, 5, 8, 13, -4),
  op: constantFrom("insert", "update", "update", "update", "resync", "removed", "delete", "truncate"),
  stage: constantFrom("talk", "offer"),
  amount: integer({ min: 0, max: 99 }),
});
const idOf = (opportunity: number): string => `00000000-0000-7000-8000-00000000000${opportunity}`;

async function writeLog(connection: DuckDBConnection, changes: readonly Change[]): Promise<void> {
  await connection.run(`
    create schema raw_changes; create schema meta;
    create table meta.mirror_folds (name varchar not null, folded_to date not null);
    create table meta.mirror_tables (name varchar, definition json, needs_copy boolean, copied boolean, storage varchar);
    insert into meta.mirror_tables values ('opportunities', '{"name": "opportunities", "key": ["id"], "columns": []}', false, true, '');
    create table raw_changes.opportunities (row_key bigint, id uuid, owner_id uuid, pipeline varchar, stage varchar, status varchar, amount decimal(18, 2),
      currency varchar, exchange_rate decimal(18, 8), expected_close_on date, created_at timestamptz, deleted_at timestamptz,
      _op varchar, _lsn ubigint, _commit_at timestamptz, _actor varchar, _seq bigint)`);
  let at = firstDay;
  for (const [index, { opportunity, hours, op, stage, amount }] of changes.entries()) {
    at += hours * hourMs + 1000;
    const time = new Date(at).toISOString();
    const logged = op === "removed" ? "update" : op;
    const place = `'${logged}', ${index + 1}, '${time}', null, 1`;
    if (op === "truncate") await connection.run(`insert into raw_changes.opportunities by position select ${"null, ".repeat(12)}${place}`);
    else if (op === "delete")
      await connection.run(`insert into raw_changes.opportunities select null, '${idOf(opportunity)}', ${"null, ".repeat(10)}${place}`);
    else
      await connection.run(
        `insert into raw_changes.opportunities select ${opportunity}, '${idOf(opportunity)}', null, 'sales', '${stage}', 'open', ${amount}, 'CNY', null,
           null, '2026-02-01', ${op === "removed" ? `'${time}'` : "null"}, ${place}`,
      );
  }
}

/** The rows that the models say were believed at the end of each of the company's days. */
async function believedByDay(connection: DuckDBConnection, dir: string): Promise<Record<string, unknown>[]> {
  const file = join(dir, "log.parquet");
  await connection.run(`copy raw_changes.opportunities to '${file}' (format parquet)`);
  const staging = await readFile(join(import.meta.dirname, "../staging/crm/stg_crm__opportunity_versions.sql"), "utf8");
  const database = await buildOnGiven(
    ["marts/fct_opportunity_beliefs", "marts/fct_pipeline_beliefs"],
    {
      stg_crm__opportunity_versions: staging.replace("{{ source('crm_changes', 'opportunities') }}", `read_parquet('${file}')`),
      stg_crm__exchange_rates: "select 'USD' as currency, date '2020-01-01' as valid_on, cast(7 as decimal(18, 8)) as rate",
      stg_crm__pipeline_stages: "select 1 as pipeline_stage_key, 'sales' as pipeline, 'talk' as stage",
      stg_crm__employees: "select cast(null as uuid) as employee_id, 1 as employee_key",
      fct_opportunities: "select 1 as opportunity_key, 1 as owner_key, 1 as department_key, 1 as customer_owner_key",
    },
    "2026-11-01",
  );
  const days =
    "(select unnest(range(date '2026-03-01', date '2026-06-01', interval 1 day))::timestamp at time zone 'Asia/Shanghai' as ends) as days";
  return queryFile(
    database,
    `select ends::varchar, opportunity_key::varchar, stage, status, amount::varchar, operation, is_estimated::varchar
     from ${days} join fct_opportunity_beliefs on believed_from < ends and (believed_to is null or believed_to >= ends)
     union all
     select ends::varchar, 'all', stage, status, sum(amount_change)::varchar, sum(count_change)::varchar, null
     from ${days} join fct_pipeline_beliefs on believed_at < ends group by all having sum(count_change) <> 0
     order by all`,
  );
}

test("whatever was written and removed, in whatever order of the clock: folding the log changes nothing that was believed at the end of a day", async () => {
  let removed = 0;
  await assert(
    asyncProperty(array(change, { minLength: 60, maxLength: 120, size: "max" }), async (changes) => {
      const dir = await mkdtemp(join(tmpdir(), "kehu-believed-"));
      const warehouse = await openWarehouse({ dir, threads: 2, memoryLimit: "300MB" });
      try {
        const connection = await warehouse.connect();
        await writeLog(connection, changes);
        const before = await believedByDay(connection, dir);
        const folded = await foldChangeLog({
          reader: connection,
          between: (work) => work(connection),
          timezone: "Asia/Shanghai",
          now: new Date("2026-11-01T00:00:00Z"),
          keepDays: 30,
          before: "FFFFFFFF/FFFFFFFF",
        });
        removed += folded[0]?.removed ?? 0;
        expect(await believedByDay(connection, dir)).toEqual(before);
        expect(before.length).toBeGreaterThan(0);
      } finally {
        warehouse.close();
        await rm(dir, { recursive: true });
      }
    }),
    { numRuns: 3, endOnFailure: true, seed: 20_261_122 },
  );
  expect(removed).toBeGreaterThan(20);
});
