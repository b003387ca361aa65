import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../log.ts";
import { createPool } from "../pool.ts";
import { createTestDatabase, type TestDatabase } from "../postgres/testing.ts";
import { migrate } from "../schema/migrate.ts";
import { lastSeal, sealEntriesOnce, startSealer } from "./seal.ts";
import { verifyAudit } from "./verify.ts";

let database: TestDatabase;
let client: Client;

const add = async (values: object, on: Pick<Client, "query"> = client): Promise<string> => {
  const { rows } = await on.query<{ id: string }>(
    `insert into audit.entries (at, actor_id, action, entity, record_id, old_values, new_values)
     values ('2026-11-22T01:30:00Z', 'u1', 'update', 'contact', 'c1', '{"mobile": "13800138000"}', $1) returning id`,
    [JSON.stringify(values)],
  );
  return rows[0]?.id ?? "";
};

const faultAfter = async (sql: string, values: unknown[] = []) => {
  await client.query(sql, values);
  return (await verifyAudit(database.url)).fault;
};

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  client = new Client({ connectionString: database.url });
  await client.connect();
});

beforeEach(async () => {
  await client.query("truncate audit.entries, audit.digests, audit.seals, audit.unsealed, audit.erasures");
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

describe("the sealed audit trail (O18)", () => {
  it("is a chain of seals over every entry, also those of a transaction that ended late", async () => {
    const late = new Client({ connectionString: database.url });
    await late.connect();
    await late.query("begin");
    const early = await add({ mobile: "1" }, late);
    await add({ mobile: "2", note: { deep: ["值", 1.5, null] } });
    expect(await sealEntriesOnce(client)).toMatchObject({ id: 1, entries: 1 });
    expect(await sealEntriesOnce(client)).toBeNull();
    await late.query("commit");
    await late.end();
    expect(await verifyAudit(database.url)).toMatchObject({ seals: 1, entries: 1, unsealed: 1, fault: null });
    expect(await sealEntriesOnce(client)).toMatchObject({ id: 2, entries: 1 });
    const last = await lastSeal(client);
    expect(await verifyAudit(database.url)).toEqual({ seals: 2, entries: 2, unsealed: 0, erased: 0, last, fault: null });
    const { rows } = await client.query("select seal::int from audit.digests where entry_id = $1", [early]);
    expect(rows).toEqual([{ seal: 2 }]);
  });

  it("is one seal of all that waits, also where Postgres expects a single entry", async () => {
    await add({ mobile: "0" });
    await client.query("analyze audit.unsealed");
    for (let more = 1; more <= 30; more++) await add({ mobile: String(more) });
    expect(await sealEntriesOnce(client)).toMatchObject({ id: 1, entries: 31 });
    expect((await verifyAudit(database.url)).fault).toBeNull();
  });

  it("reads the same whatever the session's settings", async () => {
    await client.query("set timezone = 'Asia/Shanghai'; set datestyle = 'SQL, DMY'");
    await add({ mobile: "1" });
    await sealEntriesOnce(client);
    await client.query("reset timezone; reset datestyle");
    expect((await verifyAudit(database.url)).fault).toBeNull();
  });

  it("names the first entry that was changed, added, moved in time or taken away", async () => {
    const [first, second, third] = [await add({ mobile: "1" }), await add({ mobile: "2" }), await add({ mobile: "3" })];
    await sealEntriesOnce(client);
    const waiting = await add({ mobile: "4" });
    const changed = { seal: 1, what: "the entry was changed" };
    expect(await faultAfter(`update audit.entries set new_values = '{"mobile": "9"}' where id = any ($1)`, [[second, third]])).toEqual({
      ...changed,
      entryId: second,
    });
    expect(await faultAfter("update audit.entries set at = at + interval '1 microsecond' where id = $1", [first])).toEqual({
      ...changed,
      entryId: first,
    });
    expect(await faultAfter("delete from audit.entries where id = $1", [first])).toEqual({
      seal: 1,
      entryId: first,
      what: "the entry is gone",
    });
    expect(await faultAfter("delete from audit.digests")).toEqual({
      seal: 1,
      entryId: null,
      what: "it was made over 3 entries, 0 digests are there",
    });
    await client.query("truncate audit.entries, audit.digests, audit.seals cascade");
    expect(await faultAfter("select 1")).toEqual({ seal: null, entryId: waiting, what: "the entry was taken away before it was sealed" });
  });

  it("tells a seal that was made anew, left out, or is not the one kept elsewhere", async () => {
    for (const mobile of ["1", "2", "3"]) {
      await add({ mobile });
      await sealEntriesOnce(client);
    }
    const kept = await lastSeal(client);
    expect((await verifyAudit(database.url, kept ?? undefined)).fault).toBeNull();
    const forged = await faultAfter(`
      update audit.entries set actor_id = 'u2' where id = (select entry_id from audit.digests where seal = 2);
      update audit.digests set digest = audit.entry_digest(entries, salt, salts, erased) from audit.entries where entries.id = entry_id and seal = 2`);
    expect(forged).toMatchObject({ seal: 2, entryId: null });
    await client.query("delete from audit.digests where seal = 3; delete from audit.seals where id = 3");
    await client.query("update audit.seals set digest = '\\x00' where id = 1");
    expect((await verifyAudit(database.url, kept ?? undefined)).fault).toMatchObject({ seal: 1 });
    await client.query("delete from audit.digests where seal = 1; delete from audit.seals where id = 1");
    expect((await verifyAudit(database.url)).fault).toEqual({ seal: 2, entryId: null, what: "the seal before it is gone" });
  });

  it("notices an entry that was slipped past the trigger", async () => {
    await client.query("alter table audit.entries disable trigger queue_entries");
    const slipped = await add({ mobile: "1" });
    await client.query("alter table audit.entries enable trigger queue_entries");
    expect(await faultAfter("select 1")).toEqual({
      seal: null,
      entryId: slipped,
      what: "the entry was added without being told to the seals",
    });
  });

  it("can only be added to and read by what requests run as", async () => {
    const pool = createPool(database.url, createLogger({ service: "test", level: "silent" }));
    const id = await add({ mobile: "1" });
    await pool.query("insert into audit.entries (action, entity) values ('export', 'orders')");
    expect((await pool.query("select id from audit.entries")).rowCount).toBe(2);
    const refused = [
      "update audit.entries set actor_id = 'somebody else'",
      `delete from audit.entries where id = '${id}'`,
      "truncate audit.entries",
      "alter table audit.entries disable trigger queue_entries",
      "insert into audit.seals values (1, now(), 0, '')",
      "update audit.seals set digest = ''",
      "select * from audit.digests",
      "insert into audit.digests (entry_id, seal, position, digest) values (gen_random_uuid(), 1, 1, '')",
      "delete from audit.unsealed",
      "update audit.erasures set step = 'done'",
    ];
    for (const sql of refused) await expect(pool.query(sql), sql).rejects.toMatchObject({ code: "42501" });
    await pool.end();
    expect((await sealEntriesOnce(client))?.entries).toBe(2);
    expect((await verifyAudit(database.url)).fault).toBeNull();
  });

  it("is sealed by the job, until its end", async () => {
    const sealer = startSealer({ url: database.url, logger: createLogger({ service: "test", level: "silent" }), everyMs: 10 });
    await add({ mobile: "1" });
    await expect.poll(async () => (await verifyAudit(database.url)).unsealed, { timeout: 20_000 }).toBe(0);
    await add({ mobile: "2" });
    await sealer.stop();
    expect(await verifyAudit(database.url)).toMatchObject({ unsealed: 0, entries: 2, fault: null });
  });
});
