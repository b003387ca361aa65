import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestApi, type TestApi } from "../testing.ts";
import { createBrowsers, type TestBrowser } from "./testing-browser.ts";

const path = "/api/v1/me/sql-queries";
const runs = "/api/v1/me/sql-runs";
const query = {
  name: "big orders",
  statement: "select * from fct_orders where amount > $least",
  parameters: { least: { type: "decimal", text: "9" } },
};

interface Query {
  id: string;
  name: string;
  is_own: boolean;
  owner: string;
  detail: string;
}

let api: TestApi;
let nora: TestBrowser;
let mei: TestBrowser;
let noraId: string;
const names = async (browser: TestBrowser): Promise<string[]> =>
  (await browser.send<{ data: Query[] }>("GET", path)).body.data.map(({ name, is_own }) => `${name}${is_own ? "" : " (another's)"}`);
const save = (browser: TestBrowser, body: object) => browser.send<Query>("POST", path, body);

beforeAll(async () => {
  api = await createTestApi();
  noraId = await api.user("nora@example.com", ["analyst"], null);
  await api.user("mei@example.com", ["administrator"], null);
  const browsers = createBrowsers(api);
  [nora, mei] = [browsers(), browsers()];
  await nora.signIn("nora@example.com");
  await mei.signIn("mei@example.com");
});
afterAll(() => api.close());

describe("P5 saved queries", () => {
  test("are their owner's alone, administrators included, until they are shared", async () => {
    const saved = await save(nora, query);
    expect([saved.status, saved.body]).toMatchObject([201, { ...query, is_shared: false, is_own: true }]);
    expect([await names(nora), await names(mei)]).toEqual([["big orders"], []]);
    expect((await mei.send("PATCH", `${path}/${saved.body.id}`, { name: "mine" })).status).toBe(404);
    expect((await mei.send("DELETE", `${path}/${saved.body.id}`)).status).toBe(404);

    expect((await nora.send("PATCH", `${path}/${saved.body.id}`, { is_shared: true, name: "large orders" })).body).toMatchObject({
      name: "large orders",
      is_shared: true,
      parameters: query.parameters,
    });
    expect(await names(mei)).toEqual(["large orders (another's)"]);
    // Shared is read and not written.
    expect((await mei.send("PATCH", `${path}/${saved.body.id}`, { statement: "select 1" })).status).toBe(404);
    await nora.send("PATCH", `${path}/${saved.body.id}`, { is_shared: false });
    expect(await names(mei)).toEqual([]);
    expect((await nora.send("DELETE", `${path}/${saved.body.id}`)).status).toBe(204);
    expect(await names(nora)).toEqual([]);
  });

  test("have one name each, and a body that says what is wrong with it", async () => {
    const first = await save(nora, query);
    expect((await save(nora, query)).body.detail).toContain('you have a query called "big orders" already');
    expect((await save(mei, query)).status).toBe(201);
    const second = await save(nora, { ...query, name: "second" });
    expect((await nora.send("PATCH", `${path}/${second.body.id}`, { name: "big orders" })).status).toBe(409);
    for (const [body, field] of [
      [{ ...query, sql: "select 1" }, "sql"],
      [{ statement: "select 1" }, "name"],
      [{ ...query, parameters: { "no good": { type: "text", text: "" } } }, "parameters.no good"],
      [{ ...query, is_shared: "yes" }, "is_shared"],
      [{ ...query, parameters: { least: { type: "text", text: "\u0000" } } }, "parameters.least.text"],
    ] as const) {
      const refused = await nora.send<{ errors: { field: string }[] }>("POST", path, body);
      expect([refused.status, refused.body.errors.map((fault) => fault.field)]).toEqual([422, [field]]);
    }
    for (const { body } of [first, second]) await nora.send("DELETE", `${path}/${body.id}`);
  });
});

describe("P5 the statements run last", () => {
  const run = { statement: "select 1", format: "json", status: 200, row_count: 1, milliseconds: 12 };
  const statements = async (browser: TestBrowser): Promise<string[]> =>
    (await browser.send<{ data: { statement: string }[] }>("GET", runs)).body.data.map(({ statement }) => statement);

  test("are one's own, the last first, fifty of them, and forgotten when asked", async () => {
    for (let index = 0; index < 52; index++)
      expect((await nora.send("POST", runs, { ...run, statement: `select ${index}` })).status).toBe(204);
    const kept = await statements(nora);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([50, "select 51", "select 2"]);
    expect(await statements(mei)).toEqual([]);
    expect((await nora.send("DELETE", runs)).status).toBe(204);
    expect(await statements(nora)).toEqual([]);
  });

  test("and saved queries go with the account; a stopped one shares nothing", async () => {
    await save(nora, { ...query, is_shared: true });
    await nora.send("POST", runs, run);
    expect(await names(mei)).toContain("big orders (another's)");
    await mei.send("PATCH", `/api/v1/users/${noraId}`, { is_active: false });
    expect(await names(mei)).not.toContain("big orders (another's)");
    await api.client.query(`delete from auth."user" where id = $1`, [noraId]);
    const { rows } = await api.client.query("select from auth.sql_queries where user_id = $1 union all select from auth.sql_runs", [
      noraId,
    ]);
    expect(rows).toEqual([]);
  });
});
