import type { Pool } from "pg";
import { createApi } from "./app.ts";
import { createTestAuth, type TestAuth, testAuthConfig } from "./auth/testing.ts";
import type { Auth, Standing } from "./auth/create-auth.ts";
import type { Role } from "./auth/scope.ts";
import { createLogger } from "./log.ts";
import { createPool } from "./pool.ts";

export const testNow = "2026-11-22T01:30:00Z";

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface Caller {
  userId: string;
  /** Sends JSON and reads JSON; `headers` are added. */
  send<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>>;
}

export interface TestApi extends TestAuth {
  pool: Pool;
  app: ReturnType<typeof createApi>;
  /** Who asks, as `app` sees it: by the header of the callers, or by a credential. */
  authenticate: Auth["authenticate"];
  admin: Caller;
  /** Somebody with these roles, as this employee. */
  caller(roles: Role[], employeeId?: string | null): Promise<Caller>;
}

const userHeader = "x-test-user";

/** The API over a fresh database with the small company of auth/testing.ts, the default pipeline, and callers who are signed in by a header. */
export const createTestApi = async (): Promise<TestApi> => {
  const base = await createTestAuth();
  const pool = createPool(base.url);
  const logger = createLogger({ service: "test", level: process.env["KEHU_TEST_LOG"] ?? "silent" });
  const authenticate = async (request: Request) => {
    const userId = request.headers.get(userHeader);
    if (userId === null) return base.auth.authenticate(request);
    const scope = await base.auth.scopeOf(userId);
    return {
      userId,
      sessionId: "test",
      kind: "session" as const,
      subject: userId,
      employeeId: scope.employeeId,
      roles: scope.roles,
      scope,
    };
  };
  const standingOf = async (request: Request): Promise<Standing> => {
    const principal = await authenticate(request);
    return principal ? { is: "signed-in", principal } : base.auth.standingOf(request);
  };
  const app = createApi({
    pool,
    auth: { ...base.auth, authenticate, standingOf },
    config: { url: testAuthConfig.url, currency: "CNY", timezone: "Asia/Shanghai" },
    clock: () => new Date(testNow),
    logger,
  });
  await base.client.query(`
    insert into crm.pipeline_stages (pipeline, code, name, name_en, position, probability, outcome) values
      ('default', 'first_talk', '初步洽谈', 'First talk', 1, 0.1, 'open'),
      ('default', 'negotiation', '商务谈判', 'Negotiation', 2, 0.6, 'open'),
      ('default', 'won', '赢单', 'Won', 3, 1, 'won'),
      ('default', 'lost', '输单', 'Lost', 4, 0, 'lost')`);

  let users = 0;
  const caller = async (roles: Role[], employeeId: string | null = null): Promise<Caller> => {
    users += 1;
    const userId = await base.user(`user-${users}@example.com`, roles, employeeId);
    return {
      userId,
      send: async <Body>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
        const response = await app.request(path, {
          method,
          headers: { [userHeader]: userId, ...(body !== undefined && { "content-type": "application/json" }), ...headers },
          ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        });
        const text = await response.text();
        return { status: response.status, headers: response.headers, body: (text === "" ? {} : JSON.parse(text)) as Body };
      },
    };
  };
  const admin = await caller(["administrator"]);
  return {
    ...base,
    pool,
    app,
    authenticate,
    admin,
    caller,
    close: async () => {
      await pool.end();
      await base.close();
    },
  };
};

/** Where the document's example is not enough for a record of reference data. */
export const exampleMore: Readonly<Record<string, Record<string, unknown>>> = {
  exchange_rate: { currency: "USD", rate: "7.1", valid_on: "2026-01-01" },
  company_setting: { key: "win_rate", value: "all" },
  pipeline_stage: { pipeline: "another", code: "first" },
  close_reason: { code: "other_reason" },
  value_criterion: { segment: "reseller" },
  value_tier: { segment: "reseller" },
  churn_definition: { segment: "reseller", method: "days", days: 90 },
};
