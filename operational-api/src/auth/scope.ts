/** Who may do what to which rows and sees which columns, compiled from the rules for one principal. Shapes and meaning: docs/architecture.md, "Scope". */

export const actions = ["read", "create", "update", "delete", "export", "approve", "backdate"] as const;
export type Action = (typeof actions)[number];

/** The roles every company has; others are rows of `auth.roles`. */
export const roles = [
  "administrator",
  "executive",
  "sales_manager",
  "sales_rep",
  "analyst",
  "auditor",
  "finance",
  "purchaser",
  "partner",
] as const;
/** The name of a row of `auth.roles`. */
export type Role = string;

/** Rows for which all of what it names holds. What is left out does not matter. */
export interface RowTerm {
  /** Rows of these employees (ids), and rows of these departments (ids) that name no employee. */
  people?: { employees: string[]; departments: string[] };
  /** Rows that belong to nobody: the public pool. */
  pool?: true;
  /** Rows of customers with whom one of these employees (ids) has a document or an activity of his own. */
  related?: string[];
  /** Rows of customers that have one of the values in each of these columns of `customer`. */
  customers?: Record<string, string[]>;
  /** Rows about one of these products (ids). */
  products?: string[];
}

/** `some`: rows of these employees (ids), rows of these departments (ids) that name no employee, and the rows of any of `terms`. */
export type RowGrant = { rows: "all" } | { rows: "none" } | { rows: "some"; employees: string[]; departments: string[]; terms?: RowTerm[] };

export const visibilities = ["show", "mask", "hide"] as const;
export type Visibility = (typeof visibilities)[number];

/** What a caller sees of a column: in the rows that are the caller's own, and in all others. */
export interface ColumnAccess {
  own: Visibility;
  others: Visibility;
}

export interface Scope {
  /** Changes whenever anything below would. Part of every cache key. */
  version: string;
  userId: string;
  employeeId: string | null;
  roles: Role[];
  /** By action, then by entity name (or published aggregate). What is not named is `none`. */
  grants: Record<Action, Record<string, RowGrant>>;
  /** By entity name, then by column: those that are not shown in every row. */
  columns: Record<string, Record<string, ColumnAccess>>;
}

export const grantFor = (scope: Scope, action: Action, entity: string): RowGrant => scope.grants[action][entity] ?? { rows: "none" };

const shown: ColumnAccess = { own: "show", others: "show" };

/** What the scope's holder sees of a column that the entity has. */
export const accessTo = (scope: Pick<Scope, "columns">, entity: string, column: string): ColumnAccess =>
  scope.columns[entity]?.[column] ?? shown;

/** The rows that are the holder's own: by name, or by the customer's current owner. */
export const ownRows = (scope: Pick<Scope, "employeeId">): RowGrant =>
  scope.employeeId === null ? { rows: "none" } : { rows: "some", employees: [scope.employeeId], departments: [] };
