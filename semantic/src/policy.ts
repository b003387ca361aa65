/**
 * The one policy, below Cube: which marts a scope may read and by which predicate. Pure. A mart without metadata has no view, and what has no
 * view does not exist for the caller: also in sub-queries, multi-stage measures and drop-downs, whatever SQL was planned.
 */
import { createHash } from "node:crypto";
import type { RowGrant, Scope } from "@kehu/operational-api";

export type Purpose = "read" | "export";
export type CallerScope = Scope | "unrestricted";

/** A row of `snap.meta.marts`. */
export interface Mart {
  schema: string;
  name: string;
  scope: MartScope | undefined;
  /** The build that last rebuilt it. */
  version: string;
}

export type MartScope =
  | "none"
  | {
      /** Whose grants it needs: a row is visible only when each of them shows it. Several where the figures of a row come from several kinds of record. */
      entities: readonly string[];
      employee: string[];
      department: string | undefined;
      /** Rows are those of the customer with this key, as `dim_customers` of the same snapshot says: right also in a mart that is rebuilt at night only. */
      customer: string | undefined;
    };

type MartColumns = Pick<Exclude<MartScope, "none">, "employee" | "department">;

/** The mart that says whose a customer is. */
export const customerMart = "dim_customers";

/** From `meta.scope` of the mart's YAML as stored in `meta.marts.scope`. Undefined: not declared, so closed. */
export const parseMartScope = (text: string | null): MartScope | undefined => {
  if (text === null) return undefined;
  if (text === "none") return "none";
  const value: unknown = JSON.parse(text);
  if (value === "none") return "none";
  if (typeof value !== "object" || value === null || !("entity" in value)) return undefined;
  const entities = [value.entity].flat();
  if (entities.length === 0 || !entities.every((entity) => typeof entity === "string")) return undefined;
  const { employee, department, customer } = value as {
    employee?: string | string[];
    department?: string;
    customer?: string;
  };
  return { entities, employee: employee === undefined ? [] : [employee].flat(), department, customer };
};

/** Export is never wider than read. */
export const grantOf = (scope: CallerScope, purpose: Purpose, entity: string): RowGrant => {
  if (scope === "unrestricted") return { rows: "all" };
  const read = scope.grants.read[entity] ?? { rows: "none" };
  return purpose === "read" ? read : intersect(read, scope.grants.export[entity] ?? { rows: "none" });
};

const intersect = (left: RowGrant, right: RowGrant): RowGrant => {
  if (left.rows === "none" || right.rows === "none") return { rows: "none" };
  if (left.rows === "all") return right;
  if (right.rows === "all") return left;
  const common = (one: string[], other: string[]) => one.filter((id) => other.includes(id));
  return {
    rows: "some",
    employees: common(left.employees, right.employees),
    departments: common(left.departments, right.departments),
  };
};

const rights = new WeakMap<Scope, string>();

/** The same for scopes that show the same rows, whoever's they are: five executives share connections and cached results. */
export const rightsOf = (scope: CallerScope): string => {
  if (scope === "unrestricted") return scope;
  const known = rights.get(scope);
  if (known) return known;
  const hash = createHash("sha256")
    .update(JSON.stringify([scope.grants.read, scope.grants.export]))
    .digest("hex");
  rights.set(scope, hash);
  return hash;
};

/** Surrogate keys by id, from the snapshot's dimensions. An id that a snapshot does not know yet has no rows in it either. */
export interface ScopeKeys {
  employees: ReadonlyMap<string, number>;
  departments: ReadonlyMap<string, number>;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The temp view that stands for a mart, or undefined when the caller may read none of its rows. `customers`: the mart `customerMart`. */
export const viewOf = (
  mart: Mart,
  scope: CallerScope,
  purpose: Purpose,
  keys: ScopeKeys,
  customers: Mart | undefined,
): string | undefined => {
  const predicate =
    typeof mart.scope === "object" && mart.scope.customer !== undefined
      ? ofCustomer(mart.scope.entities, mart.scope.customer, customers, scope, purpose, keys)
      : predicateOf(mart.scope, scope, purpose, keys);
  if (predicate === undefined) return undefined;
  const where = predicate === "all" ? "" : ` where ${predicate}`;
  return `create temp view ${quoted(mart.name)} as select * from snap.${quoted(mart.schema)}.${quoted(mart.name)}${where}`;
};

/** The marts whose rows decide what a caller sees of `read`: a cached answer is stale when one of them has changed. */
export const policyMarts = (read: readonly string[], marts: ReadonlyMap<string, Mart>): string[] => {
  const byCustomer = read.some((name) => {
    const scope = marts.get(name)?.scope;
    return typeof scope === "object" && scope.customer !== undefined;
  });
  return ["dim_employees", "dim_departments", ...(byCustomer ? [customerMart] : [])];
};

/** The rows whose customer the caller may see; closed when nothing says whose the customers are. */
const ofCustomer = (
  entities: readonly string[],
  column: string,
  customers: Mart | undefined,
  scope: CallerScope,
  purpose: Purpose,
  keys: ScopeKeys,
): string | undefined => {
  if (!customers || typeof customers.scope !== "object") return undefined;
  const predicate = predicateOf({ ...customers.scope, entities }, scope, purpose, keys);
  if (predicate === undefined || predicate === "all") return predicate;
  return `${quoted(column)} in (select customer_key from snap.${quoted(customers.schema)}.${quoted(customers.name)} where ${predicate})`;
};

const predicateOf = (mart: MartScope | undefined, scope: CallerScope, purpose: Purpose, keys: ScopeKeys): string | undefined => {
  if (mart === undefined) return undefined;
  if (mart === "none") return "all";
  // Grants that show the same rows make one term.
  const terms = new Set<string>();
  for (const entity of mart.entities) {
    const term = predicateOfGrant(mart, grantOf(scope, purpose, entity), keys);
    if (term === undefined) return undefined;
    if (term !== "all") terms.add(term);
  }
  if (terms.size === 0) return "all";
  return terms.size === 1 ? [...terms][0] : [...terms].map((term) => `(${term})`).join(" and ");
};

const predicateOfGrant = (mart: MartColumns, grant: RowGrant, keys: ScopeKeys): string | undefined => {
  if (grant.rows === "none") return undefined;
  if (grant.rows === "all") return "all";
  if (!mart.employee.length && !mart.department) return undefined;
  const isIn = (column: string, ids: string[], known: ReadonlyMap<string, number>): string => {
    const list = ids.map((id) => known.get(id)).filter((key) => key !== undefined);
    return list.length ? `${quoted(column)} in (${list.join(", ")})` : "false";
  };
  // A NULL column makes its term NULL, which a WHERE takes for false.
  const byEmployee = mart.employee.map((column) => isIn(column, grant.employees, keys.employees));
  const unowned = mart.employee.map((column) => `${quoted(column)} is null`);
  const byDepartment = mart.department ? [[...unowned, isIn(mart.department, grant.departments, keys.departments)].join(" and ")] : [];
  return [...byEmployee, ...byDepartment].map((each) => `(${each})`).join(" or ");
};
