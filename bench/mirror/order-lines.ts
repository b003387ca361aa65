import type { Client } from "pg";

/** Tables with their share of the rows, in hundredths: one large one and some smaller, as documents of one company are. */
const shares = { order_lines: 50, shipment_lines: 25, invoice_lines: 15, receipt_lines: 10 } as const;

export type LineTable = keyof typeof shares;

export const lineTables = Object.keys(shares) as LineTable[];

export const rowsOf = (table: LineTable, rows: number): number => (rows * shares[table]) / 100;

const columns = `id bigint primary key, document_id uuid not null, line_number integer not null, product text not null, quantity numeric(18,4) not null,
  unit_price numeric(18,2) not null, amount numeric(18,2) not null, status text not null, is_gift boolean not null, due_on date, created_at timestamptz not null, note text`;

/** The values of line `n`, as SQL over the bigint n. */
export const lineValues = `n, md5(n::text)::uuid, 1 + n % 9, 'P-' || lpad((n * 7919 % 5000)::text, 6, '0'), (n % 400) * 0.25, (n % 99991) * 0.07,
  (n % 9999991) * 0.13, (array['draft', 'approved', 'shipped', 'paid'])[1 + n % 4], n % 50 = 0, case when n % 3 > 0 then date '2024-01-01' + (n % 900)::int end,
  timestamptz '2024-01-01 00:00:00+00' + n * interval '7.123457 seconds', case when n % 5 = 0 then 'line ' || n || ', 按合同发货' end`;

/** Fills a new schema `crm` with so many order-line-like rows of twelve columns, spread over a few tables. */
export async function fillLines(source: Client, rows: number): Promise<void> {
  await source.query("create schema crm");
  for (const table of lineTables) {
    await source.query(`create table crm.${table} (${columns})`);
    await source.query(`insert into crm.${table} select ${lineValues} from generate_series(1::bigint, ${rowsOf(table, rows)}) as n`);
    await source.query(`vacuum analyze crm.${table}`);
  }
  await source.query("checkpoint");
}
