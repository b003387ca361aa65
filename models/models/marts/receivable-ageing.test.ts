import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, expect, it } from "vitest";
import { buildOnGiven } from "../../tests/build-on-given.ts";

/**
 * Orders, instalments, payments and returns at random through the receivable models, against a second computation that pays bill after bill
 * by hand. Money is counted in cents, so that both sides are exact.
 */
const asOf = "2026-06-15";
const day = 86_400_000;
const start = Date.parse("2025-01-01");
const lastDay = (Date.parse(asOf) - start) / day;
const dateOf = (offset: number): string => new Date(start + offset * day).toISOString().slice(0, 10);
const money = (cents: number): string => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;

interface Order {
  key: number;
  customer: number;
  isReturn: boolean;
  on: number;
  cents: number;
  instalments: { cents: number; due: number }[];
}
interface Payment {
  key: number;
  customer: number;
  order: number | null;
  on: number;
  cents: number;
}

/** The same numbers in every run. */
let state = 20_260_615;
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

const orders: Order[] = Array.from({ length: 240 }, (_, index) => {
  const on = random(lastDay + 1);
  return {
    key: index + 1,
    customer: 1 + random(12),
    isReturn: random(12) === 0,
    on,
    cents: 1 + random(90_000_00),
    // Some plans promise less than the order, some more.
    instalments: Array.from({ length: random(4) }, () => ({ cents: 1 + random(40_000_00), due: on + random(200) })),
  };
});
const sales = orders.filter(({ isReturn }) => !isReturn);
const payments: Payment[] = Array.from({ length: 300 }, (_, index) => {
  const sale = sales[random(sales.length)]!;
  const order = random(3) === 0 ? null : sale.key;
  return { key: index + 1, customer: sale.customer, order, on: random(lastDay + 1), cents: 1 + random(50_000_00) };
});

interface Bill {
  order: Order;
  sequence: number;
  due: number;
  cents: number;
  paid: { on: number; cents: number }[];
}
const openOf = ({ cents, paid }: Bill, upTo = Infinity): number =>
  cents - paid.filter(({ on }) => on <= upTo).reduce((sum, part) => sum + part.cents, 0);

/** Every bill with what was paid of it: an order's own payments first, then what is left against the customer's oldest bills. */
function settle(): Bill[] {
  const bills = sales.flatMap((order) => {
    let left = order.cents;
    const own: Bill[] = [];
    for (const { cents, due } of order.instalments) {
      const taken = Math.min(cents, left);
      if (taken > 0) own.push({ order, sequence: own.length + 1, due, cents: taken, paid: [] });
      left -= taken;
    }
    if (left > 0) own.push({ order, sequence: own.length + 1, due: order.on + 30, cents: left, paid: [] });
    return own;
  });
  const oldest = (left: Bill, right: Bill): number =>
    left.due - right.due || left.order.key - right.order.key || left.sequence - right.sequence;
  const purses = [
    ...payments.map((payment) => ({ ...payment })),
    ...orders.filter(({ isReturn }) => isReturn).map(({ customer, on, cents }) => ({ customer, on, cents, order: null })),
  ].sort((left, right) => left.on - right.on);
  const pay = (purse: (typeof purses)[number], of: Bill[]): void => {
    for (const bill of of.sort(oldest)) {
      const cents = Math.min(purse.cents, openOf(bill));
      if (cents === 0) continue;
      bill.paid.push({ on: Math.max(purse.on, bill.order.on), cents });
      purse.cents -= cents;
    }
  };
  for (const purse of purses)
    if (purse.order !== null)
      pay(
        purse,
        bills.filter(({ order }) => order.key === purse.order),
      );
  for (const purse of purses)
    pay(
      purse,
      bills.filter(({ order }) => order.customer === purse.customer),
    );
  return bills;
}

const values = (columns: string, rows: readonly string[]): string => `select * from (values ${rows.join(", ")}) as given(${columns})`;
const cash = (cents: number): string => `cast(${money(cents)} as decimal(18,2))`;

const given: Record<string, string> = {
  int_orders_resolved: `select *, 'o' || order_key as order_id, 'S' || order_key as number, true as is_counted, 1 as owner_key,
      'c' || customer_key as customer_id, 'C' || customer_key as customer_name, '湖北' as region, 'steel' as industry, 1 as customer_owner_key,
      2 as department_key, 'CNY' as currency, cast(1 as decimal(18,8)) as rate
    from (${values(
      "order_key, customer_key, kind, ordered_on",
      orders.map(({ key, customer, isReturn, on }) => `(${key}, ${customer}, '${isReturn ? "return" : "sale"}', date '${dateOf(on)}')`),
    )})`,
  // A tenth of each order is tax.
  int_order_lines_spread: values(
    "order_key, amount_original, tax_original",
    orders.map(({ key, cents }) => `(${key}, ${cash(cents - Math.floor(cents / 10))}, ${cash(Math.floor(cents / 10))})`),
  ),
  fct_orders: `select orders.*, lines.amount_original as amount, lines.tax_original as tax_amount
    from {{ ref('int_orders_resolved') }} as orders inner join {{ ref('int_order_lines_spread') }} as lines on orders.order_key = lines.order_key`,
  stg_crm__company_settings: "select 'payment_days' as key, '30' as value",
  stg_crm__instalments: values(
    "order_id, sequence, kind, due_on, amount_original",
    sales.flatMap(({ key, instalments }) =>
      instalments.map(({ cents, due }, index) => `('o${key}', ${index + 1}, 'delivery', date '${dateOf(due)}', ${cash(cents)})`),
    ),
  ),
  stg_crm__receipts: values(
    "receipt_key, order_id, customer_id, currency, received_on, status, amount_original",
    payments.map(
      ({ key, order, customer, on, cents }) =>
        `(${key}, ${order === null ? "cast(null as varchar)" : `'o${order}'`}, 'c${customer}', 'CNY', date '${dateOf(on)}', 'confirmed', ${cash(cents)})`,
    ),
  ),
  stg_crm__customers: "select 'c' || range as customer_id, range as customer_key from range(1, 13)",
  dim_customers:
    "select customer_key, customer_id, 'C' || customer_key as name, '湖北' as region, 1 as owner_key from {{ ref('stg_crm__customers') }}",
};

const bills = settle();
let database: string;
beforeAll(async () => {
  const models = ["int_receivables_due", "int_receivable_credits", "int_receivables_allocated"].map((name) => `intermediate/${name}`);
  models.push("marts/fct_receivables", "marts/fct_receivable_months", "reports/rpt_receivables_month");
  database = await buildOnGiven(models, given, asOf);
});

async function rows(sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  const answer = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return answer;
}
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

it("A10 ages what is open like a clerk who pays bill after bill", async () => {
  const steps: [code: string, most: number][] = [
    ["not_due", 0],
    ["1_30", 30],
    ["31_60", 60],
    ["61_90", 90],
    ["91_180", 180],
    ["over_180", Infinity],
  ];
  const aged = new Map<string, number>();
  for (const bill of bills) {
    const open = openOf(bill);
    if (open === 0) continue;
    const [code] = steps.find(([, most]) => lastDay - bill.due <= most)!;
    aged.set(code, (aged.get(code) ?? 0) + open);
  }
  expect(aged.size).toBe(steps.length);
  expect(
    await rows("select bucket, sum(open_amount) as open_amount from fct_receivables where open_amount > 0 group by bucket order by bucket"),
  ).toEqual(
    [...aged]
      .map(([bucket, cents]) => ({ bucket, open_amount: money(cents) }))
      .sort((left, right) => (left.bucket < right.bucket ? -1 : 1)),
  );
});

it("A10 states what was open and overdue, and sold in 90 days, at the end of every month", async () => {
  const months = [];
  for (let month = 0; month < 18; month++) {
    const first = Date.UTC(2025, month, 1);
    const end = Math.min((Date.UTC(2025, month + 1, 0) - start) / day, lastDay);
    const owed = bills.filter(({ order }) => order.on <= end);
    months.push({
      month: new Date(first).toISOString().slice(0, 10),
      open_amount: money(sum(owed.map((bill) => openOf(bill, end)))),
      overdue_amount: money(sum(owed.filter(({ due }) => due < end).map((bill) => openOf(bill, end)))),
      billed_amount: money(sum(sales.filter(({ on }) => on <= end && on > end - 90).map(({ cents }) => cents))),
    });
  }
  const amounts = ["open_amount", "overdue_amount", "billed_amount"].map((name) => `sum(${name}) as ${name}`).join(", ");
  expect(await rows(`select month, ${amounts} from rpt_receivables_month group by month order by month`)).toEqual(months);
});
