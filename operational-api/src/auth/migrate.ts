import { getMigrations } from "better-auth/db/migration";
import { Client } from "pg";
import { createLogger } from "../log.ts";
import { createAccountTables } from "./account-tables.ts";
import { authOptions, createAuthPool, type AuthConfig } from "./better-auth.ts";
import { createAuthTables } from "./tables.ts";

/** Any constant does; another than the lock of the CRM's migration, under which this may be called. */
const authMigrationLock = 5_348_102;

/**
 * Makes or brings up to date schema `auth` of the database at `url` (its owner's connection): better-auth's tables and ours, with the default permissions the first time.
 * Safe from several processes at once. The triggers that tell of changes are apart: `installScopeTriggers`, when `crm` exists too.
 */
export async function migrateAuth(url: string, config: AuthConfig): Promise<void> {
  const client = new Client({ connectionString: url, application_name: "kehu migrate" });
  const pool = createAuthPool(url);
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [authMigrationLock]);
    await client.query("set client_min_messages = warning");
    await client.query("create schema if not exists auth");
    // Its warnings are of types it chose itself (rateLimit.lastRequest, int8): nothing a user could do about.
    const logger = createLogger({ service: "migrate", level: "error" });
    const nobody = (): Promise<boolean> => Promise.resolve(false);
    const options = authOptions({ pool, config: { ...config, oidc: null }, logger, hooks: { maySignIn: nobody, isEmployee: nobody } });
    const { runMigrations } = await getMigrations(options);
    await runMigrations();
    await createAuthTables(client);
    await createAccountTables(client);
  } finally {
    await pool.end();
    await client.end(); // gives the lock back
  }
}
