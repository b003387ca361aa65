import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { parseLsn } from "../lsn.ts";
import { dropSlot, gap, identifySystem, readSlot } from "./continuity.ts";
import { copyEverything } from "./copy-everything.ts";
import type { CopyProgress } from "./copy-meter.ts";
import type { Faults } from "./faults.ts";
import { dropUnfinished, inTransaction, readSource, readState, readTables, writeSource } from "./mirror-store.ts";
import type { MirrorSource, MirrorState, StoredTable } from "./mirror-store.ts";
import type { Publication } from "./publication.ts";

/** What a mirror mirrors. */
export interface MirrorTarget {
  sourceUrl: string;
  schema: string;
  publication: string;
  slot: string;
}

/** The least of a logger; pino's fits. */
export interface MirrorLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface Preparation {
  client: Client;
  connection: DuckDBConnection;
  /** Another one to the same files. */
  connect: () => Promise<DuckDBConnection>;
  /** DuckDB's usual ones. */
  threads: number;
  /** Folder for the files of copies. */
  dir: string;
  publication: Publication;
  /** Tables that this role may not publish. */
  refused: Set<string>;
  faults: Faults;
  logger: MirrorLogger;
  copying: (progress: CopyProgress | null) => void;
}

export interface Prepared {
  tables: Map<string, StoredTable>;
  state: MirrorState;
  /** Tables copied on the way here; empty when the stream goes on where it stopped. */
  copied: string[];
  /** Why everything was copied; null when the stream goes on. */
  reason: string | null;
}

/**
 * Brings the mirror to a state from which the slot's stream continues without a gap: reads what is stored, and copies everything again when the source, the
 * slot or its log is not the one that the stored rows came from.
 */
export async function prepareMirror(target: MirrorTarget, preparation: Preparation): Promise<Prepared> {
  const { connection, client, logger, publication } = preparation;
  const { systemId, database, timeline } = await identifySystem(target.sourceUrl);
  const now: MirrorSource = {
    systemId,
    database,
    schema: target.schema,
    slot: target.slot,
    publication: target.publication,
    publicationOid: publication.oid,
    timeline,
  };
  const stateBefore = await readState(connection);
  if (stateBefore === null) await dropUnfinished(connection);
  const tables = await readTables(connection);
  const slot = await readSlot(client, target.slot);
  if (slot && slot.database !== database) {
    throw new Error(
      `the replication slot "${target.slot}" belongs to the database "${slot.database}"; give this mirror a slot of another name`,
    );
  }
  const end = await client.query<{ lsn: string }>("select pg_current_wal_insert_lsn()::text as lsn");
  const known = await readSource(connection);
  const reason = gap(stateBefore, known, now, slot, parseLsn(end.rows[0]!.lsn));
  if (reason === null) {
    if (JSON.stringify(known) !== JSON.stringify(now)) await inTransaction(connection, () => writeSource(connection, now));
    return { tables, state: stateBefore!, copied: [], reason };
  }
  logger.info({ reason, slot: target.slot, schema: target.schema }, "copying the source");
  const started = performance.now();
  if (slot) await dropSlot(client, target.slot);
  const copied = await copyEverything(target, preparation, { tables, source: now, isFirst: stateBefore === null });
  logger.info({ tables: copied.length, seconds: Math.round((performance.now() - started) / 100) / 10 }, "source copied");
  return { tables, state: (await readState(connection))!, copied, reason };
}
