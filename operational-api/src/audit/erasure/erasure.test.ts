import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Caller, createTestApi, type TestApi } from "../../testing.ts";
import { sealEntriesOnce } from "../seal.ts";
import { verifyAudit } from "../verify.ts";
import { type ErasureJob, type ErasureJobs, openErasureJobs } from "./jobs.ts";
import { decryptSought, encryptSought } from "./sought.ts";

const secret = "a secret that only tests know, 32 bytes";
const mark = "［已擦除］";

let api: TestApi;
let jobs: ErasureJobs;
let owner: Client;

const made = async (caller: Caller, collection: string, body: object, headers: Record<string, string> = {}): Promise<string> => {
  const answer = await caller.send("POST", `/api/v1/${collection}`, body, headers);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return String(answer.body["id"]);
};

const erased = async (entity: string, recordId: string): Promise<ErasureJob> => {
  await made(api.admin, "erasures", { entity, record_id: recordId });
  const job = await jobs.next();
  if (!job) throw new Error("no job");
  await jobs.erase(job);
  const { sought } = job;
  await jobs.finish(job, [], null);
  return { ...job, sought };
};

const record = async (collection: string, id: string) => (await api.admin.send("GET", `/api/v1/${collection}/${id}`)).body;

beforeAll(async () => {
  api = await createTestApi();
  jobs = await openErasureJobs({ url: api.url, secret });
  owner = api.client;
});

afterAll(async () => {
  await jobs?.close();
  await api?.close();
});

describe("the erasure of a person", () => {
  it("takes the person from record, texts, trail, kept answers and what the portal keeps, and the trail still verifies", async () => {
    const { admin } = api;
    const customer = await made(admin, "customers", { name: "甲公司", owner_id: api.company.employees.ned });
    const contact = await made(
      admin,
      "contacts",
      { customer_id: customer, name: '欧阳"拾', mobile: "13900004711", title: "经理" },
      { "idempotency-key": "once" },
    );
    const etag = { "if-match": '"1"' };
    await admin.send("PATCH", `/api/v1/contacts/${contact}`, { mobile: "13900004712", title: "总监" }, etag);
    const activity = await made(admin, "activities", {
      kind: "call",
      subject: '欧阳"拾来电',
      note: "13900004711",
      owner_id: api.company.employees.ned,
      customer_id: customer,
    });
    const visit = { view: "contacts", title: "t", rows: 1, format: "csv", query: { search: '欧阳"拾' } };
    await made(admin, "exports", visit);
    await sealEntriesOnce(owner);

    const job = await erased("contact", contact);
    expect(job.sought).toEqual({ telling: expect.arrayContaining(['欧阳"拾', "13900004711", "13900004712"]) as string[], shared: [] });
    expect(await record("contacts", contact)).toMatchObject({ name: mark, mobile: null, email: null, title: "总监" });
    expect(await record("activities", activity)).toMatchObject({ subject: `${mark}来电`, note: mark });
    const trail = await admin.send<{ data: Record<string, unknown>[] }>("GET", `/api/v1/audit?record_id=${contact}`);
    const entries = Object.fromEntries(trail.body.data.map((entry) => [String(entry["action"]), entry]));
    expect(entries["create"]).toMatchObject({ new_values: { name: null, mobile: null, title: "经理" }, erased: ["name", "mobile"] });
    expect(entries["update"]).toMatchObject({
      old_values: { mobile: null, title: "经理" },
      new_values: { mobile: null, title: "总监" },
      erased: ["mobile"],
    });
    expect(entries["erase"]).toMatchObject({ actor_id: admin.userId, new_values: { fields: ["name", "mobile", "email", "external_id"] } });
    const { rows } = await owner.query<{ count: number }>("select count(*)::int as count from portal.idempotency_keys where key = 'once'");
    expect(rows).toEqual([{ count: 0 }]);
    expect(await jobs.search(job.sought ?? { telling: [], shared: [] })).toEqual([]);
    const proof = await verifyAudit(api.url);
    expect(proof).toMatchObject({ fault: null });
    expect(proof.erased).toBeGreaterThanOrEqual(4);
  });

  it("leaves what others share, but takes it from the records that name the person", async () => {
    const { admin } = api;
    const customer = await made(admin, "customers", { name: "乙公司", owner_id: api.company.employees.ned });
    const one = await made(admin, "contacts", { customer_id: customer, name: "张三" });
    const other = await made(admin, "contacts", { customer_id: customer, name: "张三丰" });
    const note = { kind: "call", subject: "张三来电", owner_id: api.company.employees.ned, customer_id: customer };
    const theirs = await made(admin, "activities", { ...note, contact_id: one });
    const unknown = await made(admin, "activities", note);
    const job = await erased("contact", one);
    expect(job.sought).toEqual({ telling: [], shared: ["张三"] });
    expect(await record("contacts", other)).toMatchObject({ name: "张三丰" });
    expect(await record("activities", theirs)).toMatchObject({ subject: `${mark}来电` });
    expect(await record("activities", unknown)).toMatchObject({ subject: "张三来电" });
  });

  it("ends the account of an employee", async () => {
    const employee = await made(api.admin, "employees", {
      name: "上官四",
      email: "shangguan@example.com",
      department_id: api.company.departments.north,
    });
    const userId = await api.user("shangguan@example.com", ["sales_rep"], employee);
    // What the person kept of ad-hoc SQL goes, and what others wrote of the person is replaced.
    const keep = (holder: string, statement: string) =>
      owner.query(
        `with saved as (insert into auth.sql_queries (user_id, name, statement, parameters) values ($1, 'mine', $2, '{}'))
         insert into auth.sql_runs (user_id, statement, parameters, format, status, milliseconds) values ($1, $2, '{}', 'json', 200, 1)`,
        [holder, statement],
      );
    await keep(userId, "select 1");
    await keep(api.admin.userId, "select 'shangguan@example.com'");
    await erased("employee", employee);
    const kept = await owner.query(
      "select user_id, statement from auth.sql_queries union all select user_id, statement from auth.sql_runs",
    );
    expect(kept.rows).toEqual(Array.from({ length: 2 }, () => ({ user_id: api.admin.userId, statement: `select '${mark}'` })));
    const { rows } = await owner.query(`select name, email, active from auth."user" join auth.holders on user_id = id where id = $1`, [
      userId,
    ]);
    expect(rows).toEqual([{ name: mark, email: `erased-${userId}@erased.invalid`, active: false }]);
    expect((await owner.query(`select from auth.account where "userId" = $1`, [userId])).rowCount).toBe(0);
  });

  it("notices when an erased value is put back, or more is erased without its digest", async () => {
    const contact = await made(api.admin, "customers", { name: "丙某某", phone: "13900005555", owner_id: api.company.employees.ned });
    await erased("customer", contact);
    expect((await verifyAudit(api.url)).fault).toBeNull();
    const trail = "update audit.entries set new_values = jsonb_set(new_values, $2, $3) where record_id = $1 and action = 'create'";
    await owner.query(trail, [contact, ["phone"], '"13900005556"']);
    expect((await verifyAudit(api.url)).fault).toMatchObject({ what: "a value that was erased is there again" });
    await owner.query(trail, [contact, ["phone"], "null"]);
    await owner.query(trail, [contact, ["country"], "null"]);
    expect((await verifyAudit(api.url)).fault).toMatchObject({ what: "the entry was changed" });
  });

  it("is for administrators, of persons, of records that are there, one at a time", async () => {
    const { admin } = api;
    const lead = await made(admin, "leads", {
      name: "丁公司",
      contact_name: "诸葛五",
      mobile: "13900006666",
      owner_id: api.company.employees.ned,
    });
    const rep = await api.caller(["sales_rep"], api.company.employees.ned);
    const body = { entity: "lead", record_id: lead };
    expect((await rep.send("POST", "/api/v1/erasures", body)).status).toBe(403);
    expect((await rep.send("GET", "/api/v1/erasures")).status).toBe(403);
    expect((await admin.send("POST", "/api/v1/erasures", { ...body, entity: "product" })).status).toBe(422);
    expect((await admin.send("POST", "/api/v1/erasures", { ...body, record_id: api.company.employees.ned })).status).toBe(404);
    const id = await made(admin, "erasures", body);
    expect((await admin.send("POST", "/api/v1/erasures", body)).status).toBe(409);
    const listed = await admin.send<{ data: Record<string, unknown>[] }>("GET", "/api/v1/erasures");
    expect(listed.body.data.find((job) => job["id"] === id)).toMatchObject({ entity: "lead", step: "requested", finished_at: null });
  });

  it("keeps what it seeks unreadable on disk, and only as long as it runs", async () => {
    const sought = { telling: ["13900007777"], shared: ["张三"] };
    const bytes = encryptSought(sought, secret);
    expect(bytes.includes("13900007777")).toBe(false);
    expect(decryptSought(bytes, secret)).toEqual(sought);
    expect(() => decryptSought(bytes, `${secret}!`)).toThrow();
    for (let job = await jobs.next(); job; job = await jobs.next()) await jobs.finish(job, [{ place: "x", count: 1 }], null);
    const { rows } = await owner.query("select from audit.erasures where sought is not null or finished_at is null");
    expect(rows).toEqual([]);
  });
});
