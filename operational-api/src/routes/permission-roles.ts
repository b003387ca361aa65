import { type Context, Hono } from "hono";
import { z } from "zod";
import { invalid, Problem } from "../problem.ts";
import { addAuditEntry } from "../store/audit.ts";
import { columnRuleStore, listHolders, listRoles, permissionStore, type RoleRow } from "../store/rules.ts";
import { query, type Queryable } from "../store/sql.ts";
import { idField, parseBody, textField } from "../validation/body-schema.ts";
import { type Administration, onlyTakes, requireAdministrator, requireAuditor } from "./administration.ts";
import { checkMatch, type Env, etagOf, readJson, recordBytes } from "./request.ts";

const titles = { title_zh: textField(60), title_en: textField(60) };

const plainName = /^[a-z][a-z0-9_]{1,39}$/;

export const roleBody = z.strictObject({
  name: z.string({ error: "expected a text" }).regex(plainName, "must be 2 to 40 lower-case letters, digits and _, a letter first"),
  ...titles,
  like: textField(40).optional().describe("A role whose rules the new one starts with; without it the role may do nothing"),
});
export const rolePatch = z.strictObject({ title_zh: titles.title_zh.optional(), title_en: titles.title_en.optional() });

const find = async (client: Queryable, name: string): Promise<RoleRow> => {
  const [role] = plainName.test(name) ? await listRoles(client, name) : [];
  if (role) return role;
  const known = (await listRoles(client)).map((each) => each.name).join(", ");
  throw new Problem(404, `there is no role "${name.slice(0, 60)}"; there are ${known}`);
};

const nameOf = (context: Context<Env>): string => context.req.param("name") ?? "";
const noStore = { "cache-control": "private, no-store" };

/** `/api/v1/roles` and who has them: read by administrators and auditors, changed by administrators, in effect at once. */
export const roleRoutes = ({ auth, write }: Administration): Hono<Env> => {
  const app = new Hono<Env>();
  const base = "/api/v1/roles";

  app.get(base, async (context) => {
    requireAuditor(context.get("principal"));
    return context.json({ data: await listRoles(auth.pool) }, 200, noStore);
  });

  app.post(base, async (context) => {
    requireAdministrator(context.get("principal"));
    const { text, body } = await readJson(context, recordBytes);
    const { name, title_zh, title_en, like } = parseBody(roleBody, body);
    return write(context, text, async (transaction) => {
      const { client } = transaction;
      const known = (await listRoles(client)).map((role) => role.name);
      if (known.includes(name)) throw new Problem(409, `there is a role "${name}" already`);
      if (like !== undefined && !known.includes(like)) {
        throw invalid([{ field: "like", reason: `there is no role "${like}"; there are ${known.join(", ")}` }]);
      }
      await query(client, "insert into auth.roles (name, title_zh, title_en) values ($1, $2, $3)", [name, title_zh, title_en]);
      for (const rule of like === undefined ? [] : await permissionStore.list(client, { role: like }))
        await permissionStore.insert(client, { ...rule, role: name });
      for (const rule of like === undefined ? [] : await columnRuleStore.list(client, { role: like }))
        await columnRuleStore.insert(client, { ...rule, role: name });
      await addAuditEntry(transaction, "create", "role", { name, title_zh, title_en, like: like ?? null }, { recordId: name });
      return { status: 201, body: await find(client, name), headers: { etag: etagOf(1), location: `${base}/${name}` } };
    });
  });
  app.all(base, onlyTakes("GET, POST"));

  app.get(`${base}/:name`, async (context) => {
    requireAuditor(context.get("principal"));
    const role = await find(auth.pool, nameOf(context));
    const [permissions, column_rules] = await Promise.all([
      permissionStore.list(auth.pool, { role: role.name }),
      columnRuleStore.list(auth.pool, { role: role.name }),
    ]);
    return context.json({ ...role, permissions, column_rules }, 200, { etag: etagOf(role.version), ...noStore });
  });

  app.patch(`${base}/:name`, async (context) => {
    requireAdministrator(context.get("principal"));
    const { text, body } = await readJson(context, recordBytes);
    const changes = parseBody(rolePatch, body);
    return write(context, text, async (transaction) => {
      const before = await find(transaction.client, nameOf(context));
      checkMatch(context, before.version, true);
      await query(
        transaction.client,
        "update auth.roles set title_zh = coalesce($2, title_zh), title_en = coalesce($3, title_en), version = version + 1 where name = $1",
        [before.name, changes.title_zh ?? null, changes.title_en ?? null],
      );
      const old = { title_zh: before.title_zh, title_en: before.title_en };
      await addAuditEntry(transaction, "update", "role", changes, { recordId: before.name, old });
      const role = await find(transaction.client, before.name);
      return { status: 200, body: role, headers: { etag: etagOf(role.version) } };
    });
  });

  app.delete(`${base}/:name`, async (context) => {
    requireAdministrator(context.get("principal"));
    return write(context, "", async (transaction) => {
      const before = await find(transaction.client, nameOf(context));
      checkMatch(context, before.version, true);
      if (before.is_built_in) throw new Problem(409, `${before.name} is a built-in role; take its rules away instead`);
      const holders = await listHolders(transaction.client, before.name);
      if (holders.length > 0) {
        throw new Problem(
          409,
          `${holders.length} accounts have the role ${before.name}: ${holders
            .map(({ email }) => email)
            .slice(0, 10)
            .join(", ")}`,
        );
      }
      await query(transaction.client, "delete from auth.roles where name = $1", [before.name]);
      const { title_zh, title_en } = before;
      await addAuditEntry(transaction, "delete", "role", {}, { recordId: before.name, old: { title_zh, title_en } });
      return { status: 204 };
    });
  });
  app.all(`${base}/:name`, onlyTakes("GET, PATCH, DELETE"));

  app.get(`${base}/:name/holders`, async (context) => {
    requireAuditor(context.get("principal"));
    const role = await find(auth.pool, nameOf(context));
    return context.json({ data: await listHolders(auth.pool, role.name) }, 200, noStore);
  });
  app.all(`${base}/:name/holders`, onlyTakes("GET"));

  const changeHolder = (method: "PUT" | "DELETE", action: string, statement: string): void => {
    app.on(method, `${base}/:name/holders/:user`, async (context) => {
      requireAdministrator(context.get("principal"));
      return write(context, "", async (transaction) => {
        const role = await find(transaction.client, nameOf(context));
        const user = context.req.param("user") ?? "";
        const isId = idField.safeParse(user).success;
        const known = isId ? await query(transaction.client, "select from auth.holders where user_id::text = $1", [user]) : [];
        if (known.length === 0) throw new Problem(404, `there is no account ${user.slice(0, 60)}`);
        const changed = await query(transaction.client, `${statement} returning user_id`, [user, role.name]);
        if (changed.length > 0) await addAuditEntry(transaction, action, "role", { user_id: user }, { recordId: role.name });
        return { status: 204 };
      });
    });
  };
  changeHolder("PUT", "give", "insert into auth.user_roles (user_id, role) values ($1::uuid, $2) on conflict do nothing");
  changeHolder("DELETE", "take", "delete from auth.user_roles where user_id = $1::uuid and role = $2");
  app.all(`${base}/:name/holders/:user`, onlyTakes("PUT, DELETE"));

  return app;
};
