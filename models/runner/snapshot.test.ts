import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runModels, type RunSummary } from "./run-models.ts";
import { queryFile, writeProject } from "./testing.ts";

interface History {
  /** Replaces the rows of the source and takes a snapshot. */
  take(rows: string): Promise<RunSummary>;
  ask(sql: string): Promise<Record<string, unknown>[]>;
}

async function history(files: Record<string, string>): Promise<History> {
  const folder = await writeProject({ "models/orders.sql": "select 1", ...files });
  const database = join(folder, "shop.duckdb");
  const options = { projectDir: folder, database, targetPath: null } as const;
  return {
    async take(rows) {
      await writeFile(join(folder, "models/orders.sql"), rows);
      await runModels({ command: "run", ...options });
      return runModels({ command: "snapshot", ...options });
    },
    ask: (sql) => queryFile(database, sql),
  };
}

const block = (config: string): Record<string, string> => ({
  "snapshots/orders.sql": `{% snapshot orders_history %}\n{{ config(unique_key='id', ${config}) }}\nselect * from {{ ref('orders') }}\n{% endsnapshot %}`,
});
const versions =
  "select id, status, dbt_valid_from::varchar as since, dbt_valid_to::varchar as until from orders_history order by id, since";
const row = (id: number, status: string, at: string): string =>
  `select ${id} as id, '${status}' as status, timestamp '${at}' as updated_at`;

describe("timestamp strategy", () => {
  it("keeps versions in dbt's columns, with dbt's digest", async () => {
    const { take, ask } = await history(block("strategy='timestamp', updated_at='updated_at', target_schema='main'"));
    expect((await take(`${row(1, "new", "2026-01-01")} union all ${row(2, "new", "2026-01-02")}`)).exitCode).toBe(0);
    // The older row of order 2 is no change, though it differs.
    await take(`${row(1, "paid", "2026-01-05")} union all ${row(2, "odd", "2026-01-01")} union all ${row(3, "new", "2026-01-06")}`);
    await take(`${row(1, "paid", "2026-01-05")}`);
    expect(await ask(versions)).toEqual([
      { id: 1, status: "new", since: "2026-01-01 00:00:00", until: "2026-01-05 00:00:00" },
      { id: 1, status: "paid", since: "2026-01-05 00:00:00", until: null },
      { id: 2, status: "new", since: "2026-01-02 00:00:00", until: null },
      { id: 3, status: "new", since: "2026-01-06 00:00:00", until: null },
    ]);
    expect(
      await ask("select dbt_scd_id = md5('1|2026-01-01 00:00:00') as same, dbt_updated_at = updated_at as at from orders_history limit 1"),
    ).toEqual([{ same: true, at: true }]);
    expect(
      (await ask("select column_name from duckdb_columns() where table_name = 'orders_history' order by column_index"))
        .map(Object.values)
        .flat(),
    ).toEqual(["id", "status", "updated_at", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"]);
  });

  it("takes a key of several columns, names of its own and an end in the future, from YAML", async () => {
    const { take, ask } = await history({
      "snapshots/orders.yml": `
snapshots:
  - name: orders_history
    description: One row per version of an order.
    relation: ref('orders')
    config:
      unique_key: [id, line]
      strategy: timestamp
      updated_at: updated_at
      dbt_valid_to_current: "timestamp '9999-12-31'"
      snapshot_meta_column_names: {dbt_valid_to: until}
    columns: [{name: id, data_tests: [not_null]}]`,
    });
    const line = (number: number, at: string): string => `select 1 as id, ${number} as line, timestamp '${at}' as updated_at`;
    await take(`${line(1, "2026-01-01")} union all ${line(2, "2026-01-01")}`);
    await take(`${line(1, "2026-01-01")} union all ${line(2, "2026-02-02")}`);
    expect(await ask("select line, until::date::varchar as until from orders_history order by all")).toEqual([
      { line: 1, until: "9999-12-31" },
      { line: 2, until: "2026-02-02" },
      { line: 2, until: "9999-12-31" },
    ]);
  });

  it("takes along a column that comes later", async () => {
    const { take, ask } = await history(block("strategy='timestamp', updated_at='updated_at'"));
    await take(row(1, "new", "2026-01-01"));
    await take(row(1, "paid", "2026-01-02").replace("select", "select 5 as amount,"));
    expect(await ask("select status, amount from orders_history order by dbt_valid_from")).toEqual([
      { status: "new", amount: null },
      { status: "paid", amount: 5 },
    ]);
  });
});

describe("check strategy", () => {
  it("sees a change in the named columns only, or in all; null is a value", async () => {
    const plain = (status: string, note: string): string => `select 1 as id, ${status} as status, ${note} as note`;
    const named = await history(block("strategy='check', check_cols=['status']"));
    const all = await history(block("strategy='check', check_cols='all'"));
    for (const { take } of [named, all]) {
      await take(plain("'a'", "'x'"));
      await take(plain("'a'", "'y'"));
      await take(plain("null::varchar", "'y'"));
      await take(plain("null::varchar", "'y'"));
    }
    const sql = "select status, note, dbt_valid_to is null as is_current from orders_history order by dbt_valid_from";
    expect(await named.ask(sql)).toEqual([
      { status: "a", note: "x", is_current: false },
      { status: null, note: "y", is_current: true },
    ]);
    expect(await all.ask(sql)).toHaveLength(3);
    expect(
      await all.ask(
        "select count(*)::int as gaps from (select dbt_valid_to as ended, lead(dbt_valid_from) over (order by dbt_valid_from) as next from orders_history) where ended is distinct from next",
      ),
    ).toEqual([{ gaps: 0 }]);
  });
});

describe("hard deletes", () => {
  const both = `${row(1, "new", "2026-01-01")} union all ${row(2, "new", "2026-01-01")}`;
  const sql = "select id, dbt_valid_to is null as is_current from orders_history order by id, dbt_valid_from";

  it("ignore leaves the version open; invalidate ends it, and a row that returns begins anew", async () => {
    const ignore = await history(block("strategy='timestamp', updated_at='updated_at', hard_deletes='ignore'"));
    const invalidate = await history(block("strategy='timestamp', updated_at='updated_at', invalidate_hard_deletes=true"));
    for (const { take } of [ignore, invalidate]) {
      await take(both);
      await take(row(1, "new", "2026-01-01"));
    }
    expect(await ignore.ask(sql)).toEqual([
      { id: 1, is_current: true },
      { id: 2, is_current: true },
    ]);
    expect(await invalidate.ask(sql)).toEqual([
      { id: 1, is_current: true },
      { id: 2, is_current: false },
    ]);
    await invalidate.take(both);
    expect(await invalidate.ask("select count(*)::int as open from orders_history where id = 2 and dbt_valid_to is null")).toEqual([
      { open: 1 },
    ]);
  });

  it("new_record says that the row is gone, once, and that it is back", async () => {
    const { take, ask } = await history(block("strategy='timestamp', updated_at='updated_at', hard_deletes='new_record'"));
    await take(both);
    await take(row(1, "new", "2026-01-01"));
    await take(row(1, "new", "2026-01-01"));
    const deleted =
      "select status, dbt_is_deleted as deleted, dbt_valid_to is null as is_current from orders_history where id = 2 order by dbt_valid_to nulls last";
    expect(await ask(deleted)).toEqual([
      { status: "new", deleted: "False", is_current: false },
      { status: "new", deleted: "True", is_current: true },
    ]);
    await take(`${row(1, "new", "2026-01-01")} union all ${row(2, "back", "2026-01-01")}`);
    expect(await ask("select status, dbt_is_deleted as deleted from orders_history where id = 2 and dbt_valid_to is null")).toEqual([
      { status: "back", deleted: "False" },
    ]);
  });
});

it.each([
  ["strategy='timestamp'", "the strategy timestamp needs updated_at"],
  ["strategy='check'", "the strategy check needs check_cols"],
  ["strategy='sometimes'", 'strategy must be timestamp or check, found "sometimes"'],
  ["strategy='check', check_cols='all', hard_deletes='maybe'", "hard_deletes must be ignore, invalidate or new_record"],
])("says what is missing: %s", async (config, message) => {
  const { take } = await history(block(config));
  const summary = await take(row(1, "new", "2026-01-01"));
  expect(summary.results[0]?.message).toContain(message);
  expect(summary.exitCode).toBe(1);
});

it("is built by `build` between what it reads and what reads it", async () => {
  const folder = await writeProject({
    ...block("strategy='check', check_cols='all'"),
    "models/orders.sql": "select 1 as id",
    "models/current.sql": "select id from {{ ref('orders_history') }} where dbt_valid_to is null",
  });
  const summary = await runModels({ command: "build", projectDir: folder, database: join(folder, "shop.duckdb"), targetPath: null });
  expect(summary.results.map(({ name, status }) => [name, status])).toEqual([
    ["orders", "success"],
    ["orders_history", "success"],
    ["current", "success"],
  ]);
});
