import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { Client } from "pg";
import { eventually, signInDemo, type Session } from "../stack.ts";
import { views, type CustomerOwners, type Expectation, type Ids, type Principal } from "./leak-views.ts";

export const limitedRoles = ["sales_manager", "sales_rep"] as const;
export const roles = ["executive", "analyst", ...limitedRoles] as const;
export type Role = (typeof roles)[number];
export type LimitedRole = (typeof limitedRoles)[number];

export type OwnRows = Extract<Expectation, { rows: "own" | "own by owner" }>;
export const isOwnRows = (expectation: Expectation): expectation is OwnRows =>
  expectation.rows === "own" || expectation.rows === "own by owner";
export const ownViews = Object.entries(views).filter((entry): entry is [string, OwnRows] => isOwnRows(entry[1]));

/** Dimensions by which the rows of a view are grouped to say whose they are. */
export const dimensionsOf = (expectation: OwnRows): readonly string[] => (expectation.rows === "own" ? expectation.rule.by : ["owner_id"]);

/** A view's figure by its groups, each group's ids as JSON in the order of the dimensions. */
export type Groups = ReadonlyMap<string, unknown>;

export const idsOfGroup = (by: readonly string[], group: string): Ids => {
  const values = JSON.parse(group) as (string | null)[];
  return Object.fromEntries(by.map((name, index) => [name, values[index] ?? null]));
};

/** As pairs in one order, to compare. */
export const sorted = (groups: Groups): [string, unknown][] =>
  [...groups].toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));

interface MetaView {
  name: string;
  dimensions: { name: string; type: string }[];
}

/**
 * A running Kehu with its demo company, asked by its four roles. What a manager and a rep may see is reckoned from the rows of Postgres and
 * picked from what the executive gets, so it owes nothing to the policy under test.
 */
export interface LeakCheck {
  sessions: Record<Role, Session>;
  database: Client;
  principals: Record<LimitedRole, Principal>;
  customers: CustomerOwners;
  /** Types of the dimensions that there are, by full name. */
  dimensions: ReadonlyMap<string, string>;
  metaOf(role: Role): Promise<MetaView[]>;
  /** All rows of a query; throws with the answer's status when it is refused. */
  load(role: Role, query: object, purpose?: "read" | "export"): Promise<Record<string, string | null>[]>;
  /** The groups of a view, with a figure or (`measure` null) as a filter's list has them. */
  groupsOf(role: Role, view: string, by: readonly string[], measure: string | null, purpose?: "read" | "export"): Promise<Groups>;
  /** The groups that are the role's: of what the executive gets, or, of a view that doesn't name the customer, as the mart says. */
  ownGroups(view: string, expectation: OwnRows, role: LimitedRole): Promise<Groups>;
  /** Compares again what was compared across two builds, as other tests write meanwhile; what is wrong of one build is thrown. */
  ofOneBuild(compare: () => Promise<void>): Promise<void>;
  /** The figure of each owner over all rows of the mart. */
  martGroups(expectation: Extract<OwnRows, { rows: "own by owner" }>): Promise<Groups>;
  close(): Promise<void>;
}

const limit = 50_000;
const mostAttempts = 5;

/** Waits until the company's estimates are served: they come with a later build than the first. */
export async function openLeakCheck(stack: { url: string; dataDir: string }): Promise<LeakCheck> {
  const sessions = await signInDemo(stack);
  const { port, password } = JSON.parse(await readFile(join(stack.dataDir, "runtime.json"), "utf8")) as { port: number; password: string };
  const database = new Client({ host: "127.0.0.1", port, password, user: "kehu", database: "kehu" });
  await database.connect();
  const principals = await readPrincipals(sessions, database);
  const owned = await database.query<{ id: string; owner_id: string | null }>(
    "select id, owner_id from crm.customers where deleted_at is null",
  );
  const customers = new Map(owned.rows.map(({ id, owner_id }) => [id, owner_id]));
  for (const measure of ["churn_risk.customer_count", "lifetime_value.customer_count", "forecast.sample_months", "forecast_scores.count"])
    await eventually(
      `rows of ${measure}`,
      async () => (Number((await sessions.executive.load({ measures: [measure] })).data[0]?.[measure] ?? 0) > 0 ? true : null),
      240_000,
      500,
    );
  const folder = join(stack.dataDir, "warehouse", "snapshots");
  const newest = async (): Promise<{ build: string; file: string }> => {
    const { build, file } = JSON.parse(await readFile(join(folder, "current.json"), "utf8")) as { build: string; file: string };
    return { build, file: join(folder, file) };
  };
  /** The newest build, once it is served. */
  const servedBuild = (): Promise<string> =>
    eventually("the newest build to be served", async () => {
      const { build } = await newest();
      return (await sessions.executive.load({ measures: ["orders.count"] })).kehu.build === build ? build : null;
    });

  const metaOf: LeakCheck["metaOf"] = async (role) => (await sessions[role].json<{ cubes: MetaView[] }>("/cubejs-api/v1/meta")).cubes;
  const load: LeakCheck["load"] = async (role, query, purpose = "read") => {
    const { data } = await sessions[role].load({ ...query, limit }, purpose === "export" ? { "kehu-purpose": "export" } : {});
    if (data.length >= limit) throw new Error(`${JSON.stringify(query)} has more than ${limit} rows`);
    return data;
  };
  const groupsOf: LeakCheck["groupsOf"] = async (role, view, by, measure, purpose) => {
    const dimensions = by.map((name) => `${view}.${name}`);
    const rows = await load(role, { dimensions, ...(measure ? { measures: [`${view}.${measure}`] } : {}) }, purpose);
    return new Map(
      rows.map((row) => [JSON.stringify(by.map((name) => row[`${view}.${name}`] ?? null)), measure ? row[`${view}.${measure}`] : true]),
    );
  };
  return {
    sessions,
    database,
    principals,
    customers,
    dimensions: new Map((await metaOf("executive")).flatMap((view) => view.dimensions.map(({ name, type }) => [name, type] as const))),
    metaOf,
    load,
    groupsOf,
    ownGroups: async (view, expectation, role) => {
      if (expectation.rows === "own by owner")
        return figuresByOwner((await newest()).file, expectation.mart, expectation.figure, principals[role]);
      const { by, isOf } = expectation.rule;
      const all = await groupsOf("executive", view, by, expectation.measure);
      return new Map([...all].filter(([group]) => isOf(idsOfGroup(by, group), principals[role], customers)));
    },
    ofOneBuild: async (compare) => {
      for (let attempt = 1; ; attempt++) {
        const before = await servedBuild();
        try {
          return await compare();
        } catch (error) {
          if (attempt === mostAttempts || (await servedBuild()) === before) throw error;
        }
      }
    },
    martGroups: async ({ mart, figure }) => figuresByOwner((await newest()).file, mart, figure, null),
    close: () => database.end(),
  };
}

/** Own rows of a rep; of a manager those of the department and all below it. */
async function readPrincipals(sessions: Record<Role, Session>, database: Client): Promise<Record<LimitedRole, Principal>> {
  const idsOf = async (sql: string, parameters: string[]): Promise<Set<string>> =>
    new Set((await database.query<{ id: string }>(sql, parameters)).rows.map(({ id }) => id));
  const [manager, rep] = await Promise.all(
    limitedRoles.map((role) => sessions[role].json<{ employee_id: string; department_id: string }>("/api/v1/me")),
  );
  if (!manager || !rep) throw new Error("the demo accounts have no employees");
  const below = `with recursive below as (
      select id from crm.departments where id = $1 union select child.id from crm.departments as child join below on child.parent_id = below.id)`;
  return {
    sales_manager: {
      employees: await idsOf(`${below} select id from crm.employees where department_id in (select id from below)`, [
        manager.department_id,
      ]),
      departments: await idsOf(`${below} select id from below`, [manager.department_id]),
    },
    sales_rep: { employees: new Set([rep.employee_id]), departments: new Set() },
  };
}

const listed = (ids: ReadonlySet<string>): string => [...ids].map((id) => `'${id}'::uuid`).join(", ") || "null";

/** The figure of each owner over the rows of the mart that are the principal's (null: over all), read from the snapshot file itself. */
async function figuresByOwner(file: string, mart: string, figure: string, principal: Principal | null): Promise<Map<string, string>> {
  const instance = await DuckDBInstance.create(file, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  try {
    const where = principal
      ? `where owners.employee_id in (${listed(principal.employees)}) or customer_owners.employee_id in (${listed(principal.employees)})
           or (held.owner_key is null and held.customer_owner_key is null and units.department_id in (${listed(principal.departments)}))`
      : "";
    const reader = await connection.runAndReadAll(`
      select owners.employee_id::varchar, (${figure})::bigint::varchar
        from ${mart} as held
        left join marts.dim_employees as owners on held.owner_key = owners.employee_key
        left join marts.dim_employees as customer_owners on held.customer_owner_key = customer_owners.employee_key
        left join marts.dim_departments as units on held.department_key = units.department_key
        ${where} group by 1`);
    return new Map((reader.getRowsJson() as [string | null, string][]).map(([owner, value]) => [JSON.stringify([owner]), value]));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
