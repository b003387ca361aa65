import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  openSnapshot,
  openWarehouse,
  readPointer,
  type Applied,
  type AppliedEvent,
  type SnapshotPointer,
  type Warehouse,
} from "@kehu/ingest";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLiveBuilder, type LiveBuilder, type LiveBuilderOptions } from "./live-builder.ts";

/** A mirror of two tables, written by hand: what `@kehu/ingest` does from Postgres. */
class HandMadeMirror {
  private readonly connection: DuckDBConnection;
  private readonly listeners = new Set<(event: AppliedEvent) => void>();
  private state: Applied = { lsn: "0/1", at: "2026-11-22T08:00:00.000Z" };
  private position = 1;

  private constructor(connection: DuckDBConnection) {
    this.connection = connection;
  }

  static async open(warehouse: Warehouse): Promise<HandMadeMirror> {
    const mirror = new HandMadeMirror(await warehouse.connect());
    await mirror.connection.run(`create schema if not exists raw; create schema if not exists meta;
      create table if not exists raw.orders (row_key bigint, customer_key bigint, amount decimal(18,2), deleted_at timestamptz);
      create table if not exists raw.customers (row_key bigint, name varchar, deleted_at timestamptz);
      create table if not exists meta.mirror_state (applied_lsn varchar, applied_at timestamptz);
      delete from meta.mirror_state; insert into meta.mirror_state values ('0/1', '2026-11-22T08:00:00Z')`);
    return mirror;
  }

  applied = (): Applied => this.state;
  onApplied = (listener: (event: AppliedEvent) => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  /** Called by a builder that sees a position before it was told of it. */
  whenWaitedFor: () => void = () => undefined;
  waitFor = async (): Promise<void> => this.whenWaitedFor();

  /** Commits `sql` with the next position. Returns the event, for `tell`. */
  async commit(tables: string[], sql: string): Promise<AppliedEvent> {
    this.position++;
    const lsn = `0/${this.position.toString(16).toUpperCase()}`;
    const at = new Date(Date.parse("2026-11-22T08:00:00Z") + this.position * 1000).toISOString();
    await this.connection.run(`begin; ${sql}; update meta.mirror_state set applied_lsn = '${lsn}', applied_at = '${at}'; commit`);
    return { lsn, at, tables };
  }

  tell(event: AppliedEvent): void {
    this.state = { lsn: event.lsn, at: event.at };
    for (const listener of this.listeners) listener(event);
  }

  /** Both, as the mirror does; returns the position. */
  async apply(tables: string[], sql: string): Promise<string> {
    const event = await this.commit(tables, sql);
    this.tell(event);
    return event.lsn;
  }
}

const project: Record<string, string> = {
  "dbt_project.yml": `
name: shop
vars: {timezone: Asia/Shanghai}
models: {shop: {+materialized: table, staging: {+schema: staging}, marts: {+schema: marts}}}`,
  "macros/schema.sql": "{% macro generate_schema_name(custom, node) %}{{ custom or target.schema }}{% endmacro %}",
  "models/staging/sources.yml": "sources: [{name: crm, database: mirror, schema: raw, tables: [{name: orders}, {name: customers}]}]",
  "models/staging/stg_orders.sql":
    "select row_key as order_key, customer_key, amount from {{ source('crm', 'orders') }} where deleted_at is null",
  "models/staging/stg_customers.sql": "select row_key as customer_key, name from {{ source('crm', 'customers') }} where deleted_at is null",
  "models/marts/dim_customers.sql":
    "select customer_key, name, cast('{{ var('as_of') }}' as timestamptz) as as_of from {{ ref('stg_customers') }}",
  "models/marts/fct_orders.sql": "select order_key, customer_key, amount from {{ ref('stg_orders') }}",
  "models/marts/fct_orders.yml": `
models:
  - name: fct_orders
    meta: {scope: {entity: order, employee: [owner_key]}}
    columns:
      - {name: order_key, description: Key., data_tests: [unique, not_null]}
      - {name: amount, data_tests: [{not_null: {config: {severity: warn}}}]}
  - name: dim_customers
    meta: {scope: none}`,
};

describe("live builder", () => {
  let folder: string;
  let warehouse: Warehouse;
  let mirror: HandMadeMirror;
  let builder: LiveBuilder | undefined;
  let now: Date;
  const errors: object[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kehu-live-"));
    for (const [file, text] of Object.entries(project)) {
      await mkdir(dirname(join(folder, "project", file)), { recursive: true });
      await writeFile(join(folder, "project", file), text);
    }
    warehouse = await openWarehouse({ dir: join(folder, "warehouse") });
    mirror = await HandMadeMirror.open(warehouse);
    now = new Date("2026-11-22T09:00:00Z");
    errors.length = 0;
  });

  afterEach(async () => {
    await builder?.stop();
    builder = undefined;
    warehouse.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(more: Partial<LiveBuilderOptions> = {}): Promise<LiveBuilder> {
    builder = createLiveBuilder({
      warehouse,
      mirror,
      projectDir: join(folder, "project"),
      vars: {},
      clock: () => now,
      publishSeconds: 0.05,
      logger: { info: () => undefined, warn: () => undefined, error: (fields) => void errors.push(fields) },
      ...more,
    });
    await builder.start();
    return builder;
  }

  const nextPublish = (from: LiveBuilder): Promise<SnapshotPointer> =>
    new Promise((resolve) => {
      const stop = from.onPublished((pointer) => {
        stop();
        resolve(pointer);
      });
    });
  const nextFailure = (from: LiveBuilder): Promise<unknown> =>
    new Promise((resolve) => {
      const stop = from.onFailed((error) => {
        stop();
        resolve(error);
      });
    });

  async function ask(pointer: SnapshotPointer | null, sql: string): Promise<unknown[]> {
    if (!pointer) throw new Error("nothing is published");
    const instance = await openSnapshot(pointer.file);
    const connection = await instance.connect();
    try {
      await connection.run("use snap");
      return await (await connection.run(sql)).getRowObjectsJson();
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }
  const current = (): Promise<SnapshotPointer | null> => readPointer(join(folder, "warehouse"));

  it("publishes an empty mirror, with what it says about itself", async () => {
    await start();
    const pointer = await current();
    expect(pointer).toMatchObject({ lsn: "0/1", freshTo: "2026-11-22T08:00:00.000Z", failedTests: 0 });
    expect(pointer?.changed.toSorted()).toEqual(["dim_customers", "fct_orders"]);
    expect(await ask(pointer, "select count(*)::int as orders from marts.fct_orders")).toEqual([{ orders: 0 }]);
    expect(await ask(pointer, "select name, scope, version, columns from meta.marts where name = 'fct_orders'")).toEqual([
      {
        name: "fct_orders",
        scope: JSON.stringify({ entity: "order", employee: ["owner_key"] }),
        version: pointer?.build,
        columns: JSON.stringify([
          { name: "order_key", type: "BIGINT", description: "Key." },
          { name: "customer_key", type: "BIGINT", description: "" },
          { name: "amount", type: "DECIMAL(18,2)", description: "" },
        ]),
      },
    ]);
    expect(await ask(pointer, "select build, lsn from meta.builds")).toEqual([{ build: pointer?.build, lsn: "0/1" }]);
    expect(await ask(pointer, "select count(*)::int as tests, sum(failures)::int as failures from meta.tests")).toEqual([
      { tests: 3, failures: 0 },
    ]);
  });

  it("says up to when a mart is complete that waits for the hour", async () => {
    const file = join(folder, "project", "models/marts/fct_orders.yml");
    await writeFile(file, project["models/marts/fct_orders.yml"]!.replace("meta: {scope", "meta: {refresh: hourly, scope"));
    const live = await start();
    const slow = async (): Promise<unknown[]> =>
      ask(await current(), "select name, refresh, epoch_ms(fresh_to)::varchar as fresh_to from meta.slow_marts");
    const complete = [{ name: "fct_orders", refresh: "hourly", fresh_to: `${Date.parse("2026-11-22T08:00:00Z")}` }];
    expect(await slow()).toEqual(complete);
    const published = nextPublish(live);
    await mirror.apply(
      ["orders", "customers"],
      "insert into raw.customers values (1, 'A', null); insert into raw.orders values (1, 1, 12.50, null)",
    );
    expect((await published).changed).toEqual(["dim_customers"]);
    // The order is not in it yet, and it does not pretend to be.
    expect(await slow()).toEqual(complete);
  });

  it("rebuilds what is downstream of the changed tables, and nothing else", async () => {
    const live = await start();
    const first = await current();
    const published = nextPublish(live);
    const lsn = await mirror.apply(["orders"], "insert into raw.orders values (1, 1, 12.50, null), (2, 1, 7.50, null)");
    const pointer = await published;
    expect(pointer).toMatchObject({ lsn, changed: ["fct_orders"] });
    expect(pointer.build > (first?.build ?? "")).toBe(true);
    expect(await ask(pointer, "select sum(amount)::varchar as amount from marts.fct_orders")).toEqual([{ amount: "20.00" }]);
    expect(await ask(pointer, "select name, version from meta.marts order by name")).toEqual([
      { name: "dim_customers", version: first?.build },
      { name: "fct_orders", version: pointer.build },
    ]);
  });

  it("stops where a rebuilt relation is what it was", async () => {
    await writeFile(
      join(folder, "project/models/marts/fct_customer_orders.sql"),
      "select customer_key, count(*) as orders from {{ ref('fct_orders') }} group by customer_key",
    );
    const live = await start();
    const versions = async (pointer: SnapshotPointer): Promise<unknown> =>
      Object.fromEntries(
        (await ask(pointer, "select name, version from meta.marts")).map((row) => {
          const { name, version } = row as { name: string; version: string };
          return [name, version];
        }),
      );
    const change = async (sql: string): Promise<SnapshotPointer> => {
      const published = nextPublish(live);
      await mirror.apply(["orders"], sql);
      return published;
    };
    const first = await change("insert into raw.orders values (1, 1, 5, null)");
    expect(first.changed.toSorted()).toEqual(["fct_customer_orders", "fct_orders"]);
    // A column that staging leaves out: nothing downstream is anything else.
    expect((await change("update raw.orders set deleted_at = null")).changed).toEqual([]);
    // Another amount is another row of fct_orders, but as many orders.
    const second = await change("update raw.orders set amount = 6");
    expect(second.changed).toEqual(["fct_orders"]);
    expect(await versions(second)).toMatchObject({ fct_customer_orders: first.build, fct_orders: second.build });
  });

  it("makes what reads the time again with every build", async () => {
    const live = await start();
    const published = nextPublish(live);
    now = new Date("2026-11-22T10:00:00Z");
    await mirror.apply(["orders", "customers"], "insert into raw.customers values (1, '甲', null)");
    await published;
    const again = nextPublish(live);
    now = new Date("2026-11-22T11:00:00Z");
    await mirror.apply(["orders"], "insert into raw.orders values (1, 1, 5, null)");
    expect((await again).changed.toSorted()).toEqual(["dim_customers", "fct_orders"]);
    expect(await ask(await current(), "select epoch_ms(as_of)::varchar as as_of from marts.dim_customers")).toEqual([
      { as_of: String(now.getTime()) },
    ]);
  });

  it("leaves nightly models to the midnight, and what reads only them", async () => {
    for (const [name, sql] of [
      ["fct_nightly", "{{ config(meta={'refresh': 'nightly'}) }} select sum(amount) as amount from {{ ref('fct_orders') }}"],
      ["fct_of_nightly", "select * from {{ ref('fct_nightly') }}"],
    ])
      await writeFile(join(folder, `project/models/marts/${name}.sql`), String(sql));
    const live = await start();
    const published = nextPublish(live);
    await mirror.apply(["orders"], "insert into raw.orders values (1, 1, 5, null)");
    expect((await published).changed).toEqual(["fct_orders"]);
    const midnight = nextPublish(live);
    now = new Date("2026-11-22T16:00:00.100Z");
    await mirror.apply(["orders"], "insert into raw.orders values (2, 1, 5, null)");
    await midnight;
    expect(await ask(await current(), "select amount::int as amount from marts.fct_of_nightly")).toEqual([{ amount: 10 }]);
  });

  it("states a position only with all that committed before it, though it hears of it later", async () => {
    const live = await start();
    const published = nextPublish(live);
    const orders = await mirror.commit(["orders"], "insert into raw.orders values (1, 1, 1, null)");
    const customers = await mirror.commit(["customers"], "insert into raw.customers values (1, '甲', null)");
    mirror.whenWaitedFor = () => {
      mirror.whenWaitedFor = () => undefined;
      mirror.tell(customers);
    };
    mirror.tell(orders);
    const pointer = await published;
    expect(pointer.lsn).toBe(customers.lsn);
    expect(await ask(pointer, "select count(*)::int as customers from marts.dim_customers")).toEqual([{ customers: 1 }]);
  });

  it("keeps the earlier snapshot when a test fails, says why, and publishes when the data is mended", async () => {
    const live = await start();
    const first = await current();
    const failure = nextFailure(live);
    await mirror.apply(
      ["orders", "customers"],
      "insert into raw.orders values (1, 1, 1, null), (1, 1, 2, null); insert into raw.customers values (1, '甲', null)",
    );
    await expect(failure).resolves.toMatchObject({
      failed: [expect.objectContaining({ name: "unique_fct_orders_order_key", failures: 1 })],
    });
    expect(await current()).toEqual(first);
    expect(live.status().failure).toContain("unique_fct_orders_order_key");
    expect(errors).toHaveLength(1);

    const published = nextPublish(live);
    await mirror.apply(["orders"], "delete from raw.orders where amount = 2");
    const pointer = await published;
    // The customers of the failed build come along.
    expect(pointer.changed.toSorted()).toEqual(["dim_customers", "fct_orders"]);
    expect(
      await ask(
        pointer,
        "select (select count(*) from marts.fct_orders)::int as orders, (select count(*) from marts.dim_customers)::int as customers",
      ),
    ).toEqual([{ orders: 1, customers: 1 }]);
    expect(live.status().failure).toBeNull();
  });

  it("publishes with warnings, counted", async () => {
    const live = await start();
    const published = nextPublish(live);
    await mirror.apply(["orders"], "insert into raw.orders values (1, 1, null, null)");
    const pointer = await published;
    expect(pointer.failedTests).toBe(1);
    expect(await ask(pointer, "select test, severity, failures::int as failures from meta.tests where failures > 0")).toEqual([
      { test: "not_null_fct_orders_amount", severity: "warn", failures: 1 },
    ]);
  });

  it("moves freshTo without a build when nothing that models read has changed", async () => {
    const live = await start();
    const first = await current();
    const lsn = await mirror.apply([], "select 1");
    await expect.poll(current, { timeout: 10_000 }).toMatchObject({ lsn, freshTo: "2026-11-22T08:00:02.000Z", build: first?.build });
    expect(live.status().build).toBe(first?.build);
  });

  it("compares everything with a whole build at the company's midnight, says what differs and mends it", async () => {
    now = new Date("2026-11-22T15:59:57.000Z");
    const live = await start();
    const first = nextPublish(live);
    await mirror.apply(
      ["orders", "customers"],
      "insert into raw.orders values (1, 7, 5, null); insert into raw.customers values (7, '甲', null)",
    );
    expect((await first).changed.toSorted()).toEqual(["dim_customers", "fct_orders"]);
    const tamperer = await warehouse.connect();
    await tamperer.run("update warehouse.marts.fct_orders set amount = 6");
    tamperer.closeSync();
    const published = nextPublish(live);
    now = new Date("2026-11-22T16:00:00.100Z");
    const pointer = await published;
    expect(pointer.changed.toSorted()).toEqual(["dim_customers", "fct_orders"]);
    expect(await ask(pointer, "select amount::varchar as amount from marts.fct_orders")).toEqual([{ amount: "5.00" }]);
    const found = { schema: "marts", model: "fct_orders", unexpected: 1, missing: 1 };
    expect(errors).toMatchObject([{ drifts: [found] }]);
    expect(await ask(pointer, "select name, unexpected_rows::int as unexpected, missing_rows::int as missing from meta.drifts")).toEqual([
      { name: "fct_orders", unexpected: 1, missing: 1 },
    ]);
    expect(await ask(pointer, "select tables::int as tables, drifts::int as drifts from meta.self_checks")).toEqual([
      { tables: 4, drifts: 1 },
    ]);
  });

  it("serves at once after a restart, and builds again only when something changed", async () => {
    await (await start()).stop();
    const first = await current();
    const again = await start();
    expect(again.status().build).toBe(first?.build);
    const published = nextPublish(again);
    await mirror.apply(["customers"], "insert into raw.customers values (7, '乙', null)");
    expect((await published).changed).toEqual(["dim_customers"]);
    await again.stop();
    await mirror.apply(["orders"], "insert into raw.orders values (9, 7, 1, null)");
    await start();
    await expect
      .poll(async () => ask(await current(), "select count(*)::int as orders from marts.fct_orders"), { timeout: 10_000 })
      .toEqual([{ orders: 1 }]);
  });

  it("after a restart makes what follows the hour only if the hour has struck meanwhile", async () => {
    const file = join(folder, "project", "models/marts/fct_orders.yml");
    await writeFile(file, project["models/marts/fct_orders.yml"]!.replace("meta: {scope", "meta: {refresh: hourly, scope"));
    const orders = async (): Promise<unknown[]> => ask(await current(), "select count(*)::int as orders from marts.fct_orders");
    now = new Date("2026-11-22T08:30:00Z");
    await (await start()).stop();
    await mirror.apply(["orders"], "insert into raw.orders values (9, 7, 1, null)");
    now = new Date("2026-11-22T08:45:00Z");
    const sameHour = await start();
    const published = nextPublish(sameHour);
    await mirror.apply(["customers"], "insert into raw.customers values (7, '乙', null)");
    await published;
    expect(await orders()).toEqual([{ orders: 0 }]);
    await sameHour.stop();
    now = new Date("2026-11-22T09:05:00Z");
    await start();
    await expect.poll(orders, { timeout: 10_000 }).toEqual([{ orders: 1 }]);
  });

  it("makes an unfinished build again, whole", async () => {
    await (await start()).stop();
    const connection = await warehouse.connect();
    // What a kill between the cut and the last mart leaves behind.
    await connection.run(
      "update warehouse.meta.live_build set is_finished = false; delete from warehouse.meta.marts; drop table warehouse.marts.fct_orders",
    );
    const live = await start();
    const pointer = await nextPublish(live);
    expect(pointer.changed.toSorted()).toEqual(["dim_customers", "fct_orders"]);
    expect(await ask(pointer, "select count(*)::int as marts from meta.marts")).toEqual([{ marts: 2 }]);
  });

  it("makes a cut again, whole, when only a part of it could be committed", async () => {
    let isDiskFull = false;
    let made = 0;
    const connect = async (): Promise<DuckDBConnection> => {
      const connection = await warehouse.connect();
      if (++made !== 2) return connection;
      const run: DuckDBConnection["run"] = (sql, values, types) => {
        if (!isDiskFull || sql !== "commit") return connection.run(sql, values, types);
        isDiskFull = false;
        return Promise.reject(new Error("no room for the second part"));
      };
      return Object.create(connection, { run: { value: run } }) as DuckDBConnection;
    };
    const live = await start({ warehouse: { ...warehouse, connect } });
    isDiskFull = true;
    const failure = nextFailure(live);
    await mirror.apply(
      ["orders", "customers"],
      "insert into raw.orders values (1, 1, 12.50, null); insert into raw.customers values (1, '甲', null)",
    );
    expect(await failure).toMatchObject({ message: "no room for the second part" });
    expect(await ask(await current(), "select * from marts.fct_orders")).toEqual([]);
    const published = nextPublish(live);
    await mirror.apply(["orders"], "insert into raw.orders values (2, 1, 7.50, null)");
    const pointer = await published;
    expect(await ask(pointer, "select order_key::int as order_key from marts.fct_orders order by 1")).toEqual([
      { order_key: 1 },
      { order_key: 2 },
    ]);
    expect(await ask(pointer, "select name from marts.dim_customers")).toEqual([{ name: "甲" }]);
  });

  it("publishes no faster than it is told, however many changes come", async () => {
    const live = await start({ publishSeconds: 0.4 });
    const times: number[] = [performance.now()];
    live.onPublished(() => times.push(performance.now()));
    let key = 0;
    while (times.length < 5) {
      key++;
      await mirror.apply(["orders"], `insert into raw.orders values (${key}, 1, 1, null)`);
    }
    await expect
      .poll(async () => ask(await current(), "select count(*)::int as orders from marts.fct_orders"), { timeout: 30_000 })
      .toEqual([{ orders: key }]);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // The first one waits from the start's own publish, which ended a little before it was heard of.
    expect(Math.min(...gaps.slice(1))).toBeGreaterThanOrEqual(395);
  });
});
