import { randomInt } from "node:crypto";
import { hashPassword } from "better-auth/crypto";
import type { Pool } from "pg";
import type { ServerConfig } from "../server-config.ts";
import type { Role } from "./scope.ts";

export interface NewUser {
  email: string;
  name: string;
  /** Null: none; the user sets one by a link, or signs in at the company's provider. */
  password: string | null;
  roles: readonly Role[];
  employeeId?: string | null;
  /** Language of the portal; the company's when left out. */
  locale?: "zh-CN" | "en" | null;
}

export interface NewDemoAccount {
  email: string;
  name: string;
  role: Role;
  employeeId: string | null;
}

export interface DemoAccount {
  email: string;
  name: string;
  role: Role;
  password: string;
}

/** Without look-alikes (0 O, 1 l I): it is read from a terminal and typed. */
const letters = "abcdefghijkmnpqrstuvwxyz23456789";

/** Four groups of four: 80 bits. */
const randomPassword = (): string =>
  Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join("")).join("-");

/** One user who may sign in with e-mail and password, whole or not at all. Gives the user id. Throws when the e-mail is taken or a role unknown. */
export async function createUser(auth: { pool: Pool }, user: NewUser): Promise<string> {
  const [id] = await createUsers(auth.pool, [user]);
  if (id === undefined) throw new Error("no user was made");
  return id;
}

async function createUsers(
  pool: Pool,
  users: readonly NewUser[],
  alsoInTransaction?: { sql: string; values: (user: NewUser, index: number) => unknown[] },
): Promise<string[]> {
  const hashes = await Promise.all(users.map(({ password }) => (password === null ? null : hashPassword(password))));
  const client = await pool.connect();
  try {
    await client.query("begin");
    const ids: string[] = [];
    for (const [index, user] of users.entries()) {
      const { rows } = await client.query<{ id: string }>(
        `insert into auth."user" (id, name, email, "emailVerified", "createdAt", "updatedAt") values (gen_random_uuid(), $1, $2, true, now(), now()) returning id`,
        [user.name, user.email.toLowerCase()],
      );
      const id = rows[0]?.id ?? "";
      const hash = hashes[index];
      if (hash)
        await client.query(
          `insert into auth.account (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt") values (gen_random_uuid(), $1::text, 'credential', $1::uuid, $2, now(), now())`,
          [id, hash],
        );
      await client.query("insert into auth.holders (user_id, employee_id, locale) values ($1, $2, $3)", [
        id,
        user.employeeId ?? null,
        user.locale ?? null,
      ]);
      await client.query("insert into auth.user_roles (user_id, role) select $1, unnest($2::text[])", [id, user.roles]);
      if (alsoInTransaction) await client.query(alsoInTransaction.sql, [id, ...alsoInTransaction.values(user, index)]);
      ids.push(id);
    }
    await client.query("commit");
    return ids;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

/**
 * Makes the first administrator when there is none: by KEHU_ADMIN_EMAIL and KEHU_ADMIN_PASSWORD, else with a random password,
 * which is given back this once (for the terminal, not for a log). Null when there is an administrator already.
 */
export async function ensureAdministrator(
  auth: { pool: Pool },
  config: Pick<ServerConfig, "adminEmail" | "adminPassword">,
): Promise<{ email: string; password: string | null } | null> {
  const { rowCount } = await auth.pool.query("select from auth.user_roles where role = 'administrator' limit 1");
  if (rowCount) return null;
  const email = config.adminEmail ?? "admin@kehu.local";
  const password = config.adminPassword ?? randomPassword();
  await createUser(auth, { email, name: "Administrator", password, roles: ["administrator"] });
  return { email, password: config.adminPassword ? null : password };
}

/** Makes the demo accounts, all or none, with one password made up now. Does nothing when there are some. Throws for an administrator among them. */
export async function createDemoAccounts(auth: { pool: Pool }, accounts: readonly NewDemoAccount[]): Promise<void> {
  if (accounts.some(({ role }) => role === "administrator")) throw new Error("a demo account can't be an administrator");
  if ((await listDemoAccounts(auth)).length > 0) return;
  const password = randomPassword();
  await createUsers(
    auth.pool,
    accounts.map(({ role, ...account }) => ({ ...account, password, roles: [role] })),
    {
      sql: "insert into auth.demo_accounts (user_id, position, role, password) values ($1, $2, $3, $4)",
      values: (user, index) => [index, user.roles[0], password],
    },
  );
}

/** With their passwords: only for callers on this machine. */
export async function listDemoAccounts(auth: { pool: Pool }): Promise<DemoAccount[]> {
  const { rows } = await auth.pool.query<DemoAccount>(
    `select account.email, account.name, demo.role, demo.password from auth.demo_accounts as demo join auth."user" as account on account.id = demo.user_id order by demo.position`,
  );
  return rows;
}

/** Removes the demo accounts with their sessions. */
export async function removeDemoAccounts(auth: { pool: Pool }): Promise<void> {
  await auth.pool.query(`delete from auth."user" where id in (select user_id from auth.demo_accounts)`);
}
