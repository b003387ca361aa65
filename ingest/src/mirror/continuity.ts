import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "pg";
import { parseLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";
import type { MirrorSource, MirrorState } from "./mirror-store.ts";
import { connectSource } from "./replication-connection.ts";

/** Which database of which server this is: a rebuilt server has another id, one restored or promoted another timeline. */
export async function identifySystem(sourceUrl: string): Promise<{ systemId: string; database: string; timeline: number }> {
  const replication = await connectSource(sourceUrl, { replication: true });
  try {
    const { rows } = await replication.query<{ systemid: string; dbname: string; timeline: number }>("IDENTIFY_SYSTEM");
    return { systemId: rows[0]!.systemid, database: rows[0]!.dbname, timeline: Number(rows[0]!.timeline) };
  } finally {
    await replication.end();
  }
}

interface SlotRow {
  confirmed: string | null;
  status: string | null;
  pid: number | null;
  plugin: string;
  database: string;
}

export async function readSlot(client: Client, slot: string): Promise<SlotRow | null> {
  const { rows } = await client.query<SlotRow>(
    `select confirmed_flush_lsn::text as confirmed, wal_status as status, active_pid as pid, plugin, database
     from pg_replication_slots where slot_name = $1`,
    [slot],
  );
  return rows[0] ?? null;
}

const dropTimeoutMs = 30_000;

/** Drops a slot once a receiver that was killed a moment ago has let go of it. */
export async function dropSlot(client: Client, slot: string): Promise<void> {
  const deadline = performance.now() + dropTimeoutMs;
  while ((await readSlot(client, slot))?.pid && performance.now() < deadline) await delay(100);
  await client.query("select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1", [slot]);
}

/** Says why the mirrored rows can't be continued from the slot, or null when they can. `end`: of the source's log. */
export function gap(
  state: MirrorState | null,
  known: MirrorSource | null,
  now: MirrorSource,
  slot: SlotRow | null,
  end: Lsn,
): string | null {
  if (!state) return "nothing has been copied yet";
  if (!known) return "the publication was not whole for a time";
  if (known.systemId !== now.systemId || known.database !== now.database) return "the source is another database system";
  if (known.schema !== now.schema || known.publication !== now.publication) return "the mirror was of another schema or publication";
  if (known.publicationOid !== null && known.publicationOid !== now.publicationOid) return "the publication was made anew";
  if (known.timeline !== null && known.timeline !== now.timeline) return "the source was restored or promoted";
  if (!slot || known.slot !== now.slot) return "the replication slot is gone";
  if (slot.status === "lost") return "the server has dropped log that the replication slot needs";
  if (slot.confirmed !== null && parseLsn(slot.confirmed) > parseLsn(state.lsn)) return "the replication slot is ahead of the mirror";
  if (end < parseLsn(state.lsn)) return "the source is behind the mirror: it was restored from an older copy";
  return null;
}
