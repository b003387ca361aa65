import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { createMirror } from "./mirror/mirror.ts";
import type { Mirror } from "./mirror/mirror.ts";
import type { MirrorProblem } from "./mirror/problems.ts";
import { connectSource } from "./mirror/replication-connection.ts";
import { identifySystem } from "./mirror/continuity.ts";
import type { MirrorLogger } from "./mirror/session.ts";
import { openMirrorFile } from "./warehouse.ts";
import type { Warehouse } from "./warehouse.ts";

export interface SyncOptions {
  /** `postgres://...` */
  source: string;
  schema: string;
  /** A DuckDB file of its own for the schemas raw, raw_changes and meta; made when it is absent. */
  database: string;
  logger: MirrorLogger;
}

export interface SyncResult {
  /** The source's position when the sync began; everything that had committed before it is mirrored. */
  lsn: string;
  /** RFC 3339 UTC, the time to which the file is complete. */
  at: string;
  seconds: number;
  /** What of the source is not mirrored, with what to do. */
  problems: MirrorProblem[];
}

const publicationOf = (schema: string): string => `kehu_${schema}`.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_");

/** The same file and source find their slot again; slot names are shared by all databases of a server. */
function slotOf(systemId: string, database: string, schema: string, file: string): string {
  const digest = createHash("sha256")
    .update([systemId, database, schema, resolve(file)].join("\0"))
    .digest("hex");
  return `kehu_sync_${digest.slice(0, 16)}`;
}

/** Runs `work` with a started mirror of any Postgres schema in a file of its own. */
export async function withMirrorFile<Result>(
  options: SyncOptions,
  work: (mirror: Mirror, connect: Warehouse["connect"], publication: string) => Promise<Result>,
): Promise<Result> {
  const { source, schema, database, logger } = options;
  const { systemId, database: sourceDatabase } = await identifySystem(source);
  const file = await openMirrorFile(database);
  try {
    const slot = slotOf(systemId, sourceDatabase, schema, database);
    const publication = publicationOf(schema);
    const mirror = createMirror({ sourceUrl: source, schema, publication, slot, warehouse: file, logger });
    try {
      await mirror.start();
      return await work(mirror, file.connect, publication);
    } finally {
      await mirror.stop();
    }
  } finally {
    file.close();
  }
}

/** Quiet sources send nothing for a while after a large copy; a stream that does not move for this long is broken. */
const reachTimeoutMs = 3_600_000;

/**
 * Brings the mirror file to the source's present position, then stops. The first call copies; a later one continues from the replication slot, whose name derives from
 * server, database, schema and file. The slot keeps log in the source until then: drop it when the file is no longer wanted.
 */
export async function syncOnce(options: SyncOptions): Promise<SyncResult> {
  const started = performance.now();
  return withMirrorFile(options, async (mirror) => {
    const client = await connectSource(options.source);
    let lsn: string;
    try {
      // A message of our own has a position after all that has committed, and its commit flushes the log up to it.
      const { rows } = await client.query<{ lsn: string }>("select pg_logical_emit_message(true, 'kehu.sync', '')::text as lsn");
      lsn = rows[0]!.lsn;
    } finally {
      await client.end();
    }
    await mirror.waitFor(lsn, reachTimeoutMs);
    await mirror.settle();
    const { at } = mirror.applied()!;
    return { lsn, at, seconds: (performance.now() - started) / 1000, problems: mirror.condition().problems };
  });
}
