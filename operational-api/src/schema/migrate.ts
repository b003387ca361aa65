import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as runMigrations } from "drizzle-orm/node-postgres/migrator";
import { Client } from "pg";
import { type AuthConfig, installScopeTriggers, migrateAuth } from "../auth/index.ts";
import { insertDefaultDefinitions } from "./default-definitions.ts";
import { createSealTables } from "../audit/tables.ts";
import { grantRights, makeRoles } from "./rights.ts";
import { publishForMirror } from "./publication.ts";
import { defineUuidv7 } from "./uuidv7.ts";

const migrationsFolder = fileURLToPath(new URL("../../migrations", import.meta.url));

/** Any constant does; the same for all who migrate this database. */
const migrationLock = 5_348_101;

const oldestPostgres = 150_000;

/**
 * Brings the database at `url` (its owner's connection) to this version: schemas, roles, tables, default definitions, rights, the mirror's publication.
 * With `auth`, also schema `auth` (accounts, permissions) and the triggers that tell of changed scopes; without it only the company's data.
 * Safe to call from several processes at once and on every start; a second call changes nothing.
 * Throws when the server is older than Postgres 15.
 */
export const migrate = async (url: string, auth?: AuthConfig): Promise<void> => {
  const client = new Client({ connectionString: url, application_name: "kehu migrate" });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: number; name: string }>(
      "select current_setting('server_version_num')::int as version, current_setting('server_version') as name",
    );
    const server = rows[0];
    if (!server || server.version < oldestPostgres) throw new Error(`Postgres ${server?.name ?? "?"} is too old: Kehu needs 15 or newer`);
    await client.query("select pg_advisory_lock($1)", [migrationLock]);
    await client.query("set client_min_messages = warning");
    for (const schema of ["crm", "audit", "portal"]) await client.query(`create schema if not exists ${schema}`);
    await client.query("create extension if not exists pg_trgm");
    await defineUuidv7(client, server.version);
    await makeRoles(client);
    await runMigrations(drizzle(client), { migrationsFolder, migrationsSchema: "portal", migrationsTable: "migrations" });
    await createSealTables(client);
    await insertDefaultDefinitions(client);
    if (auth) {
      await migrateAuth(url, auth);
      await installScopeTriggers(client);
    }
    await grantRights(client);
    await publishForMirror(client);
  } finally {
    // Ending the connection gives the advisory lock back.
    await client.end();
  }
};
