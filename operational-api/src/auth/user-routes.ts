import { Hono } from "hono";
import type { PoolClient } from "pg";
import { invalid, Problem } from "../problem.ts";
import { type Env, readJson, recordBytes } from "../routes/request.ts";
import { parseBody } from "../validation/body-schema.ts";
import { createUser } from "./accounts.ts";
import { recordAccountEvent } from "./account-audit.ts";
import { createAsk, refuseOtherMethods } from "./account-request.ts";
import { accountSettingsBody, readAccountSettings } from "./account-settings.ts";
import type { Auth } from "./create-auth.ts";
import { listKeys, revokeKeys } from "./keys.ts";
import { endSessions, listSessions } from "./sessions.ts";
import {
  changeUser,
  findEmployee,
  findUser,
  listEmployeesWithoutAccount,
  listUsers,
  newUserBody,
  unknownRoles,
  type UserRow,
  userChangeBody,
} from "./users.ts";

/** Accounts for administrators: `/api/v1/users`, `/api/v1/account-settings`. Devices: `device-routes.ts`. */
export function createUserRoutes(auth: Auth): Hono<Env> {
  const app = new Hono<Env>();
  const ask = createAsk(auth);
  const { pool } = auth;

  const user = async (id: string | undefined): Promise<UserRow> => {
    const found = await findUser(pool, id ?? "");
    if (!found) throw new Problem(404, "there is no such account");
    return found;
  };
  const transaction = async <Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> => {
    const client = await pool.connect();
    try {
      await client.query("begin");
      const result = await work(client);
      await client.query("commit");
      return result;
    } catch (error) {
      await client.query("rollback");
      throw error;
    } finally {
      client.release();
    }
  };
  const checkRoles = async (field: string, roles: readonly string[] | undefined): Promise<void> => {
    const unknown = roles ? await unknownRoles(pool, roles) : [];
    if (unknown.length > 0) throw invalid([{ field, reason: `no such role: ${unknown.join(", ")}; /api/v1/roles lists them` }]);
  };

  app.get(
    "/api/v1/users",
    ask("administrator", async ({ context }) => context.json(await listUsers(pool, context.req.query("search")?.trim() ?? ""))),
  );
  app.post(
    "/api/v1/users",
    ask("administrator", async ({ context, by }) => {
      const wanted = parseBody(newUserBody, (await readJson(context, recordBytes)).body);
      await checkRoles("roles", wanted.roles);
      const employee = wanted.employee_id === null ? null : await findEmployee(pool, wanted.employee_id);
      if (wanted.employee_id !== null && !employee?.is_active) {
        throw invalid([{ field: "employee_id", reason: "names no employee who is active" }]);
      }
      const email = wanted.email ?? employee?.email;
      const name = wanted.name ?? employee?.name;
      if (!email) throw invalid([{ field: "email", reason: "is required: the employee has none" }]);
      if (!name) throw invalid([{ field: "name", reason: "is required without an employee" }]);
      const { rowCount } = await pool.query(
        `select from auth."user" as account left join auth.holders as holder on holder.user_id = account.id where account.email = lower($1) or holder.employee_id = $2`,
        [email, wanted.employee_id],
      );
      if (rowCount) throw new Problem(409, "there is an account with this e-mail address, or of this employee, already");
      const id = await createUser(auth, { email, name, password: null, roles: wanted.roles, employeeId: wanted.employee_id });
      await recordAccountEvent(pool, {
        ...by,
        action: "account_made",
        userId: id,
        values: { roles: wanted.roles, employee_id: wanted.employee_id },
      });
      return context.json(await user(id), 201, { location: `/api/v1/users/${id}` });
    }),
  );
  refuseOtherMethods(app, "/api/v1/users", "GET, POST");

  app.get(
    "/api/v1/users/employees-without-account",
    ask("administrator", async ({ context }) =>
      context.json({ data: await listEmployeesWithoutAccount(pool, context.req.query("search")?.trim() ?? "") }),
    ),
  );

  app.get(
    "/api/v1/users/:id",
    ask("administrator", async ({ context }) => {
      const found = await user(context.req.param("id"));
      const [sessions, keys] = await Promise.all([listSessions(pool, found.id), listKeys(pool, found.id)]);
      return context.json({ ...found, open_sessions: sessions, api_keys: keys });
    }),
  );
  app.patch(
    "/api/v1/users/:id",
    ask("administrator", async ({ context, principal, by }) => {
      const before = await user(context.req.param("id"));
      const change = parseBody(userChangeBody, (await readJson(context, recordBytes)).body);
      await checkRoles("roles", change.roles);
      if (before.id === principal.userId && change.is_active === false) {
        throw new Problem(409, "you can't stop your own account; another administrator can");
      }
      await transaction(async (client) => {
        await changeUser(client, before.id, change);
        const stops = change.is_active === false && before.is_active;
        const ended = stops
          ? { sessions_ended: await endSessions(client, before.id, "all"), keys_revoked: await revokeKeys(client, before.id) }
          : {};
        if (stops) await client.query("delete from auth.verification where value = $1", [before.id]);
        await recordAccountEvent(client, {
          ...by,
          action: stops ? "account_stopped" : change.is_active && !before.is_active ? "account_started" : "account_changed",
          userId: before.id,
          oldValues: { is_active: before.is_active, is_device_bound: before.is_device_bound, roles: before.roles },
          values: { ...change, ...ended },
        });
      });
      auth.forget();
      return context.json(await user(before.id));
    }),
  );
  refuseOtherMethods(app, "/api/v1/users/:id", "GET, PATCH");

  app.post(
    "/api/v1/users/:id/reset-link",
    ask("administrator", async ({ context, by }) => {
      const found = await user(context.req.param("id"));
      if (!found.is_active) throw new Problem(409, "the account is stopped; start it first");
      const { link, expiresAt } = await auth.links.makeReset(found.id);
      await recordAccountEvent(pool, { ...by, action: "password_reset_link_made", userId: found.id });
      return context.json({ link, expires_at: expiresAt }, 201);
    }),
  );
  refuseOtherMethods(app, "/api/v1/users/:id/reset-link", "POST");

  app.delete(
    "/api/v1/users/:id/second-factor",
    ask("administrator", async ({ context, by }) => {
      const found = await user(context.req.param("id"));
      await transaction(async (client) => {
        await client.query(`delete from auth."twoFactor" where "userId" = $1`, [found.id]);
        await client.query(`update auth."user" set "twoFactorEnabled" = false where id = $1`, [found.id]);
        // Also what says that a browser was trusted with it.
        await client.query("delete from auth.verification where value = $1", [found.id]);
        const ended = await endSessions(client, found.id, "all");
        await recordAccountEvent(client, { ...by, action: "second_factor_off", userId: found.id, values: { sessions_ended: ended } });
      });
      auth.forget();
      return context.body(null, 204);
    }),
  );
  refuseOtherMethods(app, "/api/v1/users/:id/second-factor", "DELETE");

  for (const path of ["/api/v1/users/:id/sessions", "/api/v1/users/:id/sessions/:session"]) {
    app.delete(
      path,
      ask("administrator", async ({ context, by }) => {
        const found = await user(context.req.param("id"));
        const session = context.req.param("session");
        const ended = await endSessions(pool, found.id, session === undefined ? "all" : { only: session });
        if (session !== undefined && ended === 0) throw new Problem(404, "the account has no such session; it may have ended");
        auth.forget();
        await recordAccountEvent(pool, {
          ...by,
          action: "session_ended",
          userId: found.id,
          values: { reason: "administrator", sessions: ended },
        });
        return context.json({ ended });
      }),
    );
    refuseOtherMethods(app, path, "DELETE");
  }
  for (const path of ["/api/v1/users/:id/keys", "/api/v1/users/:id/keys/:key"]) {
    app.delete(
      path,
      ask("administrator", async ({ context, by }) => {
        const found = await user(context.req.param("id"));
        const key = context.req.param("key");
        const revoked = await revokeKeys(pool, found.id, key);
        if (key !== undefined && revoked === 0) throw new Problem(404, "the account has no such key; it may have been revoked");
        auth.forget();
        await recordAccountEvent(pool, { ...by, action: "key_revoked", userId: found.id, values: { keys: revoked } });
        return context.json({ revoked });
      }),
    );
    refuseOtherMethods(app, path, "DELETE");
  }

  app.get(
    "/api/v1/account-settings",
    ask("administrator", async ({ context }) => context.json(await readAccountSettings(pool))),
  );
  app.patch(
    "/api/v1/account-settings",
    ask("administrator", async ({ context, by }) => {
      const change = parseBody(accountSettingsBody, (await readJson(context, recordBytes)).body);
      await checkRoles("second_factor_roles", change.second_factor_roles);
      const after = await transaction(async (client) => {
        const before = await readAccountSettings(client);
        const next = { ...before, ...change };
        await client.query(
          "update auth.account_settings set password_length = $1, second_factor_roles = $2, idle_minutes = $3, session_limit = $4",
          [next.password_length, next.second_factor_roles, next.idle_minutes, next.session_limit],
        );
        await recordAccountEvent(client, {
          ...by,
          action: "account_settings_changed",
          userId: null,
          oldValues: { ...before },
          values: { ...next },
        });
        return next;
      });
      auth.settings.forget();
      auth.forget();
      return context.json(after);
    }),
  );
  refuseOtherMethods(app, "/api/v1/account-settings", "GET, PATCH");
  return app;
}
