import { readFile } from "node:fs/promises";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entities } from "../entities/index.ts";
import { createTestDatabase } from "../postgres/testing.ts";
import { eventKinds } from "../store/event.ts";
import * as schema from "./index.ts";
import { migrate } from "./migrate.ts";
import { defineUuidv7 } from "./uuidv7.ts";
import { appRole, mirrorRole } from "./rights.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  // Several processes start at once: each migrates, one does the work.
  await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
  client = new Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const refusal = async (role: string, statement: string): Promise<string | null> => {
  await client.query(`begin; set local role ${role}`);
  try {
    await client.query(statement);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.query("rollback");
  }
};

describe("migrations", () => {
  it("say what the entities say: drizzle-kit has nothing left to generate", async () => {
    const journal = JSON.parse(await readFile(new URL("../../migrations/meta/_journal.json", import.meta.url), "utf8")) as {
      entries: { idx: number }[];
    };
    const newest = String(journal.entries.at(-1)?.idx ?? 0).padStart(4, "0");
    const before = JSON.parse(
      await readFile(new URL(`../../migrations/meta/${newest}_snapshot.json`, import.meta.url), "utf8"),
    ) as Parameters<typeof generateMigration>[0];
    const after = generateDrizzleJson(schema, before.id);
    expect(await generateMigration(before, after)).toEqual([]);
  });

  it("give every entity its table and columns", async () => {
    const { rows } = await client.query<{ name: string }>(
      "select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'crm'",
    );
    const found = new Set(rows.map((row) => row.name));
    const expected = entities.flatMap((entity) =>
      ["row_key", "id", "version", ...Object.keys(entity.columns)].map((column) => `${entity.table}.${column}`),
    );
    expect(expected.filter((name) => !found.has(name))).toEqual([]);
  });

  it("make UUIDv7s on a Postgres that has none of its own, too", async () => {
    await client.query("begin");
    await defineUuidv7(client, 170_000);
    const { rows } = await client.query<{ id: string; lag: number }>(
      `select id, abs(extract(epoch from clock_timestamp()) - ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)::float8 as lag
       from (select crm.uuidv7() as id) as made`,
    );
    await client.query("rollback");
    expect(rows[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
    expect(rows[0]?.lag).toBeLessThan(5);
  });

  it("publish everything in crm and nothing else", async () => {
    const { rows } = await client.query<{ schema: string; count: string }>(
      "select schemaname as schema, count(*) from pg_publication_tables where pubname = 'kehu' group by 1",
    );
    expect(rows).toEqual([{ schema: "crm", count: String(entities.length + eventKinds.length) }]);
  });

  it("index every reference and make searches find Chinese text by index", async () => {
    const { rows } = await client.query<{ name: string }>(
      "select tablename || ':' || indexname as name from pg_indexes where schemaname = 'crm'",
    );
    const found = new Set(rows.map((row) => row.name));
    for (const entity of entities) {
      for (const [name, column] of Object.entries(entity.columns)) {
        if (column.references) expect(found).toContain(`${entity.table}:${entity.table}_${name}_idx`);
        if (column.search) expect(found).toContain(`${entity.table}:${entity.table}_${name}_trgm`);
      }
    }
    const trigrams = await client.query<{ count: number }>("select cardinality(show_trgm('上海张三')) as count");
    expect(trigrams.rows[0]?.count).toBeGreaterThan(0);
  });

  it("give opportunities from before they were told their first events, and a company its definitions without its own reasons' restriction", async () => {
    const old = await createTestDatabase();
    const before = new Client({ connectionString: old.url });
    try {
      await migrate(old.url);
      await before.connect();
      // As the version before made it.
      const added = ["amount_events", "expected_close_events", "churn_definitions", "close_reasons", "company_settings", "contracts"];
      added.push("customer_events", "instalments", "value_criteria", "value_tiers");
      await before.query(`drop table ${added.map((table) => `crm.${table}`).join(", ")}`);
      await before.query("alter table crm.activities drop column cost");
      await before.query("delete from portal.migrations where id > 2");
      await before.query(`
        insert into crm.departments (name) values ('north');
        insert into crm.employees (name, department_id) select 'ned', id from crm.departments;
        insert into crm.opportunities (name, owner_id, currency, amount, expected_close_on, close_reason, created_at)
        select 'deal', id, 'CNY', 1200.5, '2026-12-01', 'our own words', '2026-05-01 08:00+00' from crm.employees`);
      await migrate(old.url);
      for (const [table, value] of [
        ["amount_events", "1200.50"],
        ["expected_close_events", "2026-12-01"],
      ]) {
        const { rows } = await before.query(
          `select entity, from_value, to_value, effective_at = timestamptz '2026-05-01 08:00+00' as since from crm.${table}`,
        );
        expect(rows).toEqual([{ entity: "opportunity", from_value: null, to_value: value, since: true }]);
      }
      const counted = await before.query<{ tiers: string; reasons: string }>(
        "select (select count(*) from crm.value_tiers) as tiers, (select count(*) from crm.close_reasons) as reasons",
      );
      expect(counted.rows[0]).toEqual({ tiers: "4", reasons: "0" });
    } finally {
      await before.end();
      await old.drop();
    }
  });

  it("let the application only add to the audit trail and never delete a CRM row", async () => {
    expect(await refusal(appRole, "insert into audit.entries (action, entity) values ('create', 'order')")).toBeNull();
    expect(await refusal(appRole, "update audit.entries set action = 'x'")).toMatch(/permission denied/);
    expect(await refusal(appRole, "delete from audit.entries")).toMatch(/permission denied/);
    expect(await refusal(appRole, "delete from crm.orders")).toMatch(/permission denied/);
  });

  it("let the mirror read crm and nothing else", async () => {
    expect(await refusal(mirrorRole, "select 1 from crm.orders")).toBeNull();
    expect(await refusal(mirrorRole, "insert into crm.departments (name) values ('x')")).toMatch(/permission denied/);
    expect(await refusal(mirrorRole, "select 1 from audit.entries")).toMatch(/permission denied/);
  });
});
