import type { Pool, PoolClient } from "pg";
import type { Principal } from "../auth/index.ts";
import type { Clock } from "../clock.ts";

/** The settings that writing depends on. */
export interface CompanySettings {
  /** ISO 4217 code of the company currency. */
  currency: string;
  /** IANA zone in which a document's day is told. */
  timezone: string;
}

/** Where a request came from, for the audit trail. */
export interface RequestSource {
  ip: string | null;
  requestId: string;
}

/** One transaction of one caller. Everything below the routes that writes gets this. */
export interface Write {
  client: PoolClient;
  principal: Principal;
  /** The business clock's instant of this transaction, RFC 3339 UTC. */
  now: string;
  settings: CompanySettings;
  source: RequestSource;
}

export interface WriteDependencies {
  pool: Pool;
  clock: Clock;
  settings: CompanySettings;
}

/** RFC 3339 without trailing zeros in the fraction, as every instant of the API. */
export const instantOf = (date: Date): string => date.toISOString().replace(/\.?0*Z$/, "Z");

/**
 * Runs `work` in one transaction that begins by telling the mirror who acts, and gives its result with the LSN from which on it can be read.
 * The flush position after a synchronous commit is past the commit record, and the mirror can reach it without any further write.
 */
export const inWrite = async <Result>(
  { pool, clock, settings }: WriteDependencies,
  principal: Principal,
  source: RequestSource,
  work: (write: Write) => Promise<Result>,
): Promise<{ result: Result; commit: string }> => {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const actor = client.escapeLiteral(JSON.stringify({ userId: principal.userId }));
    await client.query(`begin; select pg_logical_emit_message(true, 'kehu.actor', ${actor})`);
    const result = await work({ client, principal, now: instantOf(clock()), settings, source });
    // Several statements in one message give several results; the second is the select's.
    const ended = (await client.query("commit; select pg_current_wal_flush_lsn()::text as lsn")) as unknown as {
      rows: { lsn: string }[];
    }[];
    return { result, commit: ended[1]?.rows[0]?.lsn ?? "0/0" };
  } catch (error) {
    await client.query("rollback").catch((reason: unknown) => {
      broken = reason instanceof Error ? reason : new Error(String(reason));
    });
    throw error;
  } finally {
    // A connection that could not even roll back must not be used again.
    client.release(broken);
  }
};
