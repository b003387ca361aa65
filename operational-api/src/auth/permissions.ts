import { entities } from "../entities/index.ts";
import type { Action, Role, roles, Visibility } from "./scope.ts";

/** Which rows a permission row names, seen from the employee who has the role. */
export const rowScopes = ["own", "subordinates", "department", "department_and_below", "related", "public", "all"] as const;
export type RowScope = (typeof rowScopes)[number];

/** Marts at person x period without documents, granted like an entity. */
export const publishedAggregates = ["leaderboard"] as const;

/** What is granted by name only, never by `*`: reading the audit trail, looking with another's eyes. */
export const specialSubjects = ["audit_trail", "see_as"] as const;

/** Stands for every entity and published aggregate (or column) there is, now and later. */
export const everything = "*";

/** Columns of a customer by whose values a rule may pick a group of customers; in the warehouse `dim_customers` has them under the name given. */
export const customerGroupColumns: Readonly<Record<string, string>> = {
  kind: "kind",
  industry: "industry",
  ownership: "ownership",
  level: "level",
  source: "source",
  status: "status",
  country: "country",
  province: "region",
  city: "city",
};

/** One row of `auth.permissions`. Several rows for the same role, entity and action are a union; within a row everything named must hold. */
export interface Permission {
  role: Role;
  /** An entity's name, a published aggregate, a special subject, or `*`. */
  entity: string;
  action: Action;
  rows: RowScope;
  /** Only rows of customers that have one of the values in each column named. */
  customers?: Record<string, string[]> | null;
  /** Only rows about products of these categories (ids) and those below them. */
  product_lines?: string[] | null;
}

/** One row of `auth.column_rules`: the more exactly it names entity and column, the more it counts; a column without any rule is hidden. */
export interface ColumnRule {
  role: Role;
  /** An entity's name or `*`. */
  entity: string;
  /** A column's name or `*`. */
  column_name: string;
  visibility: Visibility;
  /** In which rows: all, or those that are not the caller's own. */
  whose: "all" | "others";
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
/** What the finance line reads besides its own documents. */
const billed = ["customer", "contract", "order", "order_line"];

type BuiltInRole = (typeof roles)[number];

const grant = (role: BuiltInRole, subjects: readonly string[], granted: readonly Action[], rows: RowScope): Permission[] =>
  subjects.flatMap((entity) => granted.map((action) => ({ role, entity, action, rows })));

/** What a new installation starts with, and what an entity that a later version brings starts with. Data from then on: changed in Postgres, not here. */
export const defaultPermissions: readonly Permission[] = [
  ...grant("administrator", [everything], ["read", "create", "update", "delete", "export", "approve", "backdate"], "all"),
  ...grant("administrator", specialSubjects, ["read"], "all"),
  ...grant("executive", [everything], ["read", "export"], "all"),
  ...grant("executive", valueDefinitions, ["create", "update", "delete"], "all"),
  ...grant("analyst", [everything], ["read", "export"], "all"),
  ...grant("auditor", [everything], ["read"], "all"),
  ...grant("auditor", specialSubjects, ["read"], "all"),
  ...grant("sales_manager", documents, ["read", "create", "update", "delete", "export"], "department_and_below"),
  ...grant("sales_manager", ["order"], ["approve"], "department_and_below"),
  ...grant("sales_manager", ["target"], ["read", "export"], "department_and_below"),
  ...grant("sales_rep", documents, ["read", "create", "update", "export"], "own"),
  ...grant(
    "sales_rep",
    documents.filter((entity) => !bindingDocuments.has(entity)),
    ["delete"],
    "own",
  ),
  ...grant("sales_rep", ["target"], ["read", "export"], "own"),
  ...grant("finance", billed, ["read", "export"], "all"),
  ...grant("finance", ["instalment", "receipt"], ["read", "create", "update", "delete", "export"], "all"),
  ...grant("finance", ["exchange_rate"], ["create", "update", "delete"], "all"),
  ...grant("purchaser", ["product", "product_category"], ["create", "update", "export"], "all"),
  ...grant("partner", ["customer", "contact", "lead", "opportunity", "activity"], ["read", "create", "update"], "department"),
  ...grant("partner", ["order", "order_line"], ["read"], "department"),
  ...grant("partner", ["product", "product_category", "pipeline_stage", "close_reason"], ["read"], "all"),
  ...(["sales_manager", "sales_rep"] as const).flatMap((role) => grant(role, [...reference, ...publishedAggregates], ["read"], "all")),
  ...(["finance", "purchaser"] as const).flatMap((role) => grant(role, reference, ["read"], "all")),
];

const contactDetails: readonly (readonly [entity: string, column: string])[] = [
  ["customer", "phone"],
  ["contact", "mobile"],
  ["contact", "email"],
  ["lead", "mobile"],
];

const mask = (role: BuiltInRole, whose: ColumnRule["whose"]): ColumnRule[] =>
  contactDetails.map(([entity, column_name]) => ({ role, entity, column_name, visibility: "mask", whose }));

/** The column rules that a new installation starts with: everything is shown, contact details of others' customers masked to those who sell or analyse. */
export const defaultColumnRules = (named: readonly Role[]): ColumnRule[] => {
  const rules: ColumnRule[] = [
    ...named.map((role): ColumnRule => ({ role, entity: everything, column_name: everything, visibility: "show", whose: "all" })),
    ...mask("sales_rep", "others"),
    ...mask("partner", "others"),
    ...mask("analyst", "all"),
    ...mask("auditor", "all"),
    { role: "partner", entity: "order_line", column_name: "unit_cost", visibility: "hide", whose: "all" },
    { role: "partner", entity: "product", column_name: "cost_price", visibility: "hide", whose: "all" },
  ];
  return rules.filter(({ role }) => named.includes(role));
};

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
