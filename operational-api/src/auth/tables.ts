import type { ClientBase } from "pg";
import { installDepartureTrigger } from "./account-tables.ts";
import { createPermissionTables, keepAnAdministrator } from "./permission-tables.ts";
import { seeAsTable } from "./see-as.ts";
import { sqlShelfTables } from "./sql-shelf.ts";

export const scopeChannel = "kehu_scope";

/**
 * Our tables beside better-auth's (which are camelCase and its own business): who a user is in the company, and what roles may do.
 * `holders`: one row per user; without one an account is worth nothing. `demo_accounts`: passwords shown on the sign-in page, on this machine only.
 */
const tables = `
  create table if not exists auth.holders (
    user_id uuid primary key references auth."user" (id) on delete cascade,
    employee_id uuid,
    locale text,
    active boolean not null default true
  );
  create table if not exists auth.user_roles (
    user_id uuid not null references auth.holders (user_id) on delete cascade,
    role text not null,
    primary key (user_id, role)
  );
  create table if not exists auth.demo_accounts (
    user_id uuid primary key references auth.holders (user_id) on delete cascade,
    position integer not null,
    role text not null,
    password text not null
  );
`;

/** Roles were a list of words before they were a table. */
const rolesFromTable = `
  alter table auth.user_roles drop constraint if exists user_roles_role_check, drop constraint if exists user_roles_role_fkey,
    add constraint user_roles_role_fkey foreign key (role) references auth.roles (name);
  alter table auth.demo_accounts drop constraint if exists demo_accounts_role_check, drop constraint if exists demo_accounts_role_fkey,
    add constraint demo_accounts_role_check check (role <> 'administrator'),
    add constraint demo_accounts_role_fkey foreign key (role) references auth.roles (name);
`;

/** Makes what is missing. */
export async function createAuthTables(client: ClientBase): Promise<void> {
  await client.query("begin");
  try {
    await client.query(tables);
    await createPermissionTables(client);
    await client.query(rolesFromTable);
    await client.query(seeAsTable);
    await client.query(sqlShelfTables);
    await keepAnAdministrator(client);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

/** What a scope is made of, and the columns whose change changes it. */
const scopeSources: Record<string, string> = {
  "auth.permissions": "",
  "auth.column_rules": "",
  "auth.holders": "",
  "auth.user_roles": "",
  "crm.employees": "of manager_id, department_id, status, deleted_at",
  "crm.departments": "of parent_id",
  "crm.products": "of category_id",
  "crm.product_categories": "of parent_id",
};

/** Lets the database tell every process when a scope may have changed, and end what a departed employee holds. Call when `auth`, `crm` and `audit` exist; safe to call again. */
export async function installScopeTriggers(client: ClientBase): Promise<void> {
  await client.query(`
    create or replace function auth.tell_scope_change() returns trigger language plpgsql as $$
      begin perform pg_notify('${scopeChannel}', ''); return null; end
    $$`);
  for (const [table, columns] of Object.entries(scopeSources)) {
    // One notice per statement, however many rows: a batch of 10,000 employees is one change.
    await client.query(
      `create or replace trigger scope_change after insert or delete or update ${columns} on ${table} for each statement execute function auth.tell_scope_change()`,
    );
  }
  await installDepartureTrigger(client);
}
