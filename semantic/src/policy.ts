/**
 * The one policy, below Cube: which marts a scope may read and by which predicate. Pure. A mart without metadata has no view, and what has no
 * view does not exist for the caller: also in sub-queries, multi-stage measures and drop-downs, whatever SQL was planned.
 */
import { createHash } from "node:crypto";
import { accessTo, customerGroupColumns, entityNamed, maskedSql, maskOf, ownRows } from "@kehu/operational-api/definitions";
import type { RowGrant, RowTerm, Scope, Visibility } from "@kehu/operational-api/definitions";
import type { ColumnOrigin, OriginColumn } from "./column-origins.ts";

export type Purpose = "read" | "export";
export type CallerScope = Scope | "unrestricted";

/** A row of `snap.meta.marts`. */
export interface Mart {
  schema: string;
  name: string;
  scope: MartScope | undefined;
  /** The build that last rebuilt it. */
  version: string;
  /** Its columns with what they show of entities' columns. Undefined: not known, so closed to who does not see every column. */
  columns?: readonly OriginColumn[];
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

/** The mart that says whose a customer is. */
const customerMart = "dim_customers";
/** The mart that says which product a product key is. */
const productMart = "dim_products";
/** The mart that says which products an order is about. */
const lineMart = "fct_order_lines";
/** Marts whose rows show that an employee has to do with a customer. */
const dealingMarts = ["fct_activities", "fct_opportunities", "fct_orders", "fct_receipts"];

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
  // A compiled scope's export grant lies within its read grant already.
  if (right.rows === "all" || left.terms || right.terms) return right.rows === "all" ? left : right;
  const common = (one: string[], other: string[]) => one.filter((id) => other.includes(id));
  return {
    rows: "some",
    employees: common(left.employees, right.employees),
    departments: common(left.departments, right.departments),
  };
};

/** Whether some column looks different in the holder's own rows: then it matters who that is. */
const seesOwnOtherwise = ({ columns }: Scope): boolean =>
  Object.values(columns).some((limited) => Object.values(limited).some(({ own, others }) => own !== others));

const rights = new WeakMap<Scope, string>();

/** The same for scopes that show the same rows and columns, whoever's they are: five executives share connections and cached results. */
export const rightsOf = (scope: CallerScope): string => {
  if (scope === "unrestricted") return scope;
  const known = rights.get(scope);
  if (known) return known;
  const hash = createHash("sha256")
    .update(JSON.stringify([scope.grants.read, scope.grants.export, scope.columns, seesOwnOtherwise(scope) ? scope.employeeId : null]))
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

/** What of the snapshot a predicate is made with. */
export interface PolicyContext {
  keys: ScopeKeys;
  /** By lower-case name. */
  marts: ReadonlyMap<string, Mart>;
}

/** The temp view that stands for a mart, or undefined when the caller may read none of its rows or columns. */
export const viewOf = (mart: Mart, scope: CallerScope, purpose: Purpose, context: PolicyContext): string | undefined => {
  const predicate = predicateOf(mart, (entity) => grantOf(scope, purpose, entity), context);
  if (predicate === undefined) return undefined;
  const columns = columnsOf(mart, scope, context);
  if (columns?.length === 0) return undefined;
  const where = predicate === "all" ? "" : ` where ${predicate}`;
  return `create temp view ${quoted(mart.name)} as select ${columns?.join(", ") ?? "*"} from ${inSnapshot(mart)}${where}`;
};

const inSnapshot = (mart: Mart): string => `snap.${quoted(mart.schema)}.${quoted(mart.name)}`;

/** The columns of a mart that the caller does not see at all, by name. */
export const hiddenColumns = (columns: readonly OriginColumn[] | undefined, scope: CallerScope): string[] => {
  if (scope === "unrestricted" || !isColumnRestricted(scope)) return [];
  return (columns ?? []).flatMap(({ name, origins }) => {
    const { own, others } = accessOf(origins, scope, true);
    return own === "hide" && others === "hide" ? [name] : [];
  });
};

const isColumnRestricted = (scope: Scope): boolean => Object.keys(scope.columns).length > 0;

/** The select list of a mart whose columns are not all shown; undefined when they are. A column that the catalogue does not name is not among them. */
const columnsOf = (mart: Mart, scope: CallerScope, context: PolicyContext): string[] | undefined => {
  if (scope === "unrestricted" || !isColumnRestricted(scope)) return undefined;
  if (!mart.columns) return [];
  const entities: readonly string[] = typeof mart.scope === "object" ? mart.scope.entities : [];
  const own = predicateOf(mart, () => ownRows(scope), context) ?? "false";
  let isWhole = true;
  const shown = mart.columns.flatMap(({ name, origins }) => {
    const isOfRows = origins.every(({ entity }) => entity !== null && entities.includes(entity));
    const access = accessOf(origins, scope, isOfRows);
    if (access.own === "show" && access.others === "show") return [quoted(name)];
    isWhole = false;
    if (access.own === "hide" && access.others === "hide") return [];
    const as = (visibility: Visibility): string =>
      visibility === "show" ? quoted(name) : visibility === "mask" ? maskOfColumn(name, origins) : "null";
    if (access.own === access.others) return [`${as(access.own)} as ${quoted(name)}`];
    return [`case when ${own} then ${as(access.own)} else ${as(access.others)} end as ${quoted(name)}`];
  });
  return isWhole ? undefined : shown;
};

/** Whether the caller's view of a mart may lack some of its columns, or shows them otherwise. */
export const isNarrowed = (mart: Mart, scope: CallerScope, context: PolicyContext): boolean =>
  columnsOf(mart, scope, context) !== undefined;

const isItself = ({ kind }: ColumnOrigin): boolean => kind === "identity" || kind === "renamed";

/**
 * What the caller sees of a mart's column. Only a column that is an entity's column itself can be masked; what is computed from one that is not shown
 * in every row is hidden, unless row by row: then it is shown in own rows. `isOfRows`: the mart's rows are the entity's, so own ones can be told.
 */
const accessOf = (origins: readonly ColumnOrigin[], scope: Scope, isOfRows: boolean): { own: Visibility; others: Visibility } => {
  const access = { own: "show" as Visibility, others: "show" as Visibility };
  for (const origin of origins) {
    const limited =
      origin.entity === null ? { own: "hide" as const, others: "hide" as const } : accessTo(scope, origin.entity, origin.column);
    if (limited.own === "show" && limited.others === "show") continue;
    const maskable = isItself(origin) && origins.length === 1;
    const possible = (visibility: Visibility): Visibility => (visibility === "mask" && !maskable ? "hide" : visibility);
    const own = isOfRows && origin.kind !== "aggregated" ? limited.own : limited.others;
    access.own = narrower(access.own, possible(own));
    access.others = narrower(access.others, possible(limited.others));
  }
  return access;
};

const narrower = (left: Visibility, right: Visibility): Visibility => {
  if (left === "hide" || right === "hide") return "hide";
  return left === "mask" ? left : right;
};

const maskOfColumn = (name: string, [origin]: readonly ColumnOrigin[]): string => {
  const column = origin?.entity ? entityNamed(origin.entity).columns[origin.column] : undefined;
  const kind = origin && column ? maskOf(origin.column, column) : null;
  return kind ? maskedSql(kind, quoted(name)) : "null";
};

/**
 * The marts whose rows decide what a caller sees of `read`: a cached answer is stale when one of them has changed.
 * `scope`: whose; without it all that could.
 */
export const policyMarts = (read: readonly string[], marts: ReadonlyMap<string, Mart>, scope?: CallerScope): string[] => {
  const byCustomer = read.some((name) => {
    const own = marts.get(name)?.scope;
    return typeof own === "object" && own.customer !== undefined;
  });
  const withTerms = scope === undefined || (scope !== "unrestricted" && hasTerms(scope));
  const narrowing = withTerms ? [customerMart, productMart, lineMart, ...dealingMarts] : byCustomer ? [customerMart] : [];
  return ["dim_employees", "dim_departments", ...narrowing.filter((name) => marts.has(name))];
};

const hasTerms = ({ grants }: Scope): boolean =>
  [grants.read, grants.export].some((bySubject) =>
    Object.values(bySubject).some((grant) => grant.rows === "some" && grant.terms !== undefined),
  );

type GrantOf = (entity: string) => RowGrant;

/** The rows a caller may see, "all", or undefined for none. Those of a customer's mart are the rows whose customer the caller may see; closed when nothing says whose the customers are. */
const predicateOf = (mart: Mart, grantOfEntity: GrantOf, context: PolicyContext): string | undefined => {
  const { scope } = mart;
  if (scope === undefined) return undefined;
  if (scope === "none") return "all";
  if (scope.customer === undefined) return predicateOfGrants(mart, scope, grantOfEntity, context);
  const customers = context.marts.get(customerMart);
  if (!customers || typeof customers.scope !== "object") return undefined;
  const predicate = predicateOfGrants(customers, { ...customers.scope, entities: scope.entities }, grantOfEntity, context);
  if (predicate === undefined || predicate === "all") return predicate;
  return `${quoted(scope.customer)} in (select customer_key from ${inSnapshot(customers)} where ${predicate})`;
};

type OwnedScope = Exclude<MartScope, "none">;

const predicateOfGrants = (mart: Mart, scope: OwnedScope, grantOfEntity: GrantOf, context: PolicyContext): string | undefined => {
  // Grants that show the same rows make one term.
  const terms = new Set<string>();
  for (const entity of scope.entities) {
    const term = predicateOfGrant(mart, scope, grantOfEntity(entity), context);
    if (term === undefined) return undefined;
    if (term !== "all") terms.add(term);
  }
  if (terms.size === 0) return "all";
  return terms.size === 1 ? [...terms][0] : [...terms].map((term) => `(${term})`).join(" and ");
};

const predicateOfGrant = (mart: Mart, scope: OwnedScope, grant: RowGrant, context: PolicyContext): string | undefined => {
  if (grant.rows === "none") return undefined;
  if (grant.rows === "all") return "all";
  if (!scope.employee.length && !scope.department) return undefined;
  const { employees, departments, terms = [] } = grant;
  const people = ofPeople(scope, { employees, departments }, context.keys);
  if (terms.length === 0) return people;
  return [people, ...terms.map((term) => ofTerm(mart, scope, term, context))].map((way) => `(${way})`).join(" or ");
};

const listOf = (ids: readonly string[], known: ReadonlyMap<string, number>): string | undefined => {
  const keys = ids.map((id) => known.get(id)).filter((key) => key !== undefined);
  return keys.length ? `in (${keys.join(", ")})` : undefined;
};

const ofPeople = (scope: OwnedScope, { employees, departments }: NonNullable<RowTerm["people"]>, keys: ScopeKeys): string => {
  const isIn = (column: string, ids: string[], known: ReadonlyMap<string, number>): string => {
    const list = listOf(ids, known);
    return list ? `${quoted(column)} ${list}` : "false";
  };
  // A NULL column makes its term NULL, which a WHERE takes for false.
  const byEmployee = scope.employee.map((column) => isIn(column, employees, keys.employees));
  const unowned = scope.employee.map((column) => `${quoted(column)} is null`);
  const byDepartment = scope.department ? [[...unowned, isIn(scope.department, departments, keys.departments)].join(" and ")] : [];
  return [...byEmployee, ...byDepartment].map((each) => `(${each})`).join(" or ");
};

/** The rows of which everything that a term names holds. What a mart has no column for shows nothing. */
const ofTerm = (mart: Mart, scope: OwnedScope, term: RowTerm, { keys, marts }: PolicyContext): string => {
  const has = (column: string): boolean => mart.columns?.some(({ name }) => name === column) ?? false;
  const among = (column: string, other: string, where: string): string => {
    const of = marts.get(other);
    return of && has(column) ? `${quoted(column)} in (select ${quoted(column)} from ${inSnapshot(of)} where ${where})` : "false";
  };
  const conditions: string[] = [];
  if (term.people) conditions.push(`(${ofPeople(scope, term.people, keys)})`);
  if (term.pool) {
    const unowned = scope.employee.map((column) => `${quoted(column)} is null`);
    conditions.push(unowned.length ? unowned.join(" and ") : "false");
  }
  if (term.related) {
    const list = listOf(term.related, keys.employees);
    const ways = list ? dealingMarts.map((other) => among("customer_key", other, `owner_key ${list}`)) : ["false"];
    conditions.push(`(${ways.join(" or ")})`);
  }
  if (term.customers) {
    const group = Object.entries(term.customers).map(([column, values]) => {
      const name = customerGroupColumns[column];
      return name ? `${quoted(name)} in (${values.map(literal).join(", ")})` : "false";
    });
    conditions.push(mart.name === customerMart ? group.join(" and ") : among("customer_key", customerMart, group.join(" and ")));
  }
  if (term.products) {
    const products = marts.get(productMart);
    const list = term.products.map(literal).join(", ");
    const named = products
      ? `product_key in (select product_key from ${inSnapshot(products)} where product_id::varchar in (${list}))`
      : "false";
    conditions.push(has("product_key") && products ? named : among("order_key", lineMart, named));
  }
  return conditions.length ? conditions.join(" and ") : "false";
};

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
