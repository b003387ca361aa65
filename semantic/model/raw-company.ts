/** A company small enough to reckon by hand, as the mirror would hold it. For tests of the models and measures together. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { entities, systemColumns } from "@kehu/operational-api/definitions";
import type { ColumnType } from "@kehu/operational-api/definitions";

const duckdbTypes: Record<ColumnType, string> = {
  uuid: "uuid",
  text: "varchar",
  integer: "integer",
  boolean: "boolean",
  date: "date",
  instant: "timestamptz",
  money: "decimal(18,2)",
  quantity: "decimal(18,4)",
  rate: "decimal(18,8)",
  enum: "varchar",
  currency: "varchar",
};

const createTables = async (connection: DuckDBConnection): Promise<void> => {
  await connection.run("create schema mirror.raw");
  for (const entity of entities) {
    const columns = Object.entries({ ...systemColumns, ...entity.columns }).map(([name, { type }]) => `"${name}" ${duckdbTypes[type]}`);
    await connection.run(`create table mirror.raw.${entity.table} (row_key bigint, ${columns.join(", ")})`);
  }
  await connection.run("create schema mirror.raw_changes");
  await connection.run(
    `create table mirror.raw_changes.opportunities as
      select *, cast(null as varchar) as _op, cast(null as ubigint) as _lsn, cast(null as timestamptz) as _commit_at, cast(null as varchar) as _actor,
        cast(null as bigint) as _seq from mirror.raw.opportunities`,
  );
  const eventTypes = {
    stage: "varchar",
    status: "varchar",
    owner: "uuid",
    department: "uuid",
    amount: "varchar",
    expected_close: "varchar",
  };
  for (const [kind, type] of Object.entries(eventTypes)) {
    await connection.run(
      `create table mirror.raw.${kind}_events (row_key bigint, id uuid, entity varchar, record_id uuid, from_value ${type}, to_value ${type},
        effective_at timestamptz, recorded_at timestamptz, actor_id uuid)`,
    );
  }
};

/** Row `key` of a table has the id `<digit of the table>…<key>`. */
const tables = [
  "departments",
  "employees",
  "products",
  "pipeline_stages",
  "exchange_rates",
  "customers",
  "opportunities",
  "orders",
] as const;
const idOf = (table: (typeof tables)[number], key: number): string =>
  `${tables.indexOf(table)}0000000-0000-7000-8000-${String(key).padStart(12, "0")}`;

type Cell = string | number | boolean | null;

const insert = async (connection: DuckDBConnection, table: string, rows: Record<string, Cell>[]): Promise<void> => {
  for (const [index, row] of rows.entries()) {
    const key = index + 1;
    const known = (tables as readonly string[]).includes(table) ? idOf(table as (typeof tables)[number], key) : null;
    const cells: Record<string, Cell> = {
      row_key: key,
      id: known ?? `f0000000-0000-7000-8000-${String(key).padStart(12, "0")}`,
      [table.endsWith("_events") ? "recorded_at" : "created_at"]: "2025-01-01 00:00:00+00",
      ...row,
    };
    const values = Object.values(cells).map((cell) => (typeof cell === "string" ? `'${cell}'` : String(cell)));
    await connection.run(`insert into mirror.raw.${table} (${Object.keys(cells).join(", ")}) values (${values.join(", ")})`);
  }
};

/** Fills the attached, empty database `mirror`. */
export const writeRawCompany = async (connection: DuckDBConnection): Promise<void> => {
  const put = (table: string, rows: Record<string, Cell>[]): Promise<void> => insert(connection, table, rows);
  const [company, north, south] = [1, 2, 3].map((key) => idOf("departments", key)) as [string, string, string];
  const [manager, seller, idle] = [1, 2, 3].map((key) => idOf("employees", key)) as [string, string, string];
  const pump = idOf("products", 1);
  const [acme, pooled] = [1, 2].map((key) => idOf("customers", key)) as [string, string];

  await createTables(connection);
  await put("departments", [{ name: "Company" }, { name: "North", parent_id: company }, { name: "South", parent_id: company }]);
  await put("employees", [
    { name: "Manager", department_id: north, is_salesperson: false, status: "active" },
    { name: "Seller", department_id: north, manager_id: manager, is_salesperson: true, status: "active" },
    { name: "Idle", department_id: south, manager_id: manager, is_salesperson: true, status: "active" },
  ]);
  await put("products", [{ name: "Pump" }]);
  await put("pipeline_stages", [
    { pipeline: "default", code: "talk", name: "洽谈", name_en: "Talk", position: 1, probability: "0.25", outcome: "open" },
    { pipeline: "default", code: "won", name: "赢单", name_en: "Won", position: 2, probability: 1, outcome: "won" },
    { pipeline: "default", code: "lost", name: "输单", name_en: "Lost", position: 3, probability: 0, outcome: "lost" },
  ]);
  await put("exchange_rates", [{ currency: "USD", rate: "7.12345678", valid_on: "2025-01-01" }]);
  await put("customers", [
    // Already the second of May in Shanghai.
    { name: "Acme", owner_id: seller, province: "湖北", created_at: "2025-05-01 16:30:00+00" },
    { name: "Pooled", owner_id: null, province: "广东", created_at: "2024-01-10 00:00:00+00" },
  ]);
  await put("close_reasons", [
    { outcome: "won", code: "price", name: "价格合适", name_en: "Right price", position: 1 },
    { outcome: "lost", code: "price", name: "价格太高", name_en: "Price too high", position: 2 },
  ]);
  const deal = { owner_id: seller, pipeline: "default", currency: "CNY" };
  await put("opportunities", [
    {
      ...deal,
      name: "Won",
      customer_id: acme,
      product_id: pump,
      stage: "won",
      status: "won",
      amount: "100.05",
      currency: "USD",
      created_at: "2025-05-03 00:00:00+00",
      closed_at: "2025-05-13 00:00:00+00",
    },
    {
      ...deal,
      name: "Lost",
      stage: "lost",
      status: "lost",
      close_reason: "price",
      amount: 500,
      created_at: "2025-05-03 00:00:00+00",
      closed_at: "2025-05-04 00:00:00+00",
    },
    {
      ...deal,
      name: "Open",
      stage: "talk",
      status: "open",
      amount: 1000,
      created_at: "2025-05-05 00:00:00+00",
      expected_close_on: "2025-06-10",
    },
  ]);
  // The open deal was written as 800 and corrected a day later; the lost one was written late.
  const believed = (lsn: number, key: number, amount: string, at: string): Promise<unknown> =>
    connection.run(
      `insert into mirror.raw_changes.opportunities
        select * replace (${amount} as amount), '${lsn > 3 ? "update" : "insert"}', ${lsn}, '${at} 00:00:00+00', null, 1
        from mirror.raw.opportunities where row_key = ${key}`,
    );
  await believed(1, 3, "800", "2025-05-05");
  await believed(2, 1, "amount", "2025-05-13");
  await believed(3, 2, "amount", "2025-06-01");
  await believed(4, 3, "amount", "2025-05-06");
  const entered = (key: number, stage: string, at: string): Record<string, Cell> => ({
    entity: "opportunity",
    record_id: idOf("opportunities", key),
    to_value: stage,
    effective_at: `${at} 00:00:00+00`,
  });
  await put("stage_events", [
    entered(1, "won", "2025-05-13"),
    entered(2, "talk", "2025-05-03"),
    entered(2, "lost", "2025-05-04"),
    entered(3, "talk", "2025-05-05"),
  ]);
  const owned = { entity: "customer", record_id: acme };
  await put("owner_events", [
    { ...owned, from_value: null, to_value: idle, effective_at: "2025-05-01 16:30:00+00" },
    { ...owned, from_value: idle, to_value: seller, effective_at: "2025-05-20 00:00:00+00" },
  ]);
  const order = { kind: "sale", status: "approved", owner_id: seller, customer_id: acme, currency: "CNY", discount: 0, freight: 0 };
  await put("orders", [
    { ...order, number: "S1", ordered_at: "2025-05-10 00:00:00+00", discount: 100, freight: "0.05" },
    { ...order, number: "S2", ordered_at: "2025-05-11 00:00:00+00", status: "draft" },
    { ...order, number: "R1", ordered_at: "2025-05-12 00:00:00+00", kind: "return" },
    // In May in UTC, but June in Shanghai.
    { ...order, number: "S3", ordered_at: "2025-05-31 16:30:00+00", customer_id: pooled },
    { ...order, number: "S4", ordered_at: "2024-02-01 00:00:00+00", customer_id: pooled },
    { ...order, number: "S5", ordered_at: "2025-05-10 00:00:00+00", deleted_at: "2025-05-11 00:00:00+00" },
  ]);
  const line = { product_id: pump, quantity: 1, unit_price: 500, amount: 500, tax_amount: 65, unit_cost: 300 };
  const lineOf = (order: number, number: number, own: Record<string, Cell> = {}) => ({
    ...line,
    order_id: idOf("orders", order),
    line_number: number,
    ...own,
  });
  await put("order_lines", [
    lineOf(1, 1),
    lineOf(1, 2),
    lineOf(1, 3, { unit_cost: null }),
    lineOf(2, 1),
    lineOf(3, 1, { amount: 50 }),
    lineOf(4, 1, { amount: 70 }),
    lineOf(5, 1, { amount: 80 }),
    lineOf(6, 1),
  ]);
  const receipt = { owner_id: seller, customer_id: acme, status: "confirmed", currency: "CNY", received_at: "2025-05-20 00:00:00+00" };
  await put("receipts", [
    { ...receipt, number: "C1", amount: 900 },
    { ...receipt, number: "C2", amount: 100, status: "cancelled" },
  ]);
  const activity = { owner_id: seller, customer_id: acme };
  await put("activities", [
    { ...activity, kind: "visit", outcome: "interested", done_at: "2025-05-08 02:00:00+00" },
    { ...activity, kind: "visit", outcome: "refused", done_at: "2025-05-12 02:00:00+00" },
    // In the last 30 days, so what follows it is not judged yet.
    { ...activity, kind: "visit", outcome: "reached", done_at: "2025-06-01 02:00:00+00" },
    { ...activity, kind: "call", outcome: "unreached", done_at: "2025-06-02 02:00:00+00" },
    { ...activity, kind: "call", outcome: null, planned_at: "2025-06-20 02:00:00+00" },
  ]);
  const target = { measure: "order_amount", month: "2025-05-01" };
  await put("targets", [
    { ...target, level: "goal", department_id: north, employee_id: seller, amount: 1000 },
    { ...target, level: "stretch", department_id: north, employee_id: seller, amount: 2000 },
    { ...target, level: "goal", department_id: north, amount: 1000 },
    { ...target, level: "goal", department_id: company, amount: 1000 },
    { ...target, level: "goal", department_id: south, employee_id: idle, amount: 600 },
    { measure: "won_amount", month: "2025-06-01", level: "goal", department_id: north, employee_id: seller, amount: 5000 },
  ]);
};
