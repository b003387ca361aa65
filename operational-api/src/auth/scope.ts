/** Who may do what to which rows, compiled from the permission rows for one principal. Shapes and meaning: docs/architecture.md, "Scope". */

export const actions = ["read", "create", "update", "delete", "export", "backdate"] as const;
export type Action = (typeof actions)[number];

export const roles = ["administrator", "executive", "sales_manager", "sales_rep", "analyst"] as const;
export type Role = (typeof roles)[number];

/** `some`: rows of these employees (ids), and rows of these departments (ids) that name no employee. */
export type RowGrant = { rows: "all" } | { rows: "none" } | { rows: "some"; employees: string[]; departments: string[] };

export interface Scope {
  /** Changes whenever anything below would. Part of every cache key. */
  version: string;
  userId: string;
  employeeId: string | null;
  roles: Role[];
  /** By action, then by entity name (or published aggregate). What is not named is `none`. */
  grants: Record<Action, Record<string, RowGrant>>;
}

export const grantFor = (scope: Scope, action: Action, entity: string): RowGrant => scope.grants[action][entity] ?? { rows: "none" };
