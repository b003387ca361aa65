import type { RowGrant, RowTerm } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { entityNamed } from "../entities/index.ts";
import { type Params, quoted } from "./sql.ts";

/** Tables whose rows show that an employee has to do with a customer. */
const dealings = ["activities", "opportunities", "orders", "receipts"];

type OwnedScope = Exclude<Entity["scope"], "reference">;

const ownedScope = (entity: Entity): OwnedScope | undefined => (entity.scope === "reference" ? undefined : entity.scope);

/** The column that says which customer a row is about; a customer's own id. */
const customerColumn = (entity: Entity): string | undefined => (entity.name === "customer" ? "id" : ownedScope(entity)?.customer);

/** What a rule may narrow rows of an entity by. */
export const dimensionsOf = (entity: Entity): { customers: boolean; productLines: boolean; people: boolean; pool: boolean } => {
  const scope = ownedScope(entity);
  const above = scope?.parent && dimensionsOf(entityNamed(scope.parent.entity));
  const byCustomer = customerColumn(entity) !== undefined;
  return {
    people: scope !== undefined,
    pool: above ? above.pool : scope !== undefined && !scope.department,
    customers: above ? above.customers : byCustomer,
    productLines: (above?.productLines ?? false) || productColumn(entity) || linesOf(entity) !== undefined,
  };
};

const productColumn = (entity: Entity): boolean => entity.scope !== "reference" && entity.columns["product_id"] !== undefined;

const linesOf = ({ children }: Entity): { table: string; parentColumn: string } | undefined => {
  const child = children && entityNamed(children.entity);
  return child?.columns["product_id"] ? { table: child.table, parentColumn: children?.parentColumn ?? "" } : undefined;
};

/** The predicate that is true for the rows of `entity` (as `alias`) of which a term holds. What the entity can't be judged by shows nothing. */
const withinTerm = (entity: Entity, term: RowTerm, alias: string, params: Params): string => {
  const scope = ownedScope(entity);
  if (!scope) return "false";
  const { products, ...rest } = term;
  const conditions: string[] = [];
  const isOwnProduct = productColumn(entity);
  if (products && isOwnProduct) conditions.push(`${alias}.product_id = any(${params.add(products)}::uuid[])`);
  if (scope.parent) {
    const above = entityNamed(scope.parent.entity);
    const ofParent = isOwnProduct ? rest : term;
    if (Object.keys(ofParent).length > 0) {
      const inner = withinTerm(above, ofParent, "parent", params);
      conditions.push(
        `exists (select from crm.${quoted(above.table)} as parent where parent.id = ${alias}.${quoted(scope.parent.column)} and ${inner})`,
      );
    }
    return allOf(conditions);
  }
  if (products && !isOwnProduct) {
    const lines = linesOf(entity);
    conditions.push(
      lines
        ? `exists (select from crm.${quoted(lines.table)} as line where line.${quoted(lines.parentColumn)} = ${alias}.id and line.deleted_at is null and line.product_id = any(${params.add(products)}::uuid[]))`
        : "false",
    );
  }
  if (term.people) conditions.push(ofPeople(scope, term.people, alias, params));
  if (term.pool) conditions.push(ofNobody(scope, alias));
  const customer = customerColumn(entity);
  if (term.related) conditions.push(customer ? ofRelated(`${alias}.${quoted(customer)}`, term.related, params) : "false");
  if (term.customers) conditions.push(customer ? ofCustomers(entity, customer, term.customers, alias, params) : "false");
  return allOf(conditions);
};

/** A term without a condition would show everything: what asks for nothing was not understood here. */
const allOf = (conditions: readonly string[]): string => (conditions.length > 0 ? conditions.join(" and ") : "false");

const ofPeople = (
  { employee = [], department, customer }: OwnedScope,
  { employees, departments }: NonNullable<RowTerm["people"]>,
  alias: string,
  params: Params,
): string => {
  const named = params.add(employees);
  const ways = employee.map((column) => `${alias}.${quoted(column)} = any(${named}::uuid[])`);
  if (customer) {
    ways.push(
      `exists (select from crm.customers as whose where whose.id = ${alias}.${quoted(customer)} and whose.owner_id = any(${named}::uuid[]))`,
    );
  }
  if (department) {
    const nobody = employee.map((column) => `${alias}.${quoted(column)} is null`);
    ways.push([...nobody, `${alias}.${quoted(department)} = any(${params.add(departments)}::uuid[])`].join(" and "));
  }
  return ways.length > 0 ? `(${ways.join(" or ")})` : "false";
};

/** A row of a department is nobody's for another reason than being in the pool. */
const ofNobody = ({ employee = [], department, customer }: OwnedScope, alias: string): string => {
  if (department) return "false";
  const nobody = employee.map((column) => `${alias}.${quoted(column)} is null`);
  if (customer)
    nobody.push(`exists (select from crm.customers as whose where whose.id = ${alias}.${quoted(customer)} and whose.owner_id is null)`);
  return allOf(nobody);
};

const ofRelated = (customer: string, employees: readonly string[], params: Params): string => {
  const named = params.add(employees);
  const ways = dealings.map(
    (table) =>
      `exists (select from crm.${table} as dealing where dealing.customer_id = ${customer} and dealing.deleted_at is null and dealing.owner_id = any(${named}::uuid[]))`,
  );
  return `(${ways.join(" or ")})`;
};

const ofCustomers = (entity: Entity, column: string, values: Record<string, string[]>, alias: string, params: Params): string => {
  const group = (of: string): string =>
    allOf(Object.entries(values).map(([name, allowed]) => `${of}.${quoted(name)} = any(${params.add(allowed)}::text[])`));
  if (entity.name === "customer") return group(alias);
  return `exists (select from crm.customers as grouped where grouped.id = ${alias}.${quoted(column)} and ${group("grouped")})`;
};

/**
 * The predicate that is true for the rows of `entity` (as `alias`) within a grant. Closed by default: no grant, no rows.
 * A row is within when one of its employee columns, or its customer's current owner, is among the grant's employees,
 * when it names no employee and its department is among the grant's departments, or when all that one of the grant's terms names holds.
 */
export const withinGrant = (entity: Entity, grant: RowGrant, alias: string, params: Params): string => {
  if (grant.rows === "none") return "false";
  if (grant.rows === "all") return "true";
  const { employees, departments, terms = [] } = grant;
  const people: RowTerm[] = employees.length + departments.length > 0 ? [{ people: { employees, departments } }] : [];
  const ways = [...people, ...terms].map((term) => withinTerm(entity, term, alias, params));
  if (ways.length === 0) return "false";
  return ways.length === 1 ? (ways[0] ?? "false") : `(${ways.map((way) => `(${way})`).join(" or ")})`;
};
