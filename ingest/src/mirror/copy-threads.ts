import { availableParallelism } from "node:os";
import type { DuckDBConnection } from "@duckdb/node-api";

/** Of the processors, those that DuckDB leaves to the source and to the readers of its rows: together they take about as much of each row as it does. */
const leftToReaders = 1 / 2;

/** How many threads DuckDB has while everything is copied, of `usual` ones. */
export const copyThreads = (usual: number, processors: number): number =>
  Math.max(1, Math.min(usual, Math.floor(processors * (1 - leftToReaders))));

/**
 * Runs `work` with fewer of DuckDB's threads. One that has nothing to do while another finishes its rows does not sleep but asks again and again, so on a
 * machine whose processors are all needed each thread too many costs more than it does. Afterwards there are `usual` ones, and not those found before: builds
 * do with fewer for their time too. Call outside a transaction: one that has failed takes no setting back.
 */
export async function withCopyThreads<Result>(connection: DuckDBConnection, usual: number, work: () => Promise<Result>): Promise<Result> {
  const set = async (threads: number): Promise<void> => void (await connection.run(`set global threads = ${threads}`));
  await set(copyThreads(usual, availableParallelism()));
  try {
    return await work();
  } finally {
    await set(usual);
  }
}
