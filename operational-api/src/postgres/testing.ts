import { randomBytes } from "node:crypto";
import { Client } from "pg";

export interface TestDatabase {
  /** `postgres://…` of the owner role. */
  url: string;
  /** Ends its connections, drops its replication slots and the database. */
  drop(): Promise<void>;
}

/** A fresh empty database in the server of the test run. Throws outside of a run whose global setup is `tests/setup/postgres.ts`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env.KEHU_TEST_POSTGRES_URL;
  if (!server) throw new Error("KEHU_TEST_POSTGRES_URL is not set: run through vitest, its global setup starts the server");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await withClient(server, (client) => client.query(`create database ${name} template template0`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => withClient(server, (client) => dropDatabase(client, name)) };
}

async function withClient<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function dropDatabase(client: Client, name: string): Promise<void> {
  // No new connections: a reader of a slot would connect again while we drop it.
  await client.query(`alter database ${name} allow_connections false`);
  for (;;) {
    await client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
    await client.query("select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1 and active_pid is null", [
      name,
    ]);
    const { rowCount } = await client.query("select from pg_replication_slots where database = $1", [name]);
    if (rowCount === 0) break;
  }
  await client.query(`drop database ${name} with (force)`);
}
