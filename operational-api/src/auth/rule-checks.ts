import { entities, entityNamed } from "../entities/index.ts";
import { type Fault } from "../problem.ts";
import { dimensionsOf } from "../store/row-terms.ts";
import { maskOf } from "./mask.ts";
import {
  allSubjects,
  type ColumnRule,
  customerGroupColumns,
  everything,
  type Permission,
  publishedAggregates,
  rowScopes,
  specialSubjects,
} from "./permissions.ts";
import { actions, type Action } from "./scope.ts";

const isEntity = (name: string): boolean => entities.some((entity) => entity.name === name);
const isAmong = (names: readonly string[], name: string): boolean => names.includes(name);
const listed = (names: readonly string[]): string => names.join(", ");

export const subjects: readonly string[] = [everything, ...allSubjects, ...specialSubjects];

/** The actions that can be granted on a subject. */
export const actionsOf = (subject: string): readonly Action[] => {
  if (isAmong(specialSubjects, subject)) return ["read"];
  if (isAmong(publishedAggregates, subject)) return ["read", "export"];
  return actions.filter((action) => action !== "approve" || subject === "order" || subject === everything);
};

/** The row scopes that a rule on the subject can name. */
export const rowsOf = (subject: string): readonly string[] => {
  if (!isEntity(subject)) return ["all"];
  const { people, pool, customers } = dimensionsOf(entityNamed(subject));
  if (!people) return ["all"];
  return rowScopes.filter((rows) => (rows !== "public" || pool) && (rows !== "related" || customers));
};

/** By what else a rule on the subject can narrow its rows. */
export const narrowingOf = (subject: string): { customers: boolean; product_lines: boolean } => {
  if (!isEntity(subject)) return { customers: false, product_lines: false };
  const { customers, productLines } = dimensionsOf(entityNamed(subject));
  return { customers, product_lines: productLines };
};

const groupFaults = (customers: Record<string, readonly string[]>): Fault[] =>
  Object.entries(customers).flatMap(([column, values]): Fault[] => {
    const field = `customers.${column}`;
    if (!Object.hasOwn(customerGroupColumns, column)) {
      return [{ field, reason: `is no column to group customers by; allowed: ${listed(Object.keys(customerGroupColumns))}` }];
    }
    if (values.length === 0) return [{ field, reason: "must list at least one value" }];
    const known = entityNamed("customer").columns[column]?.values;
    const unknown = known ? values.filter((value) => !Object.hasOwn(known, value)) : [];
    return unknown.length > 0 ? [{ field, reason: `has no ${listed(unknown)}; allowed: ${listed(Object.keys(known ?? {}))}` }] : [];
  });

/** What is wrong with a permission, each with what would be right. `categories`: the ids of product categories there are. */
export const permissionFaults = (rule: Permission, categories: ReadonlySet<string>): Fault[] => {
  const { entity, action, rows, customers, product_lines: lines } = rule;
  if (!isAmong(subjects, entity)) return [{ field: "entity", reason: `there is no "${entity}"; allowed: ${listed(subjects)}` }];
  const faults: Fault[] = [];
  if (!actionsOf(entity).includes(action)) {
    faults.push({ field: "action", reason: `"${action}" can't be granted on ${entity}; allowed: ${listed(actionsOf(entity))}` });
  }
  if (!rowsOf(entity).includes(rows)) {
    faults.push({ field: "rows", reason: `"${rows}" means nothing for ${entity}; allowed: ${listed(rowsOf(entity))}` });
  }
  const narrowing = narrowingOf(entity);
  if (customers && !narrowing.customers) faults.push({ field: "customers", reason: `${entity} is of no customer; leave it out` });
  else if (customers && Object.keys(customers).length === 0) {
    faults.push({ field: "customers", reason: `must name a column of: ${listed(Object.keys(customerGroupColumns))}; or be null` });
  } else if (customers) faults.push(...groupFaults(customers));
  if (lines && !narrowing.product_lines) faults.push({ field: "product_lines", reason: `${entity} is about no product; leave it out` });
  else if (lines && lines.length === 0)
    faults.push({ field: "product_lines", reason: "must list at least one product category; or be null" });
  else if (lines) {
    const unknown = lines.filter((line) => !categories.has(line));
    if (unknown.length > 0) faults.push({ field: "product_lines", reason: `there is no product category ${listed(unknown)}` });
  }
  return faults;
};

/** What is wrong with a column rule, each with what would be right. */
export const columnRuleFaults = ({ entity, column_name: name, visibility, whose }: ColumnRule): Fault[] => {
  if (entity === everything) {
    return name === everything ? [] : [{ field: "column_name", reason: `of every entity only "${everything}" can be ruled` }];
  }
  if (!isEntity(entity)) {
    return [{ field: "entity", reason: `there is no "${entity}"; allowed: ${listed([everything, ...entities.map((each) => each.name)])}` }];
  }
  const { columns, scope } = entityNamed(entity);
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (name !== everything && !column) {
    return [
      { field: "column_name", reason: `${entity} has no "${name}" to rule; allowed: ${listed([everything, ...Object.keys(columns)])}` },
    ];
  }
  const faults: Fault[] = [];
  if (visibility === "mask" && column && maskOf(name, column) === null) {
    faults.push({ field: "visibility", reason: `only texts can be masked, and ${name} is of type ${column.type}; allowed: show, hide` });
  }
  if (whose === "others" && scope === "reference" && entity !== "employee") {
    faults.push({ field: "whose", reason: `rows of ${entity} are nobody's; allowed: all` });
  }
  return faults;
};
