import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectionOf, entities, entityNamed } from "../entities/index.ts";
import type { Entity } from "../entities/definition.ts";
import { openApiDocument } from "../openapi/document.ts";
import { createExample } from "../openapi/schemas.ts";
import { type Caller, createTestApi, exampleMore, type TestApi } from "../testing.ts";
import {
  callerRoles,
  callers,
  type CallerRole,
  details,
  hiddenColumns,
  maskedColumns,
  otherRoutes,
  type Owner,
  owners,
  reached,
  reachOf,
  type Verb,
} from "./authorisation-table.ts";
import { verbs as workflow } from "./verbs.ts";

type Body = Record<string, unknown>;

let api: TestApi;
const by = {} as Record<CallerRole, Caller>;
/** By entity and owner; records of reference data are everybody's. */
const present = new Map<string, Map<Owner, string>>();
const deleted = new Map<string, Map<Owner, string>>();

const dataOf = (entity: Entity): boolean => entity.scope === "reference";
const isWrittenAlone = (entity: Entity): boolean => !entities.some((other) => other.children?.entity === entity.name);

const make = async (collection: string, body: Body): Promise<Body> => {
  const answer = await api.admin.send("POST", `/api/v1/${collection}`, body);
  expect(answer.status, `${collection} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`).toBe(201);
  return answer.body;
};

/** One record of each entity that people own; of those that always have an owner none for nobody. */
const makeOwned = async (owner: Owner, into: typeof present, name: string): Promise<void> => {
  const { employees, departments } = api.company;
  const owner_id = owner === "nobody" ? null : employees[owner];
  const keep = (entity: string, id: unknown): void => {
    const known = into.get(entity) ?? new Map<Owner, string>();
    into.set(entity, known.set(owner, String(id)));
  };
  const raw = (entity: string): Body =>
    Object.fromEntries(Object.entries(maskedColumns[entity] ?? {}).map(([column, [text]]) => [column, text]));
  const customer_id = (await make("customers", { name, owner_id, ...raw("customer") }))["id"];
  keep("customer", customer_id);
  keep("contact", (await make("contacts", { name, customer_id, ...raw("contact") }))["id"]);
  keep("lead", (await make("leads", { name, owner_id, ...raw("lead") }))["id"]);
  keep("customer_event", (await make("customer-events", { kind: "complaint", customer_id, owner_id }))["id"]);
  if (owner_id === null) return;
  const owned = { customer_id, owner_id };
  keep("opportunity", (await make("opportunities", { name, ...owned }))["id"]);
  keep("activity", (await make("activities", { kind: "visit", subject: name, ...owned }))["id"]);
  keep("contract", (await make("contracts", { number: name, starts_on: "2026-01-01", ends_on: "2026-12-31", ...owned }))["id"]);
  const lines = [{ product_id: present.get("product")?.get("nobody"), quantity: "1", unit_price: "1", unit_cost: "1" }];
  const order = await make("orders", { number: name, lines, ...owned });
  keep("order", order["id"]);
  keep("order_line", (order["lines"] as Body[])[0]?.["id"]);
  keep("instalment", (await make("instalments", { order_id: order["id"], sequence: 1, due_on: "2026-12-01", amount: "1" }))["id"]);
  keep("receipt", (await make("receipts", { number: name, amount: "1", ...owned }))["id"]);
  const department_id = owner === "sara" ? departments.south : departments.north;
  const month = into === present ? "2026-11-01" : "2026-10-01";
  keep("target", (await make("targets", { measure: "order_amount", department_id, employee_id: owner_id, month, amount: "1" }))["id"]);
};

const makeReference = async (entity: Entity): Promise<void> => {
  const needed = Object.entries(entity.columns).flatMap(([column, { references, required }]) =>
    references && required
      ? [[column, references === "department" ? api.company.departments.head : present.get(references)?.get("nobody")]]
      : [],
  );
  const body = { ...createExample(entity), ...Object.fromEntries(needed as [string, unknown][]), ...exampleMore[entity.name] };
  for (const into of [deleted, present]) {
    const { id } = await make(collectionOf(entity), body);
    into.set(entity.name, new Map([["nobody", String(id)]]));
    if (into === deleted) await api.client.query(`update crm."${entity.table}" set deleted_at = now() where id = $1`, [id]);
  }
};

beforeAll(async () => {
  api = await createTestApi();
  for (const entity of entities.filter(dataOf)) await makeReference(entity);
  for (const owner of owners) {
    await makeOwned(owner, present, owner);
    await makeOwned(owner, deleted, `${owner} deleted`);
  }
  for (const [name, byOwner] of deleted)
    for (const id of byOwner.values())
      await api.client.query(`update crm."${entityNamed(name).table}" set deleted_at = now() where id = $1`, [id]);
  for (const role of callerRoles) {
    const employee = callers[role];
    by[role] = await api.caller([role], employee && api.company.employees[employee]);
  }
}, 120_000);
afterAll(() => api?.close());

/** Whether the role's right reaches a record. Reference data is nobody's, so only rights on all rows reach it. */
const mayWith = (role: CallerRole, entity: Entity, verb: Verb, owner: Owner): boolean =>
  reached[reachOf(role, entity.name, verb)](role).includes(owner);
const mayAtAll = (role: CallerRole, entity: Entity, verb: Verb): boolean => reachOf(role, entity.name, verb) !== "none";

/** The status that the table states for a route about one record. `done` is that of who may. */
const statusOf = (role: CallerRole, entity: Entity, verb: Verb, owner: Owner, done: number): number => {
  if (!mayAtAll(role, entity, "read")) return 403;
  if (!mayWith(role, entity, "read", owner)) return 404;
  return mayWith(role, entity, verb, owner) ? done : 403;
};

const otherVersion = { "if-match": '"999"' };
const document = openApiDocument("http://localhost") as { paths: Record<string, Record<string, unknown>> };
/** What lies outside of /api/v1 is another's: figures and SQL have the leak matrix, signing in is for everybody. */
const routes = Object.entries(document.paths)
  .filter(([path]) => path.startsWith("/api/v1/"))
  .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));

/** What a route asks of whom. A route about records gives a line per cell that is not as stated. */
type Check = (role: CallerRole) => Promise<string[]>;

const perRecord =
  (
    entity: Entity,
    records: typeof present,
    verb: Verb,
    done: number,
    ask: (caller: Caller, id: string) => Promise<{ status: number }>,
  ): Check =>
  async (role) => {
    const wrong: string[] = [];
    for (const [owner, id] of records.get(entity.name) ?? []) {
      const expected = statusOf(role, entity, verb, owner, done);
      const { status } = await ask(by[role], id);
      if (status !== expected) wrong.push(`${role}, ${owner}'s: ${status} instead of ${expected}`);
    }
    return wrong;
  };

const perRole =
  (expected: (role: CallerRole) => number, ask: (caller: Caller) => Promise<{ status: number }>): Check =>
  async (role) => {
    const { status } = await ask(by[role]);
    return status === expected(role) ? [] : [`${role}: ${status} instead of ${expected(role)}`];
  };

const listed =
  (entity: Entity, path: string): Check =>
  async (role) => {
    const answer = await by[role].send<{ data: Body[] }>("GET", `${path}?limit=500`);
    if (!mayAtAll(role, entity, "read")) return answer.status === 403 ? [] : [`${role}: ${answer.status} instead of 403`];
    const seen = new Set(answer.body.data.map(({ id }) => id));
    return [...(present.get(entity.name) ?? [])].flatMap(([owner, id]) =>
      seen.has(id) === mayWith(role, entity, "read", owner) ? [] : [`${role} ${seen.has(id) ? "sees" : "does not see"} ${owner}'s`],
    );
  };

/** The check of every route about records, by method and path. */
const recordRoutes = new Map<string, Check>(
  entities.flatMap((entity): [string, Check][] => {
    const base = `/api/v1/${collectionOf(entity)}`;
    const reads: [string, Check][] = [
      [`GET ${base}`, listed(entity, base)],
      [`GET ${base}/{id}`, perRecord(entity, present, "read", 200, (caller, id) => caller.send("GET", `${base}/${id}`))],
    ];
    if (!isWrittenAlone(entity)) return reads;
    const create = (role: CallerRole): number => (mayAtAll(role, entity, "create") ? 422 : 403);
    const steps = workflow
      .filter((verb) => verb.entity === entity.name)
      .map((verb): [string, Check] => [
        `POST ${base}/{id}/${verb.name}`,
        perRecord(entity, present, verb.name === "approve" ? "approve" : "update", 412, (caller, id) =>
          caller.send("POST", `${base}/${id}/${verb.name}`, {}, otherVersion),
        ),
      ]);
    return [
      ...reads,
      ...steps,
      [`POST ${base}`, perRole(create, (caller) => caller.send("POST", base, { nonsense: 1 }))],
      [`POST ${base}/batch`, perRole(create, (caller) => caller.send("POST", `${base}/batch`, { records: [{ nonsense: 1 }] }))],
      [
        `PATCH ${base}/{id}`,
        perRecord(entity, present, "update", 412, (caller, id) => caller.send("PATCH", `${base}/${id}`, {}, otherVersion)),
      ],
      [
        `DELETE ${base}/{id}`,
        perRecord(entity, present, "delete", 412, (caller, id) => caller.send("DELETE", `${base}/${id}`, undefined, otherVersion)),
      ],
      [
        `POST ${base}/{id}/restore`,
        perRecord(entity, deleted, "delete", 412, (caller, id) => caller.send("POST", `${base}/${id}/restore`, {}, otherVersion)),
      ],
    ];
  }),
);

const nobodysId = "00000000-0000-4000-8000-000000000000";

/** As `Caller.send`, for answers that need not be JSON. */
const statusFor = async (role: CallerRole, method: string, path: string): Promise<number> => {
  const hasBody = method === "POST" || method === "PATCH";
  const response = await api.app.request(path, {
    method,
    headers: {
      "x-test-user": by[role].userId,
      "content-type": "application/json",
      ...(!hasBody && method !== "GET" && { "if-match": "*" }),
    },
    ...(hasBody && { body: "{}" }),
  });
  await response.arrayBuffer();
  return response.status;
};

const otherCheck = (route: string): Check | undefined => {
  const stated = otherRoutes[route];
  if (!stated) return undefined;
  const [method = "", path = ""] = route.split(" ");
  const asked = path.replace("{name}", "nobody_has_it").replaceAll(/\{\w+\}/g, nobodysId);
  return async (role) => {
    const status = await statusFor(role, method, asked);
    const refusals = [401, 403];
    if (!stated.roles.includes(role)) return status === 403 ? [] : [`${role}: ${status} instead of 403`];
    if (stated.sees === null) return refusals.includes(status) || status >= 500 ? [`${role}: ${status}, a refusal`] : [];
    return status === stated.sees ? [] : [`${role}: ${status} instead of ${stated.sees}`];
  };
};

describe("O2: the authorisation matrix", () => {
  it("states every route of the OpenAPI document, and no other", () => {
    const stated = [...recordRoutes.keys(), ...Object.keys(otherRoutes)];
    expect(
      routes.filter((route) => !stated.includes(route)),
      "routes that the matrix says nothing of: authorisation-table.ts",
    ).toEqual([]);
    expect(
      stated.filter((route) => !routes.includes(route)),
      "stated routes that are not there",
    ).toEqual([]);
  });

  it("has a record of every owner for every entity, but for nobody where each has an owner", () => {
    for (const entity of entities.filter((each) => !dataOf(each)))
      expect([entity.name, [...(present.get(entity.name)?.keys() ?? [])].length]).toEqual([
        entity.name,
        ["customer", "contact", "lead", "customer_event"].includes(entity.name) ? 4 : 3,
      ]);
  });

  it.each(callerRoles)(
    "%s: every route answers as stated, of own, subordinates', others' and pooled records",
    async (role) => {
      const wrong: string[] = [];
      for (const route of routes) {
        const check = recordRoutes.get(route) ?? otherCheck(route);
        for (const cell of (await check?.(role)) ?? ["is not stated"]) wrong.push(`${route}: ${cell}`);
      }
      expect(wrong).toEqual([]);
    },
    60_000,
  );

  it.each(callerRoles)("%s: every masked and hidden column looks as stated", async (role) => {
    const wrong: string[] = [];
    for (const [name, columns] of Object.entries(maskedColumns)) {
      const entity = entityNamed(name);
      for (const [owner, id] of present.get(name) ?? []) {
        if (!mayWith(role, entity, "read", owner)) continue;
        const path = `/api/v1/${collectionOf(entity)}`;
        const one = (await by[role].send("GET", `${path}/${id}`)).body;
        const among = (await by[role].send<{ data: Body[] }>("GET", `${path}?id=${id}`)).body.data[0];
        for (const [column, [raw, masked]] of Object.entries(columns)) {
          const isShown = details[role] === "shown" || (details[role] === "masked to others" && callers[role] === owner);
          for (const seen of [one, among]) {
            if (seen?.[column] !== (isShown ? raw : masked)) wrong.push(`${name}.${column} of ${owner}: ${String(seen?.[column])}`);
          }
        }
      }
    }
    for (const entity of entities) {
      const id = [...(present.get(entity.name) ?? [])].find(([owner]) => mayWith(role, entity, "read", owner))?.[1];
      if (id === undefined) continue;
      const { body } = await by[role].send("GET", `/api/v1/${collectionOf(entity)}/${id}`);
      const missing = Object.keys(entity.columns).filter((column) => !(column in body));
      const stated = hiddenColumns[role]?.[entity.name] ?? [];
      if (JSON.stringify(missing) !== JSON.stringify(stated))
        wrong.push(`${entity.name} hides ${missing.join(", ")} instead of ${stated.join(", ")}`);
    }
    expect(wrong).toEqual([]);
  });
});
