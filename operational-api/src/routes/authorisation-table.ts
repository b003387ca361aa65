/** The authorisation matrix as stated, by hand: what each role may do with whose records on which route. The test asks every cell of it. */

/** Whose records there are: nora leads ned, sara is in another department, the last are nobody's. */
export const owners = ["nora", "ned", "sara", "nobody"] as const;
export type Owner = (typeof owners)[number];

/** As whom each role asks. */
export const callers = {
  administrator: null,
  executive: null,
  analyst: null,
  auditor: null,
  finance: null,
  purchaser: null,
  sales_manager: "nora",
  sales_rep: "ned",
  partner: "ned",
} as const;
export type CallerRole = keyof typeof callers;
export const callerRoles = Object.keys(callers) as CallerRole[];

export type Verb = "read" | "create" | "update" | "delete" | "approve";
/** `team`: one's own department's. */
export type Reach = "all" | "team" | "own" | "none";

export const reached: Record<Reach, (role: CallerRole) => readonly Owner[]> = {
  all: () => owners,
  team: () => ["nora", "ned"],
  own: (role) => owners.filter((owner) => owner === callers[role]),
  none: () => [],
};

/** Kinds of entities that every role treats alike. */
export const groups = {
  dealings: ["customer", "contact", "customer_event", "lead", "opportunity", "activity"],
  contracts: ["contract"],
  orders: ["order", "order_line"],
  money: ["instalment", "receipt"],
  targets: ["target"],
  definitions: ["value_criterion", "value_tier", "churn_definition"],
  products: ["product", "product_category"],
  rates: ["exchange_rate"],
  pipeline: ["pipeline_stage", "close_reason"],
  company: ["department", "employee", "company_setting"],
} as const;
export type Group = keyof typeof groups;

/** Read, create, update, delete, approve, in this order. */
type Row = readonly [Reach, Reach, Reach, Reach, Reach];
const nothing: Row = ["none", "none", "none", "none", "none"];
const everything: Row = ["all", "all", "all", "all", "all"];
const reading: Row = ["all", "none", "none", "none", "none"];
const changing: Row = ["all", "all", "all", "all", "none"];
const teamwork: Row = ["team", "team", "team", "team", "none"];
const selling: Row = ["own", "own", "own", "own", "none"];
const binding: Row = ["own", "own", "own", "none", "none"];

const same = (row: Row): Record<Group, Row> => ({
  dealings: row,
  contracts: row,
  orders: row,
  money: row,
  targets: row,
  definitions: row,
  products: row,
  rates: row,
  pipeline: row,
  company: row,
});

export const table: Record<CallerRole, Record<Group, Row>> = {
  administrator: same(everything),
  executive: { ...same(reading), definitions: changing },
  analyst: same(reading),
  auditor: same(reading),
  finance: { ...same(reading), dealings: nothing, targets: nothing, money: changing, rates: changing },
  purchaser: {
    ...same(reading),
    dealings: nothing,
    contracts: nothing,
    orders: nothing,
    money: nothing,
    targets: nothing,
    products: ["all", "all", "all", "none", "none"],
  },
  sales_manager: {
    ...same(reading),
    dealings: teamwork,
    contracts: teamwork,
    orders: ["team", "team", "team", "team", "team"],
    money: teamwork,
    targets: ["team", "none", "none", "none", "none"],
  },
  sales_rep: {
    ...same(reading),
    dealings: selling,
    contracts: binding,
    orders: binding,
    money: binding,
    targets: ["own", "none", "none", "none", "none"],
  },
  partner: {
    ...same(nothing),
    dealings: ["team", "team", "team", "none", "none"],
    orders: ["team", "none", "none", "none", "none"],
    products: reading,
    pipeline: reading,
  },
};

/** Where an entity is treated otherwise than its group. */
export const exceptions: Partial<Record<CallerRole, Partial<Record<string, Row>>>> = {
  finance: { customer: reading },
  partner: { customer_event: nothing },
};

const verbs = ["read", "create", "update", "delete", "approve"] as const;

/** The stated cell. Throws for an entity that stands in no group: every cell is stated. */
export const reachOf = (role: CallerRole, entity: string, verb: Verb): Reach => {
  const group = (Object.keys(groups) as Group[]).find((each) => (groups[each] as readonly string[]).includes(entity));
  if (!group) throw new Error(`the authorisation matrix states nothing of ${entity}; add it to a group`);
  const row = exceptions[role]?.[entity] ?? table[role][group];
  return row[verbs.indexOf(verb)] ?? "none";
};

const administrators: readonly CallerRole[] = ["administrator"];
const auditors: readonly CallerRole[] = ["administrator", "auditor"];

/**
 * Routes that are about no record: who gets past the question whether he may. By method and path of the OpenAPI document.
 * `sees`: the status for who may, with an empty body and made-up names; null: any that is no refusal of rights.
 */
export const otherRoutes: Readonly<Record<string, { roles: readonly CallerRole[]; sees: number | null }>> = {
  "GET /api/v1/audit": { roles: auditors, sees: 200 },
  "GET /api/v1/audit/seal": { roles: auditors, sees: 200 },
  "POST /api/v1/audit/exports": { roles: auditors, sees: 200 },
  "GET /api/v1/erasures": { roles: administrators, sees: 200 },
  "POST /api/v1/erasures": { roles: administrators, sees: 422 },
  "POST /api/v1/exports": { roles: callerRoles, sees: 422 },
  "GET /api/v1/roles": { roles: auditors, sees: 200 },
  "POST /api/v1/roles": { roles: administrators, sees: 422 },
  "GET /api/v1/roles/{name}": { roles: auditors, sees: 404 },
  "PATCH /api/v1/roles/{name}": { roles: administrators, sees: 404 },
  "DELETE /api/v1/roles/{name}": { roles: administrators, sees: 404 },
  "GET /api/v1/roles/{name}/holders": { roles: auditors, sees: 404 },
  "PUT /api/v1/roles/{name}/holders/{user}": { roles: administrators, sees: 404 },
  "DELETE /api/v1/roles/{name}/holders/{user}": { roles: administrators, sees: 404 },
  "GET /api/v1/permissions": { roles: auditors, sees: 200 },
  "POST /api/v1/permissions": { roles: administrators, sees: 422 },
  "GET /api/v1/permissions/{id}": { roles: auditors, sees: 404 },
  "PATCH /api/v1/permissions/{id}": { roles: administrators, sees: 404 },
  "DELETE /api/v1/permissions/{id}": { roles: administrators, sees: 404 },
  "GET /api/v1/column-rules": { roles: auditors, sees: 200 },
  "POST /api/v1/column-rules": { roles: administrators, sees: 422 },
  "GET /api/v1/column-rules/{id}": { roles: auditors, sees: 404 },
  "PATCH /api/v1/column-rules/{id}": { roles: administrators, sees: 404 },
  "DELETE /api/v1/column-rules/{id}": { roles: administrators, sees: 404 },
  "GET /api/v1/permission-choices": { roles: auditors, sees: 200 },
  "GET /api/v1/see-as": { roles: auditors, sees: 200 },
  "POST /api/v1/see-as": { roles: auditors, sees: 422 },
  "DELETE /api/v1/see-as": { roles: callerRoles, sees: 204 },
  ...Object.fromEntries(
    [
      "GET /api/v1/me",
      "GET /api/v1/me/scope",
      "GET /api/v1/me/session",
      "GET /api/v1/me/sessions",
      "DELETE /api/v1/me/sessions",
      "DELETE /api/v1/me/sessions/{id}",
      "GET /api/v1/me/keys",
      "POST /api/v1/me/keys",
      "DELETE /api/v1/me/keys/{id}",
      "GET /api/v1/me/sql-queries",
      "POST /api/v1/me/sql-queries",
      "PATCH /api/v1/me/sql-queries/{id}",
      "DELETE /api/v1/me/sql-queries/{id}",
      "GET /api/v1/me/sql-runs",
      "POST /api/v1/me/sql-runs",
      "DELETE /api/v1/me/sql-runs",
    ].map((route) => [route, { roles: callerRoles, sees: null }]),
  ),
  ...Object.fromEntries(
    [
      "GET /api/v1/users",
      "POST /api/v1/users",
      "GET /api/v1/users/employees-without-account",
      "GET /api/v1/users/{id}",
      "PATCH /api/v1/users/{id}",
      "POST /api/v1/users/{id}/reset-link",
      "DELETE /api/v1/users/{id}/second-factor",
      "DELETE /api/v1/users/{id}/sessions",
      "DELETE /api/v1/users/{id}/sessions/{session}",
      "DELETE /api/v1/users/{id}/keys",
      "DELETE /api/v1/users/{id}/keys/{key}",
      "GET /api/v1/users/{id}/devices",
      "PATCH /api/v1/users/{id}/devices/{device}",
      "DELETE /api/v1/users/{id}/devices/{device}",
      "GET /api/v1/account-settings",
      "PATCH /api/v1/account-settings",
    ].map((route) => [route, { roles: administrators, sees: null }]),
  ),
  // The link in the letter decides, not the role.
  "POST /api/v1/device-links": { roles: [], sees: null },
  "POST /api/v1/customers/duplicate-check": { roles: ["administrator", "sales_manager", "sales_rep", "partner"], sees: 422 },
};

/** What a role sees of contact details in the rows it reads; everything else of every record is shown. */
export const details: Record<CallerRole, "shown" | "masked" | "masked to others"> = {
  administrator: "shown",
  executive: "shown",
  analyst: "masked",
  auditor: "masked",
  finance: "shown",
  purchaser: "shown",
  sales_manager: "shown",
  sales_rep: "masked to others",
  partner: "masked to others",
};

/** By collection: the columns that are masked, raw and masked. */
export const maskedColumns: Readonly<Record<string, Readonly<Record<string, readonly [raw: string, masked: string]>>>> = {
  customer: { phone: ["021-88886666", "021****6666"] },
  contact: { mobile: ["13812345678", "138****5678"], email: ["li.na@example.com", "l***@example.com"] },
  lead: { mobile: ["13987654321", "139****4321"] },
};

/** Columns that a role sees in no row. */
export const hiddenColumns: Partial<Record<CallerRole, Readonly<Record<string, readonly string[]>>>> = {
  partner: { order_line: ["unit_cost"], product: ["cost_price"] },
};
