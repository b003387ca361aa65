import type { Pool } from "pg";
import { z } from "zod";
import { idField, textField } from "../validation/body-schema.ts";

/** An account as administrators see it. */
export interface UserRow {
  id: string;
  name: string;
  email: string;
  roles: string[];
  employee_id: string | null;
  employee_name: string | null;
  /** False when an administrator stopped it. */
  is_active: boolean;
  /** Why it can't be used although it is active; null when it can. */
  idle_reason: "employee_left" | "no_role" | null;
  has_password: boolean;
  has_second_factor: boolean;
  has_company_sign_in: boolean;
  is_device_bound: boolean;
  sessions: number;
  keys: number;
  waiting_devices: number;
  last_seen_at: Date | null;
}

const rolesField = z.array(z.string({ error: "expected a role's name" }).max(40), { error: "expected a list of role names" });

/** Body of `POST /api/v1/users`. Name and e-mail address are the employee's when left out. */
export const newUserBody = z.strictObject({
  employee_id: idField.nullable().default(null),
  email: z.email({ error: "expected an e-mail address" }).max(200).optional(),
  name: textField(100).optional(),
  roles: rolesField.min(1, { error: "name at least one role" }),
});

/** Body of `PATCH /api/v1/users/{id}`. */
export const userChangeBody = z.strictObject({
  is_active: z.boolean({ error: "expected true or false" }).optional(),
  is_device_bound: z.boolean({ error: "expected true or false" }).optional(),
  roles: rolesField.min(1, { error: "name at least one role; to take all rights away, stop the account" }).optional(),
});
export type UserChange = z.infer<typeof userChangeBody>;

const columns = `
  account.id, account.name, account.email, holder.employee_id, employee.name as employee_name, holder.active as is_active,
  array(select role from auth.user_roles as held where held.user_id = account.id order by role) as roles,
  case when holder.employee_id is not null and not coalesce(employee.status = 'active' and employee.deleted_at is null, false) then 'employee_left'
       when not exists (select from auth.user_roles as held where held.user_id = account.id) then 'no_role' end as idle_reason,
  exists (select from auth.account as way where way."userId" = account.id and way."providerId" = 'credential' and way.password is not null) as has_password,
  exists (select from auth.account as way where way."userId" = account.id and way."providerId" <> 'credential') as has_company_sign_in,
  coalesce(account."twoFactorEnabled", false) as has_second_factor, holder.device_bound as is_device_bound,
  (select count(*)::integer from auth.session as session where session."userId" = account.id and session."expiresAt" > now()) as sessions,
  (select count(*)::integer from auth.apikey as key where key."referenceId"::text = account.id::text and key.enabled) as keys,
  (select count(*)::integer from auth.devices as device where device.user_id = account.id and device.state = 'waiting') as waiting_devices,
  (select max(device.last_seen_at) from auth.devices as device where device.user_id = account.id) as last_seen_at`;

const source = `auth."user" as account join auth.holders as holder on holder.user_id = account.id
  left join crm.employees as employee on employee.id = holder.employee_id`;

const mostListed = 200;

/** By name. `search`: part of name or e-mail address. At most 200; `more` when there are others. */
export async function listUsers(pool: Pool, search: string): Promise<{ data: UserRow[]; more: boolean }> {
  const { rows } = await pool.query<UserRow>(
    `select ${columns} from ${source} where $1 = '' or strpos(lower(account.name), lower($1)) > 0 or strpos(account.email, lower($1)) > 0
      order by account.name, account.id limit ${mostListed + 1}`,
    [search],
  );
  return { data: rows.slice(0, mostListed), more: rows.length > mostListed };
}

export async function findUser(client: Pick<Pool, "query">, id: string): Promise<UserRow | null> {
  const { rows } = await client.query<UserRow>(`select ${columns} from ${source} where account.id::text = $1`, [id]);
  return rows[0] ?? null;
}

/** Active employees who have no account yet, by name; at most 200. */
export async function listEmployeesWithoutAccount(
  pool: Pool,
  search: string,
): Promise<{ id: string; name: string; email: string | null; position: string | null }[]> {
  const { rows } = await pool.query<{ id: string; name: string; email: string | null; position: string | null }>(
    `select id, name, email, position from crm.employees as employee
      where status = 'active' and deleted_at is null and ($1 = '' or strpos(lower(name), lower($1)) > 0)
        and not exists (select from auth.holders as holder where holder.employee_id = employee.id)
      order by name, id limit ${mostListed}`,
    [search],
  );
  return rows;
}

export async function findEmployee(pool: Pool, id: string): Promise<{ name: string; email: string | null; is_active: boolean } | null> {
  const { rows } = await pool.query<{ name: string; email: string | null; is_active: boolean }>(
    "select name, email, status = 'active' and deleted_at is null as is_active from crm.employees where id::text = $1",
    [id],
  );
  return rows[0] ?? null;
}

/** The names among these that are no role. */
export async function unknownRoles(pool: Pool, roles: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    "select name from unnest($1::text[]) as wanted (name) where name not in (select name from auth.roles)",
    [roles],
  );
  return rows.map(({ name }) => name);
}

/** Applies the change, in the transaction of `client`. Ending what a stopped account holds is the caller's. */
export async function changeUser(client: Pick<Pool, "query">, id: string, change: UserChange): Promise<void> {
  if (change.is_active !== undefined) await client.query("update auth.holders set active = $2 where user_id = $1", [id, change.is_active]);
  if (change.is_device_bound !== undefined) {
    await client.query("update auth.holders set device_bound = $2 where user_id = $1", [id, change.is_device_bound]);
  }
  if (change.roles) {
    // First what is new: who stays administrator is one throughout.
    await client.query("insert into auth.user_roles (user_id, role) select $1, unnest($2::text[]) on conflict do nothing", [
      id,
      change.roles,
    ]);
    await client.query("delete from auth.user_roles where user_id = $1 and role <> all($2::text[])", [id, change.roles]);
  }
}
