import type { Client } from "pg";
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

/**
 * Makes a slot and opens the moment of its first position. Waits for the transactions that are running in the source; with `patienceMs` only so long for
 * each, then it throws an error of which `isImpatient` is true.
 */
export async function openMoment(sourceUrl: string, slot: { name: string; temporary: boolean }, patienceMs = 0): Promise<SourceMoment> {
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
