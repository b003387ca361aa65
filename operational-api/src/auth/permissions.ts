import { entities } from "../entities/index.ts";
import type { Action, Role } from "./scope.ts";

/** Which rows a permission row names, seen from the employee who has the role. */
export const rowScopes = ["own", "subordinates", "department", "department_and_below", "all"] as const;
export type RowScope = (typeof rowScopes)[number];

/** Marts at person x period without documents, granted like an entity. */
export const publishedAggregates = ["leaderboard"] as const;

/** Stands for every entity and published aggregate there is, now and later. */
export const everything = "*";

/** One row of `auth.permissions`. */
export interface Permission {
  role: Role;
  /** An entity's name, a published aggregate, or `*`. */
  entity: string;
  action: Action;
  rows: RowScope;
}

export const allSubjects: readonly string[] = [...entities.map((entity) => entity.name), ...publishedAggregates];

const reference = entities.filter((entity) => entity.scope === "reference").map((entity) => entity.name);
const documents = [
  "customer",
  "contact",
  "customer_event",
  "lead",
  "opportunity",
  "activity",
  "contract",
  "order",
  "order_line",
  "instalment",
  "receipt",
];
/** What somebody else relies on once it is there: a rep changes it but does not take it away. */
const bindingDocuments = new Set(["contract", "order", "order_line", "instalment", "receipt"]);
/** What the company values and when it gives a customer up: decided by those who lead it. */
const valueDefinitions = ["value_criterion", "value_tier", "churn_definition"];

const grant = (role: Role, subjects: readonly string[], granted: readonly Action[], rows: RowScope): Permission[] =>
  subjects.flatMap((entity) => granted.map((action) => ({ role, entity, action, rows })));

/** What a new installation starts with, and what an entity that a later version brings starts with. Data from then on: changed in Postgres, not here. */
export const defaultPermissions: readonly Permission[] = [
  ...grant("administrator", [everything], ["read", "create", "update", "delete", "export", "backdate"], "all"),
  ...grant("executive", [everything], ["read", "export"], "all"),
  ...grant("executive", valueDefinitions, ["create", "update", "delete"], "all"),
  ...grant("analyst", [everything], ["read", "export"], "all"),
  ...grant("sales_manager", documents, ["read", "create", "update", "delete", "export"], "department_and_below"),
  ...grant("sales_manager", ["target"], ["read", "export"], "department_and_below"),
  ...grant("sales_rep", documents, ["read", "create", "update", "export"], "own"),
  ...grant(
    "sales_rep",
    documents.filter((entity) => !bindingDocuments.has(entity)),
    ["delete"],
    "own",
  ),
  ...grant("sales_rep", ["target"], ["read", "export"], "own"),
  ...(["sales_manager", "sales_rep"] as const).flatMap((role) => grant(role, [...reference, ...publishedAggregates], ["read"], "all")),
];

/** What could be granted before `auth.known_subjects` was kept. */
export const firstSubjects: readonly string[] = [
  "department",
  "employee",
  "product_category",
  "product",
  "pipeline_stage",
  "exchange_rate",
  "customer",
  "contact",
  "lead",
  "opportunity",
  "activity",
  "order",
  "order_line",
  "receipt",
  "target",
  "leaderboard",
];
