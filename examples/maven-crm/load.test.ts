import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApi, createLogger, createPool } from "@kehu/operational-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestAuth, type TestAuth, testAuthConfig, testPassword } from "../../operational-api/src/auth/testing.ts";
import { mavenFigures } from "../../tests/figures/maven.ts";
import { connect, type KehuApi } from "./api.ts";
import { parseCsv } from "./csv.ts";
import { loadMaven } from "./load.ts";
import type { Mapping } from "./records.ts";

const mappings = parseCsv(readFileSync(join(import.meta.dirname, "key-mapping.csv"), "utf8")) as unknown as Mapping[];
const realFolder = join(process.env["KEHU_SHARED_DATA"] ?? join(import.meta.dirname, "../../../shared/data"), "maven-crm");

interface Company extends TestAuth {
  api: KehuApi;
  value(sql: string): Promise<string>;
}

/** An API in dollars over a fresh database, reached as an administrator with a password. */
async function createCompany(): Promise<Company> {
  const base = await createTestAuth();
  const pool = createPool(base.url);
  const app = createApi({
    pool,
    auth: base.auth,
    config: { url: testAuthConfig.url, currency: "USD", timezone: "UTC" },
    clock: () => new Date("2026-11-22T01:30:00Z"),
    logger: createLogger({ service: "test", level: "silent" }),
  });
  await base.user("admin@example.com", ["administrator"]);
  const request = ((url: URL, init: RequestInit) => app.request(url.pathname, init)) as typeof fetch;
  const api = await connect(testAuthConfig.url, { email: "admin@example.com", password: testPassword }, request);
  return {
    ...base,
    api,
    value: async (sql) => String(Object.values((await base.client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0]),
    close: async () => {
      await pool.end();
      await base.close();
    },
  };
}

const smallFiles: Record<string, string> = {
  accounts: `account,sector,year_established,revenue,employees,office_location,subsidiary_of
Alpha,technolgy,1996,1100.04,2822,United States,
Beta,retail,2001,4.5,9,Philipines,Alpha
`,
  products: "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n",
  sales_teams: "sales_agent,manager,regional_office\nAnn,Mia,East\nBob,Mia,East\nCid,Ned,West\n",
  sales_pipeline: `opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
D1,Ann,MG Special,Alpha,Won,2016-10-20,2017-03-01,54
D2,Ann,GTXPro,Beta,Won,2016-11-01,2017-01-05,4514
D3,Bob,MG Special,Beta,Lost,2016-12-01,2016-12-01,0
D4,Bob,MG Special,,Engaging,2017-01-10,,
D5,Bob,GTXPro,,Prospecting,,,
D6,Zoe,MG Special,Alpha,Engaging,2017-01-10,,
`,
};

describe("a small pipeline", () => {
  let company: Company;
  let folder: string;

  beforeAll(async () => {
    company = await createCompany();
    folder = mkdtempSync(join(tmpdir(), "maven-"));
    for (const [name, text] of Object.entries(smallFiles)) writeFileSync(join(folder, `${name}.csv`), text);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await company?.close();
  });

  it("loads what it can, quarantines unknown keys and replays those that are mapped", async () => {
    const { reference, firstPass, replay } = await loadMaven(company.api, folder, mappings);
    expect(reference["employees"]).toEqual({ loaded: 5, present: 0 });
    expect(firstPass.loaded).toBe(3);
    expect(firstPass.quarantined.map(({ deal, field }) => [deal["opportunity_id"], field])).toEqual([
      ["D2", "product_external_id"],
      ["D5", "product_external_id"],
      ["D6", "owner_external_id"],
    ]);
    expect(firstPass.quarantined[0]?.reason).toContain("GTXPro");
    expect(replay?.loaded).toBe(2);
    expect(replay?.quarantined.map(({ deal }) => deal["opportunity_id"])).toEqual(["D6"]);
  });

  it("keeps the business times, stages and amounts of the file", async () => {
    const { rows } = await company.client.query(`
      select opportunities.external_id as deal, stage, status, amount, currency, created_at::text as created, closed_at::text as closed,
             (select string_agg(to_value, '>' order by effective_at, row_key) from crm.stage_events where record_id = opportunities.id) as stages
        from crm.opportunities order by 1`);
    const deal = (id: string): unknown => rows.find((row) => (row as { deal: string }).deal === id);
    expect(deal("D1")).toMatchObject({
      status: "won",
      amount: "54.00",
      currency: "USD",
      created: "2016-10-20 12:00:00+00",
      closed: "2017-03-01 12:00:00+00",
      stages: "engaging>won",
    });
    expect(deal("D3")).toMatchObject({ status: "lost", amount: "0.00", stages: "engaging>lost" });
    expect(deal("D4")).toMatchObject({ status: "open", stage: "engaging", amount: "55.00", closed: null });
    expect(deal("D5")).toMatchObject({ status: "open", stage: "prospecting", amount: "4821.00", created: "2026-11-22 01:30:00+00" });
  });

  it("makes offices, managers, agents without a deal and parent companies", async () => {
    expect(
      await company.value(
        "select manager.name from crm.employees join crm.employees as manager on manager.id = employees.manager_id where employees.external_id = 'Cid'",
      ),
    ).toBe("Ned");
    expect(
      await company.value(
        "select parent.name from crm.customers join crm.customers as parent on parent.id = customers.parent_id where customers.external_id = 'Beta'",
      ),
    ).toBe("Alpha");
    expect(await company.value("select industry || ' ' || annual_revenue from crm.customers where external_id = 'Alpha'")).toBe(
      "technology 1100040000.00",
    );
    expect(await company.value("select country || ' ' || annual_revenue from crm.customers where external_id = 'Beta'")).toBe(
      "Philippines 4500000.00",
    );
  });

  it("writes nothing twice when it is run again, with and without the first run's answers", async () => {
    const total = "select (select count(*) from crm.opportunities) || ' ' || (select count(*) from crm.employees)";
    const before = await company.value(total);
    const again = await loadMaven(company.api, folder, mappings);
    // The same requests: Kehu gives the first run's answers. Chunks that were refused are tried anew and found there.
    expect(again.reference["employees"]).toEqual({ loaded: 5, present: 0 });
    expect(again.firstPass).toMatchObject({ loaded: 0, present: 5 });
    expect(again.firstPass.quarantined.map(({ deal }) => deal["opportunity_id"])).toEqual(["D6"]);

    await company.client.query("delete from portal.idempotency_keys");
    const later = await loadMaven(company.api, folder, mappings);
    expect(later.reference["employees"]).toEqual({ loaded: 0, present: 5 });
    expect(later.firstPass).toMatchObject({ loaded: 0, present: 5 });
    expect(await company.value(total)).toBe(before);
  });
});

describe.skipIf(!existsSync(realFolder))(`the Maven pipeline (needs maven-crm in KEHU_SHARED_DATA)`, () => {
  let company: Company;
  beforeAll(async () => {
    company = await createCompany();
  });
  afterAll(() => company?.close());

  it("ends in Postgres with the figures of the files", async () => {
    const expected = await mavenFigures(realFolder);
    const { firstPass, replay } = await loadMaven(company.api, realFolder, mappings);
    expect(firstPass.loaded + firstPass.quarantined.length).toBe(expected.total.count);
    expect(firstPass.quarantined.length).toBe(expected.misspeltProduct);
    expect(replay).toMatchObject({ loaded: expected.misspeltProduct, quarantined: [] });

    const groups = async (key: string): Promise<Record<string, unknown>> => {
      const { rows } = await company.client.query<{ key: string }>(`
        select ${key} as key, count(opportunities.id)::int as count,
               (count(*) filter (where opportunities.status = 'open'))::int as open,
               (count(*) filter (where opportunities.status = 'won'))::int as won,
               (count(*) filter (where opportunities.status = 'lost'))::int as lost,
               coalesce(sum(amount) filter (where opportunities.status = 'won'), 0)::numeric(18, 2)::text as "wonAmount",
               avg(closed_at::date - opportunities.created_at::date) filter (where opportunities.status = 'won')::float as "cycleDays"
          from crm.employees as agent join crm.employees as manager on manager.id = agent.manager_id and manager.external_id is not null
          left join crm.opportunities on opportunities.owner_id = agent.id left join crm.products on products.id = product_id
         where ${key} is not null group by 1 order by 1`);
      return Object.fromEntries(rows.map(({ key, ...group }) => [key, group]));
    };
    const without = (groups: Record<string, { winRate: number | null; cycleDays: number | null }>): unknown =>
      Object.fromEntries(
        Object.entries(groups).map(([key, { winRate: _, cycleDays, ...group }]) => [
          key,
          { ...group, cycleDays: cycleDays === null ? null : (expect.closeTo(cycleDays, 9) as number) },
        ]),
      );
    await company.client.query("set timezone = 'UTC'");
    expect(await groups("agent.name")).toEqual(without(expected.byAgent));
    expect(await groups("manager.name")).toEqual(without(expected.byManager));
    expect(await groups("products.name")).toEqual(without(expected.byProduct));
    expect(await groups(`to_char(closed_at, 'YYYY-"Q"Q')`)).toEqual(without(expected.byQuarter));
    expect(await company.value("select count(*) from crm.opportunities where customer_id is null")).toBe(
      String(expected.openWithoutAccount),
    );
  });
});
