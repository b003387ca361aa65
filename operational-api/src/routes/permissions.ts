import { type Context, Hono } from "hono";
import { z } from "zod";
import { type ColumnRule, customerGroupColumns, type Permission, rowScopes } from "../auth/permissions.ts";
import { actionsOf, columnRuleFaults, narrowingOf, permissionFaults, rowsOf, subjects } from "../auth/rule-checks.ts";
import { maskOf } from "../auth/mask.ts";
import { actions, visibilities } from "../auth/scope.ts";
import { entities } from "../entities/index.ts";
import { type Fault, invalid, Problem } from "../problem.ts";
import { addAuditEntry } from "../store/audit.ts";
import { columnRuleStore, listRoles, permissionStore, type RuleStore, type Stored } from "../store/rules.ts";
import { query, type Queryable } from "../store/sql.ts";
import { idField, parseBody, textField } from "../validation/body-schema.ts";
import { controlCharacters } from "../validation/column-schema.ts";
import { type Administration, onlyTakes, requireAdministrator, requireAuditor } from "./administration.ts";
import { checkMatch, type Env, etagOf, readJson, recordBytes } from "./request.ts";

const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `expected one of ${words.join(", ")}` });

const shownValues = z.record(z.string(), z.array(textField(80)).max(200));

/** A permission as a caller writes it. */
export const permissionBody = z.strictObject({
  role: textField(40),
  entity: textField(60).describe('An entity, a published aggregate, a special subject, or "*" for every entity and aggregate'),
  action: oneOf(actions),
  rows: oneOf(rowScopes),
  customers: shownValues
    .nullable()
    .optional()
    .describe(`Only rows of customers with one of the values in each column named: ${Object.keys(customerGroupColumns).join(", ")}`),
  product_lines: z.array(idField).max(200).nullable().optional().describe("Only rows about products of these categories and those below"),
});

/** A column rule as a caller writes it. */
export const columnRuleBody = z.strictObject({
  role: textField(40),
  entity: textField(60).describe('An entity, or "*" for all'),
  column_name: textField(60).describe('A column, or "*" for all; the more exact rule counts, and a column without any is hidden'),
  visibility: oneOf(visibilities),
  whose: oneOf(["all", "others"]).default("all").describe("In which rows: all, or those that are not the caller's own"),
});

interface RuleKind<Rule> {
  /** As the path and the audit trail name it. */
  path: string;
  auditName: string;
  store: RuleStore<Rule>;
  body: z.ZodObject;
  /** Names that a list can be filtered by. */
  filters: readonly string[];
  faults(client: Queryable, rule: Rule): Promise<Fault[]>;
}

const categoriesOf = async (client: Queryable): Promise<ReadonlySet<string>> => {
  const rows = await query<{ id: string }>(client, "select id from crm.product_categories where deleted_at is null");
  return new Set(rows.map(({ id }) => id));
};

const permissionKind: RuleKind<Permission> = {
  path: "permissions",
  auditName: "permission",
  store: permissionStore,
  body: permissionBody,
  filters: ["role", "entity", "action"],
  faults: async (client, rule) => permissionFaults(rule, rule.product_lines ? await categoriesOf(client) : new Set()),
};
const columnRuleKind: RuleKind<ColumnRule> = {
  path: "column-rules",
  auditName: "column_rule",
  store: columnRuleStore,
  body: columnRuleBody,
  filters: ["role", "entity", "column_name"],
  faults: (_client, rule) => Promise.resolve(columnRuleFaults(rule)),
};

const check = async <Rule extends { role: string }>(client: Queryable, kind: RuleKind<Rule>, rule: Rule): Promise<void> => {
  const faults: Fault[] = [];
  const roles = await listRoles(client);
  if (!roles.some(({ name }) => name === rule.role)) {
    faults.push({ field: "role", reason: `there is no role "${rule.role}"; there are ${roles.map(({ name }) => name).join(", ")}` });
  }
  faults.push(...(await kind.faults(client, rule)));
  if (faults.length > 0) throw invalid(faults);
};

/** Somebody must be able to set right what others set wrong. */
const refuseAdministrator = ({ role }: { role: string }): void => {
  if (role === "administrator") throw new Problem(409, "the rules of the role administrator can't be changed");
};

const valuesOf = <Rule extends object>({ id: _id, version: _version, ...rule }: Stored<Rule>): Record<string, unknown> => rule;

const addRuleRoutes = <Rule extends { role: string }>(app: Hono<Env>, kind: RuleKind<Rule>, { auth, write }: Administration): void => {
  const base = `/api/v1/${kind.path}`;
  const notFound = new Problem(404, `there is no such rule at ${base}`);

  app.get(base, async (context) => {
    requireAuditor(context.get("principal"));
    const asked = context.req.query();
    const unknown = Object.keys(asked).filter((name) => !kind.filters.includes(name));
    if (unknown.length > 0) {
      const reason = `is no filter here; allowed: ${kind.filters.join(", ")}`;
      throw new Problem(400, `${unknown.join(", ")} ${reason}`, { errors: unknown.map((field) => ({ field, reason })) });
    }
    const unstorable = Object.keys(asked).filter((name) => controlCharacters.test(asked[name] ?? ""));
    if (unstorable.length > 0) {
      const reason = "must not contain control characters";
      throw new Problem(400, `${unstorable.join(", ")} ${reason}`, { errors: unstorable.map((field) => ({ field, reason })) });
    }
    return context.json({ data: await kind.store.list(auth.pool, asked) }, 200, { "cache-control": "private, no-store" });
  });

  app.post(base, async (context) => {
    requireAdministrator(context.get("principal"));
    const { text, body } = await readJson(context, recordBytes);
    const rule = parseBody(kind.body, body) as unknown as Rule;
    return write(context, text, async (transaction) => {
      await check(transaction.client, kind, rule);
      refuseAdministrator(rule);
      const stored = await kind.store.insert(transaction.client, rule);
      await addAuditEntry(transaction, "create", kind.auditName, valuesOf(stored), { recordId: stored.id });
      return { status: 201, body: stored, headers: { etag: etagOf(stored.version), location: `${base}/${stored.id}` } };
    });
  });
  app.all(base, onlyTakes("GET, POST"));

  const idOf = (context: Context<Env>): string => {
    const id = context.req.param("id") ?? "";
    if (!idField.safeParse(id).success) throw notFound;
    return id;
  };

  app.get(`${base}/:id`, async (context) => {
    requireAuditor(context.get("principal"));
    const stored = await kind.store.find(auth.pool, idOf(context));
    if (!stored) throw notFound;
    return context.json(stored, 200, { etag: etagOf(stored.version), "cache-control": "private, no-store" });
  });

  app.patch(`${base}/:id`, async (context) => {
    requireAdministrator(context.get("principal"));
    const { text, body } = await readJson(context, recordBytes);
    const changes = parseBody(kind.body.partial(), body);
    return write(context, text, async (transaction) => {
      const before = await kind.store.find(transaction.client, idOf(context));
      if (!before) throw notFound;
      checkMatch(context, before.version, true);
      const given = Object.fromEntries(
        Object.entries(changes).filter(([name]) => typeof body === "object" && body !== null && name in body),
      );
      const rule = { ...valuesOf(before), ...given } as unknown as Rule;
      await check(transaction.client, kind, rule);
      refuseAdministrator(before);
      refuseAdministrator(rule);
      const stored = await kind.store.update(transaction.client, before.id, rule);
      await addAuditEntry(transaction, "update", kind.auditName, valuesOf(stored), { recordId: before.id, old: valuesOf(before) });
      return { status: 200, body: stored, headers: { etag: etagOf(stored.version) } };
    });
  });

  app.delete(`${base}/:id`, async (context) => {
    requireAdministrator(context.get("principal"));
    return write(context, "", async (transaction) => {
      const before = await kind.store.find(transaction.client, idOf(context));
      if (!before) throw notFound;
      checkMatch(context, before.version, true);
      refuseAdministrator(before);
      await kind.store.remove(transaction.client, before.id);
      await addAuditEntry(transaction, "delete", kind.auditName, {}, { recordId: before.id, old: valuesOf(before) });
      return { status: 204 };
    });
  });
  app.all(`${base}/:id`, onlyTakes("GET, PATCH, DELETE"));
};

/** What can be ruled, with labels: made from the entities, for whoever edits rules. */
export const choices = {
  subjects: subjects.map((name) => {
    const entity = entities.find((each) => each.name === name);
    return {
      name,
      label: entity?.label ?? null,
      actions: actionsOf(name),
      rows: rowsOf(name),
      narrowing: narrowingOf(name),
      columns: Object.entries(entity?.columns ?? {}).map(([column, definition]) => ({
        name: column,
        label: definition.label,
        is_maskable: maskOf(column, definition) !== null,
        is_personal: definition.personal === true,
      })),
    };
  }),
  customer_columns: Object.keys(customerGroupColumns),
};

/** `/api/v1/permissions`, `/api/v1/column-rules`: read by administrators and auditors, changed by administrators, in effect at once. */
export const permissionRoutes = (administration: Administration): Hono<Env> => {
  const app = new Hono<Env>();
  addRuleRoutes(app, permissionKind, administration);
  addRuleRoutes(app, columnRuleKind, administration);
  app.get("/api/v1/permission-choices", (context) => {
    requireAuditor(context.get("principal"));
    return context.json(choices, 200, { "cache-control": "private, no-store" });
  });
  app.all("/api/v1/permission-choices", onlyTakes("GET"));
  return app;
};
