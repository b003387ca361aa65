import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres } from "../../../operational-api/src/postgres/index.ts";
import type { RunningPostgres } from "../../../operational-api/src/postgres/index.ts";
import { openMoment } from "./source-moment.ts";

// A server of its own: whether commits wait for a standby is a setting of the whole server.
let dataDir: string;
let postgres: RunningPostgres;
const clients: Client[] = [];

async function connect(options: { waitsForStandby: boolean }): Promise<Client> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`set synchronous_commit = ${options.waitsForStandby ? "on" : "local"}`);
  clients.push(client);
  return client;
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "kehu-moment-"));
  postgres = await startPostgres({ dataDir });
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query("alter system set synchronous_standby_names = 'nobody'");
  await client.end();
  await postgres.stop();
  postgres = await startPostgres({ dataDir });
});
afterAll(async () => {
  for (const client of clients) await client.end();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Waits until a session of the server, other than the one that looks, is as `condition` says. */
async function untilSession(watcher: Client, condition: string, isOver = () => false): Promise<void> {
  const sql = `select from pg_stat_activity where pid <> pg_backend_pid() and ${condition}`;
  while (!isOver() && (await watcher.query(sql)).rowCount === 0) await delay(5);
}

async function waitsFor(client: Client): Promise<string> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return `${rows[0]!.pid} = any(pg_blocking_pids(pid))`;
}

test("a moment waits for a transaction whose commit is in the log and not yet in the server's books", async () => {
  const [watcher, first, second] = [
    await connect({ waitsForStandby: false }),
    await connect({ waitsForStandby: false }),
    await connect({ waitsForStandby: false }),
  ];
  // The commit of this one is in the log, and it counts as running until a standby answers.
  const committing = await connect({ waitsForStandby: true });
  await watcher.query("create table things (id int primary key)");
  const order: string[] = [];

  await first.query("begin; insert into things values (1)");
  const opening = openMoment(postgres.url, { name: "moment", temporary: true }).finally(() => order.push("opened"));
  await untilSession(watcher, await waitsFor(first));
  await second.query("begin; insert into things values (2)");
  await first.query("commit");
  await untilSession(watcher, await waitsFor(second));
  // The server waits for those that were running until now: one that begins now and commits is in the snapshot all the same.
  const committed = committing.query("insert into things values (3)");
  await untilSession(watcher, "wait_event = 'SyncRep'");
  await second.query("commit");
  await untilSession(watcher, "query like '%pg_visible_in_snapshot(id::xid8%'", () => order.length > 0);
  expect(order).toEqual([]);
  order.push("released");
  await watcher.query("alter system reset synchronous_standby_names");
  await watcher.query("select pg_reload_conf()");
  await committed;
  const opened = await opening;
  expect(order).toEqual(["released", "opened"]);
  const { rows } = await opened.client.query("select id from public.things order by id");
  await opened.close();
  expect(rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});
