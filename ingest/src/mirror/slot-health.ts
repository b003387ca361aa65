import type { ClientBase } from "pg";
import { problemOf } from "./problems.ts";
import type { MirrorProblem } from "./problems.ts";

/** The replication slot as its server sees it. */
export interface SlotHealth {
  /** Bytes of log that the server keeps for the mirror. */
  retainedBytes: number;
  /** Bytes that may still be written before the server drops log that the slot needs; null: it never does, and its disk may fill. */
  safeBytes: number | null;
  /** Postgres's `wal_status`: `reserved`, `extended`, `unreserved`, `lost`. */
  status: string | null;
}

/** Null when there is no such slot. */
export async function readSlotHealth(client: ClientBase, slot: string): Promise<SlotHealth | null> {
  const { rows } = await client.query<SlotHealth>(
    `select coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0)::float8 as "retainedBytes", safe_wal_size::float8 as "safeBytes",
       wal_status as status
     from pg_replication_slots where slot_name = $1`,
    [slot],
  );
  return rows[0] ?? null;
}

/** More than this is kept only for a mirror that does not get on, or a transaction that stays open. */
const muchBytes = 4 * 1024 ** 3;

export function slotProblems(slot: string, health: SlotHealth | null): MirrorProblem[] {
  if (!health) return [];
  if (health.status === "lost") return [problemOf("slot_lost", null, { slot })];
  if (health.status === "unreserved" || health.retainedBytes > muchBytes)
    return [problemOf("slot_behind", null, { slot, mebibytes: String(Math.round(health.retainedBytes / 1024 ** 2)) })];
  return [];
}
