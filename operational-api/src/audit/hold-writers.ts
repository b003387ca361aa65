import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";

/** Writers wait at most this long behind one that holds them all up; then they go on, and it is tried again. */
const lockWaitMs = 2_000;
const lockTries = 30;
const lockNotAvailable = "55P03";

/**
 * Lets writers of the database at `url` (its owner's) wait until the function that it gives is called: every change writes its audit entry, and that waits
 * for this lock. Reading goes on. Throws when a transaction that began before does not end within a minute.
 */
export async function holdWriters(url: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: url, application_name: "kehu backup" });
  client.on("error", () => {}); // a server that ends lets writers go by itself
  await client.connect();
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(`begin; set local lock_timeout = ${lockWaitMs}; lock table audit.entries in exclusive mode`);
      return () => client.end();
    } catch (error) {
      await client.query("rollback");
      if ((error as { code?: string }).code === lockNotAvailable && attempt < lockTries) {
        await delay(lockWaitMs / 4);
        continue;
      }
      await client.end();
      throw error;
    }
  }
}
