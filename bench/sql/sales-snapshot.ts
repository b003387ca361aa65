import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { SnapshotPointer } from "@kehu/ingest";
import type { Scope } from "@kehu/operational-api";

export const employees = Array.from({ length: 60 }, (_, index) => `00000000-0000-7000-8000-${String(index + 1).padStart(12, "0")}`);

/** Sees the rows of all employees by their names and not as a whole: all rows are copied. */
export const sellerScope: Scope = {
  version: "bench",
  userId: "00000000-0000-7000-8000-000000000000",
  employeeId: null,
  roles: ["sales_manager"],
  grants: {
    read: { order: { rows: "some", employees, departments: [] } },
    create: {},
    update: {},
    delete: {},
    export: {},
    approve: {},
    backdate: {},
  },
  columns: {},
};

/** A published snapshot of `lines` order lines as wide as ours, and the metadata by which they are granted. */
export async function writeSalesSnapshot(file: string, lines: number): Promise<SnapshotPointer> {
  await mkdir(dirname(file), { recursive: true });
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(`
    create schema marts; create schema reports; create schema meta;
    create table meta.marts (schema_name varchar, name varchar, scope json, version varchar, columns json);
    create table meta.tests (model varchar, test varchar, severity varchar, failures bigint, build varchar);
    create table marts.dim_employees as select i::integer as employee_key,
      ('00000000-0000-7000-8000-' || lpad(i::varchar, 12, '0'))::uuid as employee_id, '员工' || i as name from range(1, ${employees.length + 1}) all_employees(i);
    create table marts.dim_departments as select 1 as department_key, '00000000-0000-7000-9000-000000000001'::uuid as department_id;
    create table marts.fct_order_lines as select
      i::integer as order_line_key, (i // 4)::integer as order_key, (i % ${employees.length} + 1)::integer as owner_key,
      (i % ${employees.length} + 1)::integer as customer_owner_key, 1 as department_key, (i % 20000)::integer as customer_key,
      '客户' || (i % 20000) as customer_name, (i % 500)::integer as product_key, '产品' || (i % 500) as product_name,
      ['华东', '华南', '华北', '西南'][i % 4 + 1] as region, 'sale' as kind, true as is_counted, 'CNY' as currency,
      (date '2024-01-01' + (i % 1000)::integer) as ordered_on, (timestamptz '2024-01-01 00:00:00+00' + to_seconds(i % 86400000)) as ordered_at,
      (i % 40 + 1)::decimal(18, 4) as quantity, (i % 997)::decimal(18, 2) as unit_price, (i % 9973)::decimal(18, 2) as amount,
      (i % 5000)::decimal(18, 2) as cost_amount, (i % 1300)::decimal(18, 2) as tax_amount
      from range(${lines}) all_lines(i);
    insert into meta.marts values
      ('marts', 'dim_employees', '"none"', '1', null), ('marts', 'dim_departments', '"none"', '1', null),
      ('marts', 'fct_order_lines', '{"entity": "order", "employee": ["owner_key", "customer_owner_key"], "department": "department_key"}', '1', null);`);
  connection.closeSync();
  instance.closeSync();
  const now = new Date().toISOString();
  return { build: "bench", file, lsn: "0/1", freshTo: now, finishedAt: now, failedTests: 0, changed: [] };
}
