import type { ClientBase } from "pg";
import { allSubjects, defaultPermissions, everything, firstSubjects, rowScopes } from "./permissions.ts";
import { actions, roles } from "./scope.ts";

export const scopeChannel = "kehu_scope";

const list = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(", ");

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
    role text not null check (role in (${list(roles)})),
    primary key (user_id, role)
  );
  create table if not exists auth.demo_accounts (
    user_id uuid primary key references auth.holders (user_id) on delete cascade,
    position integer not null,
    role text not null check (role in (${list(roles)}) and role <> 'administrator'),
    password text not null
  );
`;

const permissionsTable = `
  create table auth.permissions (
    role text not null check (role in (${list(roles)})),
    entity text not null,
    action text not null check (action in (${list(actions)})),
    rows text not null check (rows in (${list(rowScopes)})),
    primary key (role, entity, action)
  )
`;

/** What has had its default permissions: a row that an administrator took away stays away, and a new entity is not closed to everybody. */
const knownSubjectsTable = "create table auth.known_subjects (entity text primary key)";

const isPresent = async (client: ClientBase, table: string): Promise<boolean> => {
  const { rows } = await client.query<{ present: boolean }>("select to_regclass($1) is not null as present", [table]);
  return rows[0]?.present === true;
};

/** Inserts the default permissions of the entities and aggregates that are new to this database, and of `*` with their table. */
async function insertDefaultPermissions(client: ClientBase): Promise<void> {
  const isNew = !(await isPresent(client, "auth.permissions"));
  if (isNew) await client.query(permissionsTable);
  if (!(await isPresent(client, "auth.known_subjects"))) {
    await client.query(knownSubjectsTable);
    if (!isNew) await client.query("insert into auth.known_subjects select unnest($1::text[])", [firstSubjects]);
  }
  const { rows } = await client.query<{ entity: string }>(
    "insert into auth.known_subjects select unnest($1::text[]) on conflict do nothing returning entity",
    [allSubjects],
  );
  const added = new Set(rows.map(({ entity }) => entity));
  const wanted = defaultPermissions.filter(({ entity }) => added.has(entity) || (isNew && entity === everything));
  await client.query(
    `insert into auth.permissions select role, entity, action, rows from json_populate_recordset(null::auth.permissions, $1)
     on conflict do nothing`,
    [JSON.stringify(wanted)],
  );
}

/** Makes what is missing. */
export async function createAuthTables(client: ClientBase): Promise<void> {
  await client.query("begin");
  try {
    await client.query(tables);
    await insertDefaultPermissions(client);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

/** What a scope is made of, and the columns whose change changes it. */
const scopeSources: Record<string, string> = {
  "auth.permissions": "",
  "auth.holders": "",
  "auth.user_roles": "",
  "crm.employees": "of manager_id, department_id, status, deleted_at",
  "crm.departments": "of parent_id",
};

/** Lets the database tell every process when a scope may have changed. Call when `auth` and `crm` exist; safe to call again. */
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
}
