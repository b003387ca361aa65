import type { ColumnRule, Permission } from "../auth/permissions.ts";
import type { Role } from "../auth/scope.ts";
import { createParams, query, type Queryable, quoted } from "./sql.ts";

/** Rules of permission as rows: these tables are the owner's, so `client` must be of the owner's pool. */
export interface RoleRow {
  name: Role;
  title_zh: string;
  title_en: string;
  is_built_in: boolean;
  version: number;
  /** Active accounts that have it. */
  holders: number;
}

export type Stored<Rule> = Rule & { id: string; version: number };

const permissionColumns = ["role", "entity", "action", "rows", "customers", "product_lines"] as const;
const columnRuleColumns = ["role", "entity", "column_name", "visibility", "whose"] as const;

export const listRoles = (client: Queryable, name?: string): Promise<RoleRow[]> =>
  query<RoleRow & Record<string, unknown>>(
    client,
    `select role.name, role.title_zh, role.title_en, role.is_built_in, role.version,
            (select count(*) from auth.user_roles as held join auth.holders as holder using (user_id) where held.role = role.name and holder.active) as holders
     from auth.roles as role where $1::text is null or role.name = $1 order by role.is_built_in desc, role.name`,
    [name ?? null],
  );

export interface Holder extends Record<string, unknown> {
  user_id: string;
  name: string;
  email: string;
  employee_id: string | null;
  active: boolean;
  roles: string[];
}

/** The accounts that have a role; without one, all. */
export const listHolders = (client: Queryable, role: string | null): Promise<Holder[]> =>
  query<Holder>(
    client,
    `select account.id as user_id, account.name, account.email, holder.employee_id, holder.active,
            array(select held.role from auth.user_roles as held where held.user_id = account.id order by held.role) as roles
     from auth."user" as account join auth.holders as holder on holder.user_id = account.id
     where $1::text is null or exists (select from auth.user_roles as held where held.user_id = account.id and held.role = $1)
     order by account.name, account.id`,
    [role],
  );

/** A table of rules that are written alike. */
interface RuleTable {
  table: string;
  columns: readonly string[];
  order: string;
}
const permissionTable: RuleTable = {
  table: "auth.permissions",
  columns: permissionColumns,
  order: "role, entity, action, rows, customers::text, product_lines::text",
};
const columnRuleTable: RuleTable = { table: "auth.column_rules", columns: columnRuleColumns, order: "role, entity, column_name, whose" };

export interface RuleStore<Rule> {
  list(client: Queryable, where?: Partial<Record<string, string>>): Promise<Stored<Rule>[]>;
  find(client: Queryable, id: string): Promise<Stored<Rule> | undefined>;
  insert(client: Queryable, rule: Rule): Promise<Stored<Rule>>;
  update(client: Queryable, id: string, rule: Rule): Promise<Stored<Rule>>;
  remove(client: Queryable, id: string): Promise<void>;
}

const storeOf = <Rule extends object>({ table, columns, order }: RuleTable): RuleStore<Rule> => {
  const list = ["id", ...columns, "version"].map(quoted).join(", ");
  const valuesOf = (rule: Rule): unknown[] =>
    columns.map((column) => {
      const value = (rule as Record<string, unknown>)[column] ?? null;
      return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
    });
  type Found = Stored<Rule> & Record<string, unknown>;
  const one = (rows: Found[]): Stored<Rule> => {
    const [row] = rows;
    if (!row) throw new Error(`${table}: the rule vanished while it was written`);
    return row;
  };
  return {
    list: (client, where = {}) => {
      const params = createParams();
      const conditions = Object.entries(where).flatMap(([column, value]) =>
        value === undefined ? [] : [`${quoted(column)} = ${params.add(value)}`],
      );
      const condition = conditions.length > 0 ? `where ${conditions.join(" and ")}` : "";
      return query<Found>(client, `select ${list} from ${table} ${condition} order by ${order}`, params.values);
    },
    find: async (client, id) => (await query<Found>(client, `select ${list} from ${table} where id::text = $1 for update`, [id]))[0],
    insert: async (client, rule) => {
      const places = columns.map((_, index) => `$${index + 1}`).join(", ");
      const text = `insert into ${table} (${columns.map(quoted).join(", ")}) values (${places}) returning ${list}`;
      return one(await query<Found>(client, text, valuesOf(rule)));
    },
    update: async (client, id, rule) => {
      const places = columns.map((column, index) => `${quoted(column)} = $${index + 2}`).join(", ");
      const text = `update ${table} set ${places}, version = version + 1 where id = $1 returning ${list}`;
      return one(await query<Found>(client, text, [id, ...valuesOf(rule)]));
    },
    remove: async (client, id) => {
      await query(client, `delete from ${table} where id = $1`, [id]);
    },
  };
};

export const permissionStore = storeOf<Permission>(permissionTable);
export const columnRuleStore = storeOf<ColumnRule>(columnRuleTable);
