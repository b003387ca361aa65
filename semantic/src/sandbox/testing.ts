/** For tests: the small company of the policy's tests behind the sandbox, and people who ask. */
import { join } from "node:path";
import type { Scope } from "@kehu/operational-api/definitions";
import { companyMarts, companySql, executive, manager, otherRep, rep } from "../policy.fixture.ts";
import { manualSource, newFolder, silent, writeSnapshot, type TestMart } from "../testing.ts";
import { createSqlApp, type SqlApp } from "./app.ts";
import type { SqlAppOptions } from "./app.ts";

/** The user of a test is the name; two names are two users also when they have the same rights. */
export const people: Record<string, { scope: Scope; roles: string[] }> = {
  rep: { scope: rep, roles: ["sales_rep"] },
  otherRep: { scope: otherRep, roles: ["sales_rep"] },
  manager: { scope: manager, roles: ["sales_manager"] },
  executive: { scope: executive, roles: ["executive"] },
  analyst: { scope: executive, roles: ["analyst"] },
};

export interface SqlBody {
  id: string;
  columns: { name: string; type: string }[];
  rows: unknown[][];
  truncated: boolean;
  total: number | null;
  tables: string[];
  build: string;
  freshTo: string;
  failedTests: string[];
  status: number;
  detail: string;
  position?: { line: number; column: number };
  suggestions?: string[];
}

export interface Company {
  app: SqlApp;
  /** Where private copies spill to. */
  folder: string;
  publish: (build: string, sql?: string, marts?: TestMart[]) => Promise<void>;
  /** Sends a statement; the body of the answer with its status. */
  ask: (who: string, sql: string, more?: Record<string, unknown>) => Promise<SqlBody>;
  /** The answer itself, of statements that are downloaded or cancelled. */
  send: (who: string, body: unknown, init?: RequestInit) => Promise<Response>;
}

export const startCompany = async (
  given: { sql?: string; marts?: TestMart[]; options?: Partial<SqlAppOptions> } = {},
): Promise<Company> => {
  const folder = newFolder();
  const spill = join(folder, "spill", "sql");
  const source = manualSource(await writeSnapshot(folder, "b1", given.sql ?? companySql, given.marts ?? companyMarts));
  const app = createSqlApp({
    snapshots: source,
    folder: spill,
    memoryMiB: 4_096,
    threads: 2,
    logger: silent,
    authenticate: (request) => {
      const name = request.headers.get("x-caller") ?? "";
      const person = people[name.split(" ")[0]!];
      return Promise.resolve(person ? { userId: name, roles: person.roles, scope: person.scope, locale: "zh-CN" } : null);
    },
    ...given.options,
  });
  const send: Company["send"] = (who, body, init = {}) =>
    Promise.resolve(
      app.request("/api/sql", {
        method: "POST",
        headers: { "content-type": "application/json", "x-caller": who },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...init,
      }),
    );
  return {
    app,
    folder: spill,
    publish: async (build, sql = given.sql ?? companySql, marts = given.marts ?? companyMarts) =>
      source.publish(await writeSnapshot(folder, build, sql, marts)),
    send,
    ask: async (who, sql, more = {}) => {
      const response = await send(who, { sql, ...more });
      return { ...((await response.json()) as SqlBody), status: response.status };
    },
  };
};
