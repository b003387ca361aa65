import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { createTestDatabase } from "../postgres/testing.ts";
import { migrate } from "../schema/migrate.ts";
import { CompanyNotEmpty, type DemoOptions, DemoStillReferred, fillDemoCompany, hasCompany, removeDemoCompany } from "./index.ts";
import { tableNames } from "./tables.ts";

const options: Omit<DemoOptions, "url"> = {
  customers: 150,
  until: new Date("2026-03-02T16:30:00Z"),
  timezone: "Asia/Shanghai",
  currency: "CNY",
};

/** Runs `work` on a migrated database of its own. */
async function withDatabase<Result>(work: (url: string, client: Client) => Promise<Result>): Promise<Result> {
  const database = await createTestDatabase();
  try {
    await migrate(database.url);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      return await work(database.url, client);
    } finally {
      await client.end();
    }
  } finally {
    await database.drop();
  }
}

/** One text over every column of every row of the company. */
async function checksum(client: Client): Promise<string> {
  const parts: string[] = [];
  for (const table of tableNames) {
    const { rows } = await client.query<{ sum: string }>(
      `select md5(string_agg(record::text, '\n' order by row_key)) as sum from crm.${table} as record`,
    );
    parts.push(`${table} ${rows[0]!.sum}`);
  }
  return parts.join("\n");
}

const total = async (client: Client): Promise<number> => {
  const { rows } = await client.query<{ total: string }>(
    `select ${tableNames.map((table) => `(select count(*) from crm.${table})`).join(" + ")} as total`,
  );
  return Number(rows[0]!.total);
};

describe("filling and removing the demo company", () => {
  it("gives the same rows for the same seed, others for another", async () => {
    const filled = (seed: number): Promise<string> =>
      withDatabase(async (url, client) => {
        await fillDemoCompany({ ...options, url, seed });
        return checksum(client);
      });
    const [first, again, other] = [await filled(1), await filled(1), await filled(2)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("works in another currency, timezone and number of years, and for a handful of customers", async () => {
    await withDatabase(async (url, client) => {
      const counts = await fillDemoCompany({
        url,
        customers: 7,
        years: 1,
        until: new Date("2026-07-01T03:00:00Z"),
        timezone: "America/New_York",
        currency: "USD",
      });
      expect(counts).toMatchObject({ customers: 7, opportunities: 28, orders: 105, order_lines: 350, employees: 60 });
      const { rows } = await client.query("select distinct currency from crm.orders union select currency from crm.products");
      expect(rows).toContainEqual({ currency: "USD" });
    });
  });

  it("has fewer documents for each customer when told so", async () => {
    await withDatabase(async (url) => {
      const counts = await fillDemoCompany({ ...options, url, customers: 200, linesPerCustomer: 10 });
      expect(counts).toMatchObject({ customers: 200, opportunities: 160, orders: 600, order_lines: 2_000, activities: 400 });
    });
  });

  it("refuses a database that holds a company, and then changes nothing", async () => {
    await withDatabase(async (url, client) => {
      expect(await hasCompany({ url })).toBe(false);
      await fillDemoCompany({ ...options, url });
      expect(await hasCompany({ url })).toBe(true);
      const before = await checksum(client);
      await expect(fillDemoCompany({ ...options, url })).rejects.toThrow(CompanyNotEmpty);
      expect(await checksum(client)).toBe(before);
    });
  });

  it("leaves nothing behind when it fails half way", async () => {
    await withDatabase(async (url, client) => {
      await client.query("alter table crm.receipts add constraint refuse_receipts check (method <> 'acceptance')");
      await expect(fillDemoCompany({ ...options, url })).rejects.toThrow("refuse_receipts");
      expect(await total(client)).toBe(0);
    });
  });

  it("removes all of a company that is nothing but the demo", async () => {
    await withDatabase(async (url, client) => {
      const counts = await fillDemoCompany({ ...options, url });
      expect(await removeDemoCompany({ url })).toEqual(counts);
      expect(await total(client)).toBe(0);
      await fillDemoCompany({ ...options, url });
    });
  });

  it("removes only the demo among other records, and refuses while they refer to it", async () => {
    await withDatabase(async (url, client) => {
      await fillDemoCompany({ ...options, url });
      const own = await client.query<{ id: string }>(
        `insert into crm.customers (name, parent_id) select '我们的客户', id from crm.customers limit 1 returning id`,
      );
      await expect(removeDemoCompany({ url })).rejects.toThrow(DemoStillReferred);
      await expect(removeDemoCompany({ url })).rejects.toThrow("1 in customers.parent_id");
      await client.query("update crm.customers set parent_id = null where id = $1", [own.rows[0]!.id]);
      await removeDemoCompany({ url });
      const { rows } = await client.query("select name from crm.customers");
      expect(rows).toEqual([{ name: "我们的客户" }]);
      const left = await client.query("select (select count(*) from crm.orders) + (select count(*) from crm.status_events) as left");
      expect(left.rows[0]).toEqual({ left: "0" });
    });
  });
});
