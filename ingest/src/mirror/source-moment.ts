import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "pg";
import type { Lsn } from "../lsn.ts";
import { connectSource, createSlot } from "./replication-connection.ts";
import type { CopyMoment } from "./table-copy.ts";

/** The source as one moment shows it: a transaction on `client` that reads nothing newer than `moment`. */
export interface SourceMoment {
  moment: CopyMoment;
  client: Client;
  /** Another connection with a transaction of the same moment, for its caller to end. */
  join(): Promise<Client>;
  /** Ends the transaction and, where it was temporary, drops the slot. */
  close(): Promise<void>;
}

const endedPollMs = 2;

/**
 * Waits until the transactions that the exported snapshot shows as committed have ended for everybody. It is made of the log, where a commit stands a moment
 * before it is in the server's own books; who reads a row of such a transaction in that moment takes it for one that failed, and marks the row so for good:
 * the copy would be wrong, and the source too (pgsql-hackers, message 85833.1768840165@localhost). `client` is in a transaction of that snapshot, which this
 * ends.
 */
async function awaitEnded(client: Client): Promise<void> {
  // Those before its xmin had ended when it was made.
  const { rows: shown } = await client.query<{ id: string }>(
    `select number::text as id from pg_current_snapshot() as seen,
       generate_series(pg_snapshot_xmin(seen)::text::int8, pg_snapshot_xmax(seen)::text::int8 - 1) as number
     where pg_visible_in_snapshot(number::text::xid8, seen)`,
  );
  await client.query("commit");
  const ids = shown.map(({ id }) => id);
  for (;;) {
    const { rowCount } = await client.query(
      "select from unnest($1::text[]) as id where not pg_visible_in_snapshot(id::xid8, pg_current_snapshot()) limit 1",
      [ids],
    );
    if (rowCount === 0) return;
    await delay(endedPollMs);
  }
}

export interface MomentOptions {
  /** How long each running transaction of the source is waited for, then an error is thrown of which `isImpatient` is true; 0: to its end. */
  patienceMs?: number;
  /** Told of the position as soon as there is one. */
  positioned?: (lsn: Lsn) => void;
}

/**
 * Makes a slot and opens the moment of its first position. Waits for the transactions that are running in the source; for those that are being committed in any
 * case to their end.
 */
export async function openMoment(
  sourceUrl: string,
  slot: { name: string; temporary: boolean },
  { patienceMs = 0, positioned }: MomentOptions = {},
): Promise<SourceMoment> {
  const replication = await connectSource(sourceUrl, { replication: true, lockTimeoutMs: patienceMs });
  let client: Client | undefined;
  const adopt = async (reader: Client, snapshot: string): Promise<void> => {
    await reader.query("begin isolation level repeatable read read only");
    await reader.query(`set transaction snapshot '${snapshot}'`);
  };
  try {
    client = await connectSource(sourceUrl, { lockTimeoutMs: patienceMs });
    // Taken before the snapshot: what is said to be fresh to this time must be in it.
    const before = await client.query<{ at: Date }>("select clock_timestamp() as at");
    const exported = await createSlot(replication, slot.name, slot);
    positioned?.(exported.lsn);
    await adopt(client, exported.snapshot);
    await awaitEnded(client);
    await adopt(client, exported.snapshot);
    const opened = client;
    return {
      moment: { lsn: exported.lsn, at: before.rows[0]!.at.toISOString() },
      client: opened,
      // The connection that made the slot does nothing more, so its snapshot lives on.
      async join() {
        const reader = await connectSource(sourceUrl, { lockTimeoutMs: patienceMs });
        try {
          await adopt(reader, exported.snapshot);
          return reader;
        } catch (error) {
          await reader.end();
          throw error;
        }
      },
      close: async () => {
        await opened.end();
        await replication.end();
      },
    };
  } catch (error) {
    await client?.end();
    await replication.end();
    throw error;
  }
}

/** Whether an error says that the source's locks were not to be had in time. */
export const isImpatient = (error: unknown): boolean => (error as { code?: string }).code === "55P03"; // lock_not_available
