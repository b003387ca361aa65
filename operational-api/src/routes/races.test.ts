import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../testing.ts";

type Body = Record<string, unknown>;

let api: TestApi;

beforeAll(async () => {
  api = await createTestApi();
});

afterAll(() => api?.close());

const create = async (collection: string, body: Body): Promise<string> =>
  String((await api.admin.send("POST", `/api/v1/${collection}`, body)).body["id"]);

/** How many connections to this database wait for a lock. */
const waiting = async (): Promise<number> =>
  (
    await api.client.query<{ waiting: number }>(
      "select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    )
  ).rows[0]?.waiting ?? 0;

const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) if (Date.now() > deadline) throw new Error(`${what} did not happen`);
};

/** Holds back a table's changes while `start` brings two writers to where they overlap. */
const heldBack = async <Result>(table: string, start: () => Promise<Result>): Promise<Result> => {
  const blocker = await api.pool.connect();
  try {
    await blocker.query("begin");
    await blocker.query(`lock table ${table} in share mode`);
    return await start();
  } finally {
    await blocker.query("commit");
    blocker.release();
  }
};

describe("two changes at once", () => {
  it("can't make a tree a ring", async () => {
    const one = await create("departments", { name: "一" });
    const two = await create("departments", { name: "二" });
    const below = (id: string, parent_id: string) =>
      api.admin.send("PATCH", `/api/v1/departments/${id}`, { parent_id }, { "if-match": "*" });
    const answers = await heldBack("crm.departments", async () => {
      const both = [below(one, two), below(two, one)];
      await until("two changes waiting", async () => (await waiting()) === 2);
      return both;
    });
    expect((await Promise.all(answers)).map(({ status }) => status).sort()).toEqual([200, 422]);
  });

  it("can't bring back a record while what it refers to goes", async () => {
    const customer = await create("customers", { name: "甲" });
    const contact = await create("contacts", { name: "王", customer_id: customer });
    await api.admin.send("DELETE", `/api/v1/contacts/${contact}`, undefined, { "if-match": "*" });
    const answers = await heldBack("crm.contacts", async () => {
      const restored = api.admin.send("POST", `/api/v1/contacts/${contact}/restore`);
      await until("a restore waiting", async () => (await waiting()) === 1);
      let answered = false;
      const deleted = api.admin
        .send("DELETE", `/api/v1/customers/${customer}`, undefined, { "if-match": "*" })
        .finally(() => (answered = true));
      await until("a deletion waiting or done", async () => answered || (await waiting()) === 2);
      return [restored, deleted];
    });
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 409]);
  });
});

describe("a connection that the database ends", () => {
  it.each([
    ["for requests", () => api.pool],
    ["for accounts", () => api.auth.pool],
  ])("%s, while it is held between two statements, ends nothing else", async (_name, pool) => {
    const held = await pool().connect();
    // Not events.once: it would hear the error that this is about.
    const ended = new Promise<void>((resolve) => held.once("end", () => resolve()));
    const { rows } = await held.query<{ pid: number }>("select pg_backend_pid() as pid");
    await api.client.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    await ended;
    await expect(held.query("select 1")).rejects.toThrow();
    held.release(true);
    expect((await pool().query("select 1")).rowCount).toBe(1);
  });

  it("in the middle of a change is answered with 503", async () => {
    const answer = await heldBack("crm.products", async () => {
      const created = api.admin.send("POST", "/api/v1/products", { name: "泵" });
      await until("a change waiting", async () => (await waiting()) === 1);
      await api.client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return created;
    });
    expect(answer.status).toBe(503);
    expect((await api.admin.send("POST", "/api/v1/products", { name: "泵" })).status).toBe(201);
  });
});
