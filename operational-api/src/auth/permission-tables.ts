import type { ClientBase } from "pg";
import {
  allSubjects,
  defaultColumnRules,
  defaultPermissions,
  firstSubjects,
  type Permission,
  rowScopes,
  specialSubjects,
} from "./permissions.ts";
import { actions, roles, visibilities } from "./scope.ts";

const list = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(", ");

/** Titles of the built-in roles, Chinese and English; what a company calls them it may change. */
const titles: Record<(typeof roles)[number], readonly [string, string]> = {
  administrator: ["系统管理员", "Administrator"],
  executive: ["高管", "Executive"],
  sales_manager: ["销售经理", "Sales manager"],
  sales_rep: ["销售代表", "Sales representative"],
  analyst: ["数据分析师", "Analyst"],
  auditor: ["审计", "Auditor"],
  finance: ["财务", "Finance"],
  purchaser: ["采购", "Purchasing"],
  partner: ["渠道用户", "Partner outlet"],
};

/** The roles there were before they were data. */
const firstRoles: readonly string[] = ["administrator", "executive", "sales_manager", "sales_rep", "analyst"];

const rolesTable = `
  create table if not exists auth.roles (
    name text primary key check (name ~ '^[a-z][a-z0-9_]{1,39}$'),
    title_zh text not null,
    title_en text not null,
    is_built_in boolean not null default false,
    version integer not null default 1
  )`;

const permissionsTable = `
  create table auth.permissions (
    id uuid primary key default gen_random_uuid(),
    role text not null,
    entity text not null,
    action text not null,
    rows text not null,
    customers jsonb,
    product_lines jsonb,
    version integer not null default 1
  )`;

/** As it was before rules had dimensions: one row per role, entity and action. */
const upgradePermissions = `
  alter table auth.permissions
    drop constraint if exists permissions_pkey,
    add column id uuid primary key default gen_random_uuid(),
    add column customers jsonb,
    add column product_lines jsonb,
    add column version integer not null default 1`;

/** Written anew each time: what is allowed comes with the program. */
const permissionConstraints = `
  alter table auth.permissions
    drop constraint if exists permissions_role_check,
    drop constraint if exists permissions_role_fkey,
    drop constraint if exists permissions_action_check,
    drop constraint if exists permissions_rows_check,
    drop constraint if exists permissions_rule_key,
    add constraint permissions_role_fkey foreign key (role) references auth.roles (name) on delete cascade,
    add constraint permissions_action_check check (action in (${list(actions)})),
    add constraint permissions_rows_check check (rows in (${list(rowScopes)})),
    add constraint permissions_rule_key unique nulls not distinct (role, entity, action, rows, customers, product_lines)`;

const columnRulesTable = `
  create table auth.column_rules (
    id uuid primary key default gen_random_uuid(),
    role text not null references auth.roles (name) on delete cascade,
    entity text not null,
    column_name text not null,
    visibility text not null check (visibility in (${list(visibilities)})),
    whose text not null default 'all' check (whose in ('all', 'others')),
    version integer not null default 1,
    unique (role, entity, column_name, whose)
  )`;

/** What has had its default permissions: a row that an administrator took away stays away, and a new entity is not closed to everybody. */
const knownSubjectsTable = "create table auth.known_subjects (entity text primary key)";

const isPresent = async (client: ClientBase, table: string): Promise<boolean> => {
  const { rows } = await client.query<{ present: boolean }>("select to_regclass($1) is not null as present", [table]);
  return rows[0]?.present === true;
};

const insertPermissions = (client: ClientBase, wanted: readonly Permission[]): Promise<unknown> =>
  client.query(
    `insert into auth.permissions (role, entity, action, rows)
     select role, entity, action, rows from json_populate_recordset(null::auth.permissions, $1) on conflict do nothing`,
    [JSON.stringify(wanted)],
  );

/** The built-in roles that this database did not have. */
async function insertRoles(client: ClientBase): Promise<string[]> {
  await client.query(rolesTable);
  const { rows } = await client.query<{ name: string }>(
    `insert into auth.roles (name, title_zh, title_en, is_built_in)
     select name, title_zh, title_en, true from json_populate_recordset(null::auth.roles, $1) on conflict do nothing returning name`,
    [JSON.stringify(roles.map((name) => ({ name, title_zh: titles[name][0], title_en: titles[name][1] })))],
  );
  return rows.map(({ name }) => name);
}

/** The entities and aggregates that had no default rules in this database yet. */
async function insertSubjects(client: ClientBase, isNew: boolean): Promise<Set<string>> {
  if (!(await isPresent(client, "auth.known_subjects"))) {
    await client.query(knownSubjectsTable);
    if (!isNew) await client.query("insert into auth.known_subjects select unnest($1::text[])", [firstSubjects]);
  }
  const { rows } = await client.query<{ entity: string }>(
    "insert into auth.known_subjects select unnest($1::text[]) on conflict do nothing returning entity",
    [allSubjects],
  );
  return new Set(rows.map(({ entity }) => entity));
}

/**
 * Makes what is missing of roles and rules. The default rules come with what is new to this database: the tables, an entity or aggregate, a role;
 * where rules had no dimensions yet, also the right to approve and the special subjects.
 */
export async function createPermissionTables(client: ClientBase): Promise<void> {
  const newRoles = await insertRoles(client);
  const isNew = !(await isPresent(client, "auth.permissions"));
  const { rowCount: hasDimensions } = await client.query(
    "select from information_schema.columns where table_schema = 'auth' and table_name = 'permissions' and column_name = 'product_lines'",
  );
  const isOld = !isNew && !hasDimensions;
  if (isNew) await client.query(permissionsTable);
  if (isOld) await client.query(upgradePermissions);
  await client.query(permissionConstraints);
  const newSubjects = await insertSubjects(client, isNew);
  const addedRoles = new Set(isOld ? newRoles.filter((role) => !firstRoles.includes(role)) : newRoles);
  const cameWithDimensions = ({ entity, action }: Permission): boolean =>
    action === "approve" || (specialSubjects as readonly string[]).includes(entity);
  await insertPermissions(
    client,
    defaultPermissions.filter(
      (rule) => isNew || newSubjects.has(rule.entity) || addedRoles.has(rule.role) || (isOld && cameWithDimensions(rule)),
    ),
  );
  await insertColumnRules(client, newRoles);
}

async function insertColumnRules(client: ClientBase, newRoles: readonly string[]): Promise<void> {
  const isNew = !(await isPresent(client, "auth.column_rules"));
  if (isNew) await client.query(columnRulesTable);
  const named = isNew ? (await client.query<{ name: string }>("select name from auth.roles")).rows.map(({ name }) => name) : newRoles;
  await client.query(
    `insert into auth.column_rules (role, entity, column_name, visibility, whose)
     select role, entity, column_name, visibility, whose from json_populate_recordset(null::auth.column_rules, $1) on conflict do nothing`,
    [JSON.stringify(defaultColumnRules(named))],
  );
}

/** The name of the constraint that `last_administrator` errors carry. */
export const lastAdministrator = "last_administrator";

/**
 * Nobody may take away the last active administrator, neither the role nor the account. Held by the database, whoever writes:
 * a statement that took the role from somebody, or stopped somebody who has it, must leave an active one.
 */
export async function keepAnAdministrator(client: ClientBase): Promise<void> {
  await client.query(`
    create or replace function auth.keep_an_administrator() returns trigger language plpgsql as $$
      begin
        if exists (select from auth.user_roles join auth.holders using (user_id) where role = 'administrator' and active) then return null; end if;
        if tg_table_name = 'user_roles' and not exists (select from gone where to_jsonb(gone) ->> 'role' = 'administrator') then return null; end if;
        if tg_table_name = 'holders' and not exists (
          select from gone join auth.user_roles as had on had.user_id = gone.user_id where had.role = 'administrator' and to_jsonb(gone) ->> 'active' = 'true')
        then return null; end if;
        raise exception 'the last active administrator must stay' using errcode = '23514', constraint = '${lastAdministrator}';
      end $$;
    create or replace trigger keep_administrator after delete on auth.user_roles
      referencing old table as gone for each statement execute function auth.keep_an_administrator();
    create or replace trigger keep_administrator_role after update on auth.user_roles
      referencing old table as gone for each statement execute function auth.keep_an_administrator();
    create or replace trigger keep_administrator after update on auth.holders
      referencing old table as gone for each statement execute function auth.keep_an_administrator();
  `);
}
