import { setTimeout as delay } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";

const pollMs = 20;
const timeoutMs = 60_000;

/**
 * Writes what is in a catalog's log into its file. DuckDB refuses while an older transaction, of any of the instance's connections, needs what it would drop;
 * transactions are short here, so it is tried until they have ended. Throws after a minute.
 */
export async function checkpoint(connection: DuckDBConnection, catalog: string): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      await connection.run(`checkpoint ${catalog}`);
      return;
    } catch (error) {
      const waits = error instanceof Error && /checkpoint/i.test(error.message) && /transaction/i.test(error.message);
      if (!waits || performance.now() > deadline) throw new Error(`the catalog ${catalog} could not be checkpointed`, { cause: error });
      await delay(pollMs);
    }
  }
}
