import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { makeAccount } from "../account.ts";
import { eventually, signIn, type Session } from "../stack.ts";

/** What a change of rights does to who is signed in already: by cookie, by a token and by an API key, each made before. */
const stack = inject("stack");
const administrator = inject("administrator");
/** The API answers by the new rights at once, everything else within this time. */
const limitMs = 5_000;

let admin: Session;
let userId: string;
const role = `probe_${randomUUID().slice(0, 8).replaceAll("-", "_")}`;
const permissions = new Map<string, string>();

type Ask = (path: string, init?: RequestInit) => Promise<Response>;
let asks: Record<"session" | "token" | "API key", Ask>;

const send = async <T>(method: string, path: string, body?: object): Promise<T> => {
  const answer = await admin.fetch(path, { method, headers: { "if-match": "*" }, ...(body && { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
};
const permit = async (entity: string, action: string): Promise<void> => {
  const { id } = await send<{ id: string }>("POST", "/api/v1/permissions", { role, entity, action, rows: "all" });
  permissions.set(`${entity} ${action}`, id);
};
const forbid = (entity: string, action: string): Promise<void> =>
  send("DELETE", `/api/v1/permissions/${permissions.get(`${entity} ${action}`)!}`);

beforeAll(async () => {
  admin = await signIn(stack, administrator.email, administrator.password);
  await send("POST", "/api/v1/roles", { name: role, title_zh: "试验", title_en: "Probe" });
  for (const entity of ["order", "order_line", "customer"]) await permit(entity, "read");
  await send("POST", "/api/v1/column-rules", { role, entity: "*", column_name: "*", visibility: "show" });
  const account = await makeAccount(stack, admin, `${role}@example.com`, [role]);
  userId = account.id;
  const { session } = account;
  const { token } = await session.json<{ token: string }>("/api/auth/token");
  const { key } = await session.json<{ key: string }>("/api/v1/me/keys", {
    method: "POST",
    body: JSON.stringify({ name: "probe", expires_in_days: 1 }),
  });
  const by =
    (credential: Record<string, string>): Ask =>
    (path, init = {}) =>
      fetch(`${stack.url}${path}`, { ...init, headers: { "content-type": "application/json", ...credential, ...init.headers } });
  asks = { session: session.fetch, token: by({ authorization: `Bearer ${token}` }), "API key": by({ "x-api-key": key }) };
}, 120_000);
afterAll(async () => {
  if (userId) await send("PATCH", `/api/v1/users/${userId}`, { is_active: false });
});

const load = (ask: Ask, query: object): Promise<Response> =>
  ask("/cubejs-api/v1/load", { method: "POST", body: JSON.stringify({ query }) });
const sql = (ask: Ask, statement: string, more: object = {}): Promise<Response> =>
  ask("/api/sql", { method: "POST", body: JSON.stringify({ sql: statement, ...more }) });

/** The same questions each time, so that a kept answer to one asked before would show. */
const paths: Record<string, { orders: (ask: Ask) => Promise<Response>; names: (ask: Ask) => Promise<Response> }> = {
  API: { orders: (ask) => ask("/api/v1/orders?limit=1"), names: (ask) => ask("/api/v1/customers?limit=1&sort=name") },
  semantic: {
    orders: (ask) => load(ask, { measures: ["orders.count"] }),
    names: (ask) => load(ask, { dimensions: ["customers.name"], order: { "customers.name": "asc" }, limit: 1 }),
  },
  SQL: {
    orders: (ask) => sql(ask, "select count(*) from fct_orders"),
    names: (ask) => sql(ask, "select name from dim_customers order by name limit 1"),
  },
};
const cells = Object.entries(paths).flatMap(([path, questions]) =>
  (["session", "token", "API key"] as const).map((credential) => ({ path, credential, ...questions })),
);

/** Waits for each cell to be as `isDone` says; the API must be at once. */
const allBecome = async (what: string, ask: "orders" | "names", isDone: (answer: Response) => Promise<boolean>): Promise<void> => {
  await Promise.all(
    cells.map(async ({ path, credential, ...questions }) => {
      const look = async (): Promise<true | null> => ((await isDone(await questions[ask](asks[credential]))) ? true : null);
      if (path === "API") expect([path, credential, what, await look()]).toEqual([path, credential, what, true]);
      else await eventually(`${path} by ${credential}: ${what}`, look, limitMs);
    }),
  );
};
const isStatus =
  (status: number) =>
  ({ status: found }: Response): Promise<boolean> =>
    Promise.resolve(found === status);

describe("O2 O18: rights that change hold for sessions, tokens and API keys that were there before", () => {
  it("a grant taken away and given back", async () => {
    await allBecome("answered", "orders", isStatus(200));
    await forbid("order", "read");
    await allBecome("refused", "orders", isStatus(403));
    await permit("order", "read");
    await allBecome("answered again", "orders", isStatus(200));
  });

  it("a column masked, hidden and shown again: no kept answer shows the former text", async () => {
    const nameOf = async (answer: Response): Promise<string> => {
      if (!answer.ok) return "";
      const body = (await answer.json()) as { data?: Record<string, string>[]; rows?: string[][] };
      return body.rows?.[0]?.[0] ?? body.data?.[0]?.["customers.name"] ?? body.data?.[0]?.["name"] ?? "";
    };
    const isMasked = async (answer: Response): Promise<boolean> => (await nameOf(answer)).includes("*");
    const isPlain = async (answer: Response): Promise<boolean> => /^[^*]+$/.test(await nameOf(answer));
    await allBecome("plain", "names", isPlain);
    const rule = { role, entity: "customer", column_name: "name" };
    const masked = await send<{ id: string }>("POST", "/api/v1/column-rules", { ...rule, visibility: "mask" });
    await allBecome("masked", "names", isMasked);
    await send("PATCH", `/api/v1/column-rules/${masked.id}`, { visibility: "hide" });
    // A sort by a hidden column is refused by each path; nothing that was kept is shown in its place.
    await allBecome("refused", "names", isStatus(403));
    await send("DELETE", `/api/v1/column-rules/${masked.id}`);
    await allBecome("plain again", "names", isPlain);
  });

  it("an account stopped: its running statement and its event stream end, and nothing answers it", async () => {
    const live = await asks.session("/api/live");
    const events = live.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await events.read()).value).toContain("event: ");
    const endless = "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3";
    const running = sql(asks.token, endless, { id: "running-when-stopped" });
    await eventually("the statement to run", async () =>
      (await sql(asks.token, "select 1", { id: "running-when-stopped" })).status === 422 ? true : null,
    );
    await send("PATCH", `/api/v1/users/${userId}`, { is_active: false });
    const stoppedAt = performance.now();
    const streamEnds = async (): Promise<void> => {
      for (let part = await events.read(); !part.done; part = await events.read());
    };
    const [answer] = await Promise.all([running, streamEnds()]);
    expect([answer.status, performance.now() - stoppedAt < limitMs]).toEqual([401, true]);
    await allBecome("nobody", "orders", isStatus(401));
  });
});
