import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../postgres/testing.ts";
import { migrate } from "../schema/migrate.ts";
import { eventTables } from "./tables.ts";
import { type Counts, demoAccounts, fillDemoCompany, planted } from "./index.ts";

const until = new Date("2026-11-22T08:00:00Z");

describe("the default demo company", () => {
  let database: TestDatabase;
  let client: Client;
  let counts: Counts;
  const value = async (sql: string, values: unknown[] = []): Promise<number> => {
    const { rows } = await client.query<{ value: string | null }>(`select (${sql}) as value`, values);
    return Number(rows[0]!.value);
  };
  /** Order amount in company currency, header discount and freight included, of approved sales that fulfil `condition`. */
  const orderAmount = (condition: string): string => `select coalesce(sum(amount), 0) from approved_sales where ${condition}`;

  beforeAll(async () => {
    database = await createTestDatabase();
    await migrate(database.url);
    counts = await fillDemoCompany({ url: database.url, until, timezone: "Asia/Shanghai", currency: "CNY" });
    client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(`
      create temp table approved_sales as
      select orders.customer_id, orders.department_id, orders.ordered_at,
             date_trunc('month', ordered_at at time zone 'Asia/Shanghai')::date as month,
             (lines.amount - orders.discount + orders.freight) * orders.exchange_rate as amount
        from crm.orders
        join (select order_id, sum(amount) as amount from crm.order_lines group by order_id) as lines on lines.order_id = orders.id
       where orders.kind = 'sale' and orders.status = 'approved'`);
    await client.query("create index on approved_sales (department_id, month)");
    await client.query("analyze approved_sales");
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it("has the promised size", async () => {
    expect(counts).toMatchObject({
      departments: 12,
      employees: 60,
      customers: 2000,
      opportunities: 8000,
      orders: 30_000,
      order_lines: 100_000,
    });
    for (const [table, count] of Object.entries(counts)) expect(await value(`select count(*) from crm.${table}`), table).toBe(count);
  });

  it("keeps the indexes and foreign keys it did without while copying", async () => {
    const plain = await createTestDatabase();
    try {
      await migrate(plain.url);
      const bare = new Client({ connectionString: plain.url });
      await bare.connect();
      const definitions = `select indexdef as definition from pg_indexes where schemaname = 'crm'
        union all select conname || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'crm'::regnamespace and convalidated order by 1`;
      const expected = (await bare.query(definitions)).rows;
      await bare.end();
      expect(expected.length).toBeGreaterThan(100);
      expect((await client.query(definitions)).rows).toEqual(expected);
    } finally {
      await plain.drop();
    }
  });

  it("has lines that multiply out, and nothing after its end", async () => {
    expect(await value("select count(*) from crm.order_lines where amount <> round(quantity * unit_price * (1 - discount_rate), 2)")).toBe(
      0,
    );
    expect(await value("select count(*) from crm.order_lines where tax_amount <> round(amount * tax_rate, 2)")).toBe(0);
    const late = "updated_at > $1 or created_at > $1 or updated_at < created_at or recorded_at <> created_at";
    for (const table of Object.keys(counts)) {
      const condition = eventTables.some((name) => name === table) ? "effective_at > $1" : late;
      expect(await value(`select count(*) from crm.${table} where ${condition}`, [until]), table).toBe(0);
    }
    expect(
      await value(
        "select count(*) from crm.orders join crm.customers on customers.id = customer_id where ordered_at < customers.created_at",
      ),
    ).toBe(0);
    const overpaid = `
      with due as (select order_id, sum(amount + tax_amount) as amount from crm.order_lines group by order_id),
           paid as (select order_id, sum(amount) as amount from crm.receipts group by order_id)
      select count(*) from crm.orders join due on due.order_id = orders.id join paid on paid.order_id = orders.id
       where paid.amount > due.amount + orders.freight - orders.discount`;
    expect(await value(overpaid)).toBe(0);
    expect(await value("select count(*) from crm.receipts join crm.orders on orders.id = order_id where received_at < ordered_at")).toBe(0);
  });

  it("plans every payment of approved sales, to the cent, and is paid by character: mostly on time, some late, some never", async () => {
    const plans = `
      select orders.id, coalesce(plan.amount, 0) as planned, lines.amount - discount + freight as total
        from crm.orders
        join (select order_id, sum(amount + tax_amount) as amount from crm.order_lines group by 1) as lines on lines.order_id = orders.id
        left join (select order_id, sum(amount) as amount from crm.instalments group by 1) as plan on plan.order_id = orders.id
       where kind = 'sale' and status = 'approved' and exchange_rate is not null`;
    expect(await value(`select count(*) from (${plans}) as plans where planned <> total`)).toBe(0);
    expect(await value("select count(*) from crm.instalments join crm.orders on orders.id = order_id where orders.kind = 'return'")).toBe(
      0,
    );
    expect(await value("select count(distinct kind) from crm.instalments")).toBe(4);
    const balance = `
      select sum(due.amount) as due, sum(least(due.amount, coalesce(paid.amount, 0))) as paid
        from (select order_id, sum(amount) as amount from crm.instalments where due_on < '2026-11-01' group by 1) as due
        left join (select order_id, sum(amount) as amount from crm.receipts where status = 'confirmed' group by 1) as paid using (order_id)`;
    const paidShare = await value(`select paid / due from (${balance}) as balance`);
    expect(paidShare).toBeGreaterThan(0.88);
    expect(paidShare).toBeLessThan(0.97);
  });

  it("has contracts that are renewed, run out or end early, and customers who leave for a reason and come back", async () => {
    const contracts = async (condition: string): Promise<number> => value(`select count(*) from crm.contracts where ${condition}`);
    expect(await contracts("ends_on < starts_on or terminated_on not between starts_on and ends_on")).toBe(0);
    expect(await contracts("(status = 'terminated') <> (terminated_on is not null and termination_reason is not null)")).toBe(0);
    expect(await contracts("renewal_of_id is not null")).toBeGreaterThan(300);
    expect(await contracts("status = 'terminated'")).toBeGreaterThan(15);
    const runOut =
      "status = 'effective' and ends_on < '2026-11-01' and not exists (select from crm.contracts as later where renewal_of_id = contracts.id)";
    expect(await contracts(runOut)).toBeGreaterThan(50);
    const gaps = `select count(*) from crm.contracts as later join crm.contracts as earlier on earlier.id = later.renewal_of_id
      where later.starts_on <> earlier.ends_on + 1 or later.customer_id <> earlier.customer_id`;
    expect(await value(gaps)).toBe(0);
    for (const [kind, least] of [
      ["declared_lost", 120],
      ["won_back", 40],
      ["complaint", 80],
      ["visit_refused", 25],
      ["contract_terminated", 15],
      ["level_changed", 100],
    ] as const) {
      expect(await value("select count(*) from crm.customer_events where kind = $1 and reason is not null", [kind]), kind).toBeGreaterThan(
        least,
      );
    }
    // Won back is who ordered again after more than a year.
    const returned = `
      with sales as (select customer_id, ordered_at, lag(ordered_at) over (partition by customer_id order by ordered_at) as before
                       from crm.orders where kind = 'sale' and status = 'approved')
      select count(*) from crm.customer_events as event
       where kind = 'won_back' and not exists (
         select from sales where sales.customer_id = event.customer_id and ordered_at = occurred_at and ordered_at - before > interval '365 days')`;
    expect(await value(returned)).toBe(0);
  });

  it("closes deals for reasons that the company keeps, and puts them off and prices them anew on the way", async () => {
    const unknown = `select count(*) from crm.opportunities where close_reason is not null
      and not exists (select from crm.close_reasons where outcome = status and code = close_reason)`;
    expect(await value(unknown)).toBe(0);
    expect(await value("select count(*) from crm.opportunities where (status = 'open') <> (close_reason is null)")).toBe(0);
    for (const [kind, share] of [
      ["amount", 0.35],
      ["expected_close", 0.15],
    ] as const) {
      const revised = await value(`select count(distinct record_id) from crm.${kind}_events where from_value is not null`);
      expect(revised / 8000, kind).toBeGreaterThan(share);
    }
    expect(await value("select count(*) from crm.activities where cost is not null and done_at is null")).toBe(0);
    expect(await value("select count(*) from crm.activities where cost > 0")).toBeGreaterThan(3000);
  });

  it("has faulty records at the stated rates", async () => {
    const blocks = 20;
    const { faults } = planted;
    const orders = (condition: string): Promise<number> =>
      value(`select count(*) from crm.orders where status = 'approved' and ${condition}`);
    expect(await orders("not exists (select from crm.order_lines where order_id = orders.id)")).toBe(faults.ordersWithoutLines * blocks);
    const unrated = "exchange_rate is null and not exists (select from crm.exchange_rates where exchange_rates.currency = orders.currency)";
    expect(await orders(unrated)).toBe(faults.ordersWithoutRate * blocks);
    expect(await orders("exchange_rate is null")).toBe(faults.ordersWithoutRate * blocks);
    const opportunities = (condition: string): Promise<number> => value(`select count(*) from crm.opportunities where ${condition}`);
    expect(await opportunities("closed_at < created_at")).toBe(faults.opportunitiesClosedBeforeCreated * blocks);
    expect(await opportunities("status <> 'open' and closed_at is null")).toBe(faults.opportunitiesClosedWithoutTime * blocks);
    expect(await opportunities("status = 'open' and closed_at is not null")).toBe(0);
  });

  it.each([
    ["stage_events", "opportunity", "opportunities", "stage"],
    ["status_events", "opportunity", "opportunities", "status"],
    ["status_events", "order", "orders", "status"],
    ["status_events", "customer", "customers", "status"],
    ["status_events", "lead", "leads", "status"],
    ["status_events", "receipt", "receipts", "status"],
    ["status_events", "employee", "employees", "status"],
    ["owner_events", "opportunity", "opportunities", "owner_id"],
    ["owner_events", "customer", "customers", "owner_id"],
    ["owner_events", "order", "orders", "owner_id"],
    ["owner_events", "lead", "leads", "owner_id"],
    ["department_events", "employee", "employees", "department_id"],
    ["status_events", "contract", "contracts", "status"],
    ["owner_events", "contract", "contracts", "owner_id"],
    ["amount_events", "opportunity", "opportunities", "amount"],
    ["expected_close_events", "opportunity", "opportunities", "expected_close_on"],
  ])("%s of every %s form a chain that ends at the present value", async (events, entity, table, column) => {
    const chain = `
      with chain as (
        select record_id, from_value, to_value, effective_at,
               lag(to_value) over steps as before,
               row_number() over steps as step,
               row_number() over (partition by record_id order by effective_at desc, row_key desc) as last
          from crm.${events} where entity = '${entity}' window steps as (partition by record_id order by effective_at, row_key))
      select count(*) from crm.${table} as record left join chain on chain.record_id = record.id
       where chain.record_id is null
          or chain.from_value is distinct from chain.before
          or (step = 1 and effective_at <> record.created_at)
          or (last = 1 and to_value::text is distinct from record.${column}::text)`;
    expect(await value(chain)).toBe(0);
  });

  it("moves deals in every way: forward, skipping, back, won, lost, open again", async () => {
    const moves = `select count(*) from crm.stage_events join crm.pipeline_stages as before on before.code = from_value
      join crm.pipeline_stages as after on after.code = to_value where`;
    expect(
      await value(`${moves} before.outcome = 'open' and after.outcome = 'open' and after.position > before.position + 1`),
    ).toBeGreaterThan(300);
    expect(await value(`${moves} before.outcome = 'open' and after.position < before.position`)).toBeGreaterThan(300);
    expect(await value(`${moves} before.outcome <> 'open'`)).toBeGreaterThan(50);
    const won = await value("select count(*) from crm.opportunities where status = 'won'");
    const lost = await value("select count(*) from crm.opportunities where status = 'lost'");
    expect(won / (won + lost)).toBeGreaterThan(0.3);
    expect(won / (won + lost)).toBeLessThan(0.55);
  });

  it("has believable targets", async () => {
    const { rows } = await client.query<{ attainment: string }>(`
      select (${orderAmount("approved_sales.department_id = targets.department_id and approved_sales.month = targets.month")}) / amount as attainment
        from crm.targets join crm.departments on departments.id = department_id
       where employee_id is null and measure = 'order_amount' and level = 'goal' and month < '2026-11-01' and departments.code in ('D04', 'D05', 'D06', 'D07', 'D08')`);
    expect(rows.length).toBe(5 * 36);
    const inRange = rows.filter(({ attainment }) => Number(attainment) >= 0.6 && Number(attainment) <= 1.3);
    expect(inRange.length / rows.length).toBeGreaterThan(0.97);
    expect(await value("select count(distinct level) from crm.targets")).toBe(3);
    expect(await value("select count(*) from crm.targets where month = '2026-12-01'")).toBeGreaterThan(100);
  });

  it("contains the planted facts", async () => {
    const top = await client.query<{ external_id: string; name: string; owner: string }>(`
      select customers.external_id, customers.name, employees.external_id as owner
        from approved_sales join crm.customers on customers.id = approved_sales.customer_id join crm.employees on employees.id = customers.owner_id
       group by customers.id, employees.id order by sum(amount) desc limit 1`);
    expect(top.rows[0]).toEqual({ external_id: planted.topCustomer.externalId, name: planted.topCustomer.name, owner: "E101" });

    const lost = await client.query<{ status: string; level: string; days: string; orders: string }>(
      `select customers.status, customers.level, extract(day from $1 - max(ordered_at)) as days, count(*) as orders
         from crm.customers join crm.orders on orders.customer_id = customers.id where customers.external_id = $2 group by customers.id`,
      [until, planted.lostCustomer.externalId],
    );
    expect(lost.rows[0]).toMatchObject({ status: "lost", level: "A" });
    expect(Number(lost.rows[0]!.days)).toBeGreaterThanOrEqual(400);
    expect(Number(lost.rows[0]!.orders)).toBeGreaterThan(20);

    const ofDepartment = (from: number, to: number): Promise<number> =>
      value(
        orderAmount(`department_id = (select id from crm.departments where code = '${planted.doubledDepartment}')
          and ordered_at > $1::timestamptz - interval '${from} days' and ordered_at <= $1::timestamptz - interval '${to} days'`),
        [until],
      );
    expect((await ofDepartment(365, 0)) / (await ofDepartment(730, 365))).toBeGreaterThanOrEqual(2);

    const late = `
      select count(*) as orders, count(*) filter (where paid.first_on < due.first_on + 30) as in_time
        from crm.orders join crm.customers on customers.id = customer_id
        join (select order_id, min(due_on) as first_on from crm.instalments group by 1) as due on due.order_id = orders.id
        join (select order_id, min(received_at at time zone 'Asia/Shanghai')::date as first_on from crm.receipts group by 1) as paid
          on paid.order_id = orders.id
       where customers.external_id = '${planted.latePayer.externalId}'`;
    expect(await value(`select orders from (${late}) as late`)).toBeGreaterThan(20);
    expect(await value(`select in_time from (${late}) as late`)).toBe(0);

    const back = await client.query<{ status: string; path: string[] }>(
      `select customers.status, array_agg(to_value order by effective_at, status_events.row_key) as path
         from crm.customers join crm.status_events on record_id = customers.id where customers.external_id = $1 group by customers.id`,
      [planted.wonBackCustomer.externalId],
    );
    expect(back.rows[0]?.status).toMatch(/cooperating/);
    expect(back.rows[0]?.path).toContain("lost");

    const slips = `select count(*) - 1 from crm.expected_close_events where record_id = opportunities.id`;
    const slipping = await client.query<{ stage: string; slips: string }>(
      `select stage, (${slips}) as slips from crm.opportunities join crm.customers on customers.id = customer_id
        where customers.external_id = $1 and opportunities.status = 'open' order by 2 desc limit 1`,
      [planted.slippingCustomer.externalId],
    );
    expect(slipping.rows[0]?.stage).toBe("negotiation");
    expect(Number(slipping.rows[0]?.slips)).toBeGreaterThanOrEqual(3);

    const { from, to, books } = planted.reorganisation;
    const moved = `
      select events.record_id, events.effective_at from crm.department_events as events
        join crm.departments as before on before.id = from_value join crm.departments as after on after.id = to_value
       where before.code = '${from}' and after.code = '${to}'`;
    expect(await value(`select count(*) from (${moved}) as moved`)).toBe(books);
    expect(await value(`select count(distinct effective_at) from (${moved}) as moved`)).toBe(1);
    const misplaced = `
      select count(*) from (${moved}) as moved join crm.orders on owner_id = moved.record_id join crm.departments on departments.id = department_id
       where departments.code <> case when ordered_at < moved.effective_at then '${from}' else '${to}' end`;
    expect(await value(misplaced)).toBe(0);
    expect(await value(misplaced.replace("<> case", "= case"))).toBeGreaterThan(500);

    const last = `select ends_on - $1::date from crm.contracts join crm.customers on customers.id = customer_id
      where customers.external_id = '${planted.topCustomer.externalId}' order by ends_on desc limit 1`;
    expect(await value(last, ["2026-11-22"])).toBe(planted.expiringContractDays - 1);
    const ended = `select count(*) from crm.contracts join crm.customers on customers.id = customer_id
      where customers.external_id = '${planted.lostCustomer.externalId}' and contracts.status = 'terminated' and termination_reason = 'price'`;
    expect(await value(ended)).toBe(1);

    const idle = `(select id from crm.employees where external_id = '${planted.repWithoutDeal}' and is_salesperson and status = 'active')`;
    expect(await value(`select count(*) from crm.targets where employee_id = ${idle}`)).toBeGreaterThan(0);
    for (const table of ["customers", "opportunities", "orders", "receipts"]) {
      expect(await value(`select count(*) from crm.${table} where owner_id = ${idle}`)).toBe(0);
    }

    const rates = await client.query<{ external_id: string }>(`
      select products.external_id from crm.order_lines join crm.orders on orders.id = order_id join crm.products on products.id = product_id
       group by products.id having count(*) > 500
       order by count(*) filter (where orders.kind = 'return')::float / count(*) desc limit 1`);
    expect(rates.rows[0]?.external_id).toBe(planted.returnedProduct);

    const lastHour = "> $1::timestamptz - interval '1 hour'";
    expect(await value(`select count(*) from crm.orders where status = 'approved' and ordered_at ${lastHour}`, [until])).toBeGreaterThan(0);
    expect(await value(`select count(*) from crm.receipts where received_at ${lastHour}`, [until])).toBeGreaterThan(0);
    expect(await value(`select count(*) from crm.opportunities where status = 'won' and closed_at ${lastHour}`, [until])).toBeGreaterThan(
      0,
    );
  });

  it("is quiet at the Spring Festival and on Sundays", async () => {
    const ordersOn = (condition: string): Promise<number> =>
      value(`select count(*) from crm.orders where ${condition.replaceAll("day", "(ordered_at at time zone 'Asia/Shanghai')::date")}`);
    expect(await ordersOn("day between '2026-02-16' and '2026-02-24'")).toBeLessThan(
      0.1 * (await ordersOn("day between '2026-03-02' and '2026-03-10'")),
    );
    expect(await ordersOn("extract(isodow from day) = 7")).toBeLessThan(0.2 * (await ordersOn("extract(isodow from day) = 3")));
  });

  it("has the people of the demo accounts, the rep below the manager", async () => {
    for (const { employee, name } of demoAccounts) {
      expect(
        await value("select count(*) from crm.employees where external_id = $1 and name = $2 and status = 'active'", [employee, name]),
      ).toBe(1);
    }
    const reps = `with recursive below as (select id from crm.employees where external_id = 'E003'
      union all select employees.id from crm.employees join below on manager_id = below.id)`;
    const { rows } = await client.query<{ reps: string; rep: boolean }>(`${reps}
      select count(*) as reps, bool_or(external_id = 'E101') as rep from below join crm.employees using (id) where is_salesperson and status = 'active'`);
    expect(Number(rows[0]!.reps)).toBeGreaterThanOrEqual(10);
    expect(rows[0]!.rep).toBe(true);
    expect(
      await value("select count(*) from crm.orders join crm.employees on employees.id = owner_id where employees.external_id = 'E101'"),
    ).toBeGreaterThan(300);
  });
});
