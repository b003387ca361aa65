import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { createHealth } from "../../../kehu/health.ts";
import { listenInside } from "../../../kehu/listen-inside.ts";
import { createLiveChannel } from "../../../kehu/live-channel.ts";
import { createSemanticProxy } from "../../../kehu/semantic-proxy.ts";
import { createServed } from "../../../kehu/served.ts";
import { createSqlProxy } from "../../../kehu/sql-proxy.ts";
import { answerUnreadable, createErrorHandler } from "../../../kehu/unreadable-requests.ts";
import { createLogger } from "../../../operational-api/src/log.ts";
import { createUser } from "../../../operational-api/src/auth/accounts.ts";
import type { Entity } from "../../../operational-api/src/entities/definition.ts";
import { collectionOf, entities, entityNamed } from "../../../operational-api/src/entities/index.ts";
import { signInExample } from "../../../operational-api/src/openapi/sign-in-paths.ts";
import { createExample } from "../../../operational-api/src/openapi/schemas.ts";
import { Problem, problemResponse } from "../../../operational-api/src/problem.ts";
import { createTestApi, exampleMore, type TestApi, testNow } from "../../../operational-api/src/testing.ts";
import { createSqlApp } from "../../../semantic/src/sandbox/index.ts";
import { companyMarts, companyModel, companySql, executive, rep } from "../../../semantic/src/policy.fixture.ts";
import { manualSource, newFolder, silent, startSemantic, writeModel, writeSnapshot } from "../../../semantic/src/testing.ts";
import type { Json } from "./operations.ts";
import { createPreparations, type Preparations } from "./preparations.ts";
import type { KnownIds } from "./values.ts";

export const roles = ["administrator", "rep", "nobody"] as const;
export type Role = (typeof roles)[number];

/** A small company behind everything that the web process answers, on a port of its own. */
export interface Company {
  port: number;
  url: string;
  ids: KnownIds;
  preparations: Preparations;
  /** The header that signs a role in; none for nobody. */
  headersOf(role: Role): [string, string][];
  close(): Promise<void>;
}

/** What a first record needs besides the example of the API. */
const special: Readonly<Record<string, Record<string, unknown>>> = {
  ...exampleMore,
  contract: { starts_on: "2026-01-01", ends_on: "2026-12-31" },
  instalment: { sequence: 1, due_on: "2026-12-01", amount: "1" },
  target: { measure: "order_amount", month: "2026-11-01", amount: "1" },
};

const firstRecord = (entity: Entity, ids: KnownIds, owner: string): Record<string, unknown> => {
  const { children } = entity;
  const references = (of: Entity): Record<string, string> =>
    Object.fromEntries(
      Object.entries(of.columns).flatMap(([name, { references: target }]) => {
        if (!target || name === "parent_id" || name === children?.parentColumn) return [];
        const id = target === "employee" ? owner : ids.get(collectionOf(entityNamed(target)))?.[0];
        return id === undefined || name === "manager_id" ? [] : [[name, id]];
      }),
    );
  const body = { ...createExample(entity), ...references(entity), ...special[entity.name] };
  if (!children) return body;
  const child = entityNamed(children.entity);
  return { ...body, [children.field]: [{ ...createExample(child, children.parentColumn), ...references(child) }] };
};

/** A record of every entity, the rep's where it is somebody's. Gives the ids by collection. */
const fill = async (api: TestApi): Promise<KnownIds> => {
  const { employees, departments } = api.company;
  const ids: KnownIds = new Map([
    ["departments", Object.values(departments)],
    ["employees", Object.values(employees)],
  ]);
  const isAlone = (entity: Entity): boolean => !entities.some((other) => other.children?.entity === entity.name);
  let left = entities.filter((entity) => isAlone(entity) && !ids.has(collectionOf(entity)));
  while (left.length > 0) {
    const refused: [Entity, string][] = [];
    for (const entity of left) {
      const path = `/api/v1/${collectionOf(entity)}`;
      const made = await api.admin.send("POST", path, firstRecord(entity, ids, employees.ned));
      const found = made.status === 201 ? [made.body] : (await api.admin.send<{ data: Record<string, unknown>[] }>("GET", path)).body.data;
      if (found.length === 0) refused.push([entity, JSON.stringify(made.body)]);
      else
        ids.set(
          collectionOf(entity),
          found.map(({ id }) => String(id)),
        );
    }
    if (refused.length === left.length)
      throw new Error(`no first record of ${refused.map(([{ name }, why]) => `${name}: ${why}`).join("\n")}`);
    left = refused.map(([entity]) => entity);
  }
  const { rows } = await api.client.query<{ id: string }>("select id from crm.order_lines");
  ids.set(
    "order-lines",
    rows.map(({ id }) => id),
  );
  return ids;
};

/** Everything the web process serves, over a fresh database and a small warehouse; `KEHU_TEST_POSTGRES_URL` names the server. */
export const startCompany = async (): Promise<Company> => {
  const api = await createTestApi();
  const { ned, nora } = api.company.employees;
  const person = await api.caller(["sales_rep"], ned);
  const other = await api.caller(["sales_manager"], nora);
  const ids = await fill(api).catch(async (error: unknown) => {
    await api.close();
    throw error;
  });
  ids.set("users", [other.userId, person.userId, await api.user("another@example.com", ["analyst"])]);
  ids.set("names of roles", ["sales_rep", "analyst", "finance"]);
  // Rules to be read, changed and taken away: of a role that nobody in the trial has.
  for (const rules of ["permissions", "column-rules"]) {
    const { data } = (await api.admin.send<{ data: { id: string }[] }>("GET", `/api/v1/${rules}?role=partner`)).body;
    ids.set(
      rules,
      data.map(({ id }) => id),
    );
  }
  // Whom no request can stop, as no list names it.
  const spare = await api.user("spare@example.com", ["analyst"]);
  // Who signs in as the document's example does.
  await createUser(api.auth, { ...signInExample, name: "boss", roles: ["executive"], employeeId: null });

  const folder = newFolder();
  const snapshots = manualSource(await writeSnapshot(folder, "b1", companySql, companyMarts));
  const scopes = new Map([
    [api.admin.userId, { ...executive, userId: api.admin.userId }],
    [person.userId, { ...rep, userId: person.userId }],
  ]);
  const scopeOf = (request: Request) => scopes.get(request.headers.get("x-kehu-user") ?? "");
  const semanticApp = await startSemantic({
    modelDir: writeModel(folder, companyModel),
    snapshots,
    authenticate: (request) => {
      const scope = scopeOf(request);
      return Promise.resolve(scope ? { scope, locale: "zh-CN" } : null);
    },
  });
  const sqlApp = createSqlApp({
    // A file of its own: in the product another process has it open.
    snapshots: manualSource(await writeSnapshot(join(folder, "sql"), "b1", companySql, companyMarts)),
    folder: join(folder, "spill", "sql"),
    memoryMiB: 2_048,
    threads: 1,
    logger: silent,
    authenticate: (request) => {
      const scope = scopeOf(request);
      return Promise.resolve(scope ? { userId: scope.userId, roles: ["analyst"], scope, locale: "zh-CN" } : null);
    },
  });
  const [query, sandbox] = await Promise.all([listenInside(semanticApp.fetch), listenInside(sqlApp.fetch)]);

  const app = new Hono();
  const pointer = snapshots.current()!;
  const served = createServed();
  served.set(pointer);
  app.route("/", createHealth({ serving: served.current, mirror: () => ({ lagSeconds: 0, appliedLsn: pointer.lsn }) }));
  app.route("/", createLiveChannel({ served, authenticate: api.authenticate }));
  const inside = { authenticate: api.authenticate, internalSecret: "inside" };
  app.route("/", createSemanticProxy({ ...inside, queryPort: () => query.port }));
  app.route(
    "/",
    createSqlProxy({
      ...inside,
      sandboxPort: () => sandbox.port,
      origin: api.auth.config.url,
      writes: { pool: api.pool, clock: () => new Date(testNow), settings: { currency: "CNY", timezone: "Asia/Shanghai" } },
    }),
  );
  app.route("/", api.app);
  // Every other path is the portal's.
  app.notFound(() => problemResponse(new Problem(404, "there is no such page")));
  const errorHandler = createErrorHandler(createLogger({ service: "fuzz", level: "silent" }));
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false, errorHandler });
  const server = createServer((request, response) => void listener(request, response));
  answerUnreadable(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const url = `http://127.0.0.1:${port}`;
  const users: Record<Role, string | null> = { administrator: api.admin.userId, rep: person.userId, nobody: null };
  const headersOf = (role: Role): [string, string][] => (users[role] === null ? [] : [["x-test-user", users[role]]]);
  const runSql = (as: Role, body: Json): Promise<number> =>
    fetch(`${url}/api/sql`, {
      method: "POST",
      headers: [...headersOf(as), ["content-type", "application/json"]],
      body: JSON.stringify(body),
    }).then(
      ({ status }) => status,
      // The company was closed meanwhile.
      () => 0,
    );
  return {
    port,
    url,
    ids,
    headersOf,
    preparations: createPreparations({ api, userOf: (as) => users[as] ?? api.admin.userId, other: spare, runSql }),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      query.server.close();
      sandbox.server.close();
      await sqlApp.close();
      await semanticApp.close();
      await api.close();
    },
  };
};
