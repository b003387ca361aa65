import { createHash } from "node:crypto";
import type { Pool } from "pg";
import { compileColumns } from "./compile-columns.ts";
import { createRowResolver, narrowest, widest, type Organisation } from "./organisation.ts";
import { allSubjects, type ColumnRule, everything, type Permission } from "./permissions.ts";
import { actions, type Action, type Role, type RowGrant, type Scope } from "./scope.ts";

/** Who is asking, as the database knows it. */
export interface Holder {
  userId: string;
  /** False for a stopped account, and for one whose employee has left. */
  active: boolean;
  employeeId: string | null;
  roles: Role[];
}

/** The rules of a holder's roles. */
export interface Rules {
  permissions: readonly Permission[];
  columns: readonly ColumnRule[];
}

/**
 * Rules to grants and columns: what no rule names stays unnamed, hence `none`, or hidden; several roles are a union; `export` is never wider than `read`.
 * Pure: the same rows and trees give the same version.
 */
export function scopeFrom(holder: Holder, { permissions, columns: columnRules }: Rules, organisation: Organisation): Scope {
  const roles = holder.active ? [...holder.roles].sort() : [];
  const employeeId = holder.active ? holder.employeeId : null;
  const resolve = createRowResolver(organisation, employeeId);
  // Most rules are of one kind: its grant, which may name thousands of employees, is made once.
  const resolved = new Map<string, RowGrant>();
  const rowsOf = (rule: Permission): RowGrant => {
    const key = JSON.stringify([rule.rows, rule.customers ?? null, rule.product_lines ?? null]);
    const known = resolved.get(key) ?? resolve(rule);
    resolved.set(key, known);
    return known;
  };
  const own = permissions.filter(({ role }) => roles.includes(role));

  const grants = Object.fromEntries(actions.map((action) => [action, {}])) as Record<Action, Record<string, RowGrant>>;
  for (const rule of own) {
    const { entity, action } = rule;
    for (const subject of entity === everything ? allSubjects : [entity]) {
      const grant = widest(grants[action][subject] ?? { rows: "none" }, rowsOf(rule));
      if (grant.rows !== "none") grants[action][subject] = grant;
    }
  }
  for (const [subject, grant] of Object.entries(grants.export)) {
    const readable = narrowest(grant, grants.read[subject] ?? { rows: "none" });
    if (readable.rows === "none") delete grants.export[subject];
    else grants.export[subject] = readable;
  }
  const columns = compileColumns(roles, own, columnRules);
  const content = { userId: holder.userId, employeeId, roles, grants, columns };
  return { version: versionOf(content), ...content };
}

function versionOf(content: Omit<Scope, "version">): string {
  const digest = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url");
  // Most entities share one grant, which may name thousands of employees: each is digested once.
  const known = new Map<RowGrant, string>();
  const ofGrant = (grant: RowGrant): string => known.get(grant) ?? known.set(grant, digest(grant)).get(grant) ?? "";
  const sorted = actions.map((action) =>
    Object.entries(content.grants[action])
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([subject, grant]) => [subject, ofGrant(grant)]),
  );
  return digest([content.userId, content.employeeId, content.roles, sorted, content.columns]).slice(0, 22);
}

/** The scope of a user as of now. Nobody's (no grants) for an unknown, stopped or departed user. Throws when the database can't be asked. */
export async function compileScope(pool: Pool, userId: string): Promise<Scope> {
  const holder = await findHolder(pool, userId);
  if (!holder.active) return scopeFrom(holder, { permissions: [], columns: [] }, { employees: [], departments: [] });
  const [permissions, columns, organisation] = await Promise.all([
    pool.query<Permission>(
      `select role, entity, action, rows, customers, product_lines from auth.permissions where role = any($1)
       order by role, entity, action, rows, customers::text, product_lines::text`,
      [holder.roles],
    ),
    pool.query<ColumnRule>(
      `select role, entity, column_name, visibility, whose from auth.column_rules where role = any($1) order by role, entity, column_name, whose`,
      [holder.roles],
    ),
    readOrganisation(pool),
  ]);
  const lines = permissions.rows.some(({ product_lines }) => product_lines) ? await readProducts(pool) : {};
  return scopeFrom(holder, { permissions: permissions.rows, columns: columns.rows }, { ...organisation, ...lines });
}

async function findHolder(pool: Pool, userId: string): Promise<Holder> {
  const { rows } = await pool.query<{ employeeId: string | null; active: boolean; roles: Role[] }>(
    `select holder.employee_id as "employeeId",
            holder.active and (holder.employee_id is null or coalesce(employee.status = 'active' and employee.deleted_at is null, false)) as active,
            array(select role from auth.user_roles where user_id = holder.user_id order by role) as roles
       from auth.holders as holder
       left join crm.employees as employee on employee.id = holder.employee_id
      where holder.user_id::text = $1`,
    [userId],
  );
  return { userId, ...(rows[0] ?? { employeeId: null, active: false, roles: [] }) };
}

async function readOrganisation(pool: Pool): Promise<Organisation> {
  const [employees, departments] = await Promise.all([
    pool.query<Organisation["employees"][number]>(
      `select id, manager_id as "managerId", department_id as "departmentId" from crm.employees`,
    ),
    pool.query<Organisation["departments"][number]>(`select id, parent_id as "parentId" from crm.departments`),
  ]);
  return { employees: employees.rows, departments: departments.rows };
}

async function readProducts(pool: Pool): Promise<Pick<Organisation, "categories" | "products">> {
  const [categories, products] = await Promise.all([
    pool.query<{ id: string; parentId: string | null }>(`select id, parent_id as "parentId" from crm.product_categories`),
    pool.query<{ id: string; categoryId: string | null }>(`select id, category_id as "categoryId" from crm.products`),
  ]);
  return { categories: categories.rows, products: products.rows };
}
