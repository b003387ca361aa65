import type { DuckDBConnection } from "@duckdb/node-api";

/**
 * Begins a transaction on the first connection, and on the others as long as they see the mirror as of the same moment: nothing began or ended there between
 * them, says the number that DuckDB gives each transaction at its start. Gives those that are in a transaction.
 */
export async function beginTogether(connections: readonly DuckDBConnection[]): Promise<DuckDBConnection[]> {
  const begun: DuckDBConnection[] = [];
  let last: bigint | null = null;
  try {
    for (const connection of connections) {
      await connection.run("begin");
      begun.push(connection);
      const start = await startOf(connection);
      if (last !== null && start !== last + 1n) {
        await connection.run("rollback");
        begun.pop();
        break;
      }
      last = start;
    }
  } catch (error) {
    for (const connection of begun) await connection.run("rollback").catch(() => undefined); // what failed is told below
    throw error;
  }
  return begun;
}

/** Begins the transaction's part in the connection's current catalog, the mirror. */
async function startOf(connection: DuckDBConnection): Promise<bigint> {
  const [[start] = []] = await (await connection.run("select txid_current()")).getRowsJS();
  if (typeof start !== "bigint") throw new Error(`txid_current() gave ${String(start)}`);
  return start;
}
