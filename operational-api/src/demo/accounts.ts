import type { Pool } from "pg";
import type { NewDemoAccount } from "../auth/index.ts";
import { demoMark } from "./ids.ts";

/** A person who may sign in to the demo. `employee` is the external id of the employee the account belongs to. */
export interface DemoAccount {
  email: string;
  name: string;
  role: "executive" | "sales_manager" | "sales_rep" | "analyst";
  employee: string;
}

/** No administrator is among them. The manager's department (华东大区) has two offices below it; the rep works in the first of them. */
export const demoAccounts: readonly DemoAccount[] = [
  { email: "executive@kehu.example", name: "陈致远", role: "executive", employee: "E001" },
  { email: "manager@kehu.example", name: "林晓东", role: "sales_manager", employee: "E003" },
  { email: "rep@kehu.example", name: "王思敏", role: "sales_rep", employee: "E101" },
  { email: "analyst@kehu.example", name: "周文静", role: "analyst", employee: "E013" },
];

/** The accounts with their employees' ids; none when the company in the database is not the demo's. */
export async function demoAccountsOf(pool: Pool): Promise<NewDemoAccount[]> {
  const { rows } = await pool.query<{ id: string; external_id: string }>(
    "select id, external_id from crm.employees where external_id = any($1) and right(id::text, $2) = $3 and deleted_at is null",
    [demoAccounts.map(({ employee }) => employee), demoMark.length, demoMark],
  );
  const ids = new Map(rows.map((row) => [row.external_id, row.id]));
  return demoAccounts.flatMap(({ employee, ...account }) => {
    const employeeId = ids.get(employee);
    return employeeId ? [{ ...account, employeeId }] : [];
  });
}
