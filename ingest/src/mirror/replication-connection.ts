import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { formatLsn, parseLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";
import { textSettings } from "./column-types.ts";

/** The part of pg's wire connection that streaming needs and its types leave out. */
interface WireConnection extends EventEmitter {
  stream: Socket;
  sendCopyFromChunk(chunk: Buffer): void;
}

export interface ExportedSlot {
  name: string;
  /** The snapshot shows exactly the transactions whose commit record lies before this; the slot's stream brings the others. */
  lsn: Lsn;
  snapshot: string;
}

export interface StreamEvents {
  /** One message of the output plugin. The bytes are only valid during the call. */
  message(bytes: Buffer): void;
  /** Everything that committed before `lsn` has been sent. */
  keepalive(lsn: Lsn): void;
  /** The stream is over: the connection was lost, or closed by `close()` (then without an error). */
  ended(error?: Error): void;
}

/** An ordinary or replication client whose values are text in known settings. */
export async function connectSource(url: string, options: { replication?: boolean; lockTimeoutMs?: number } = {}): Promise<Client> {
  const client = new Client({
    connectionString: url,
    // A regclass is written with its schema or without, by the path of whoever reads it.
    options: `${textSettings} -c search_path=pg_catalog -c lock_timeout=${options.lockTimeoutMs ?? 0}`,
    application_name: "kehu mirror",
    keepAlive: true,
    ...(options.replication ? { replication: "database" } : {}),
  });
  // Without a listener a lost connection ends the process; each user of the client learns of it from its own query.
  client.on("error", () => {});
  await client.connect();
  return client;
}

const slotBusyTimeoutMs = 30_000;

/** Makes a slot and a snapshot of the database at its first position. The snapshot lives until the connection's next command. */
export async function createSlot(client: Client, name: string, options: { temporary: boolean }): Promise<ExportedSlot> {
  const result = await client.query<{ consistent_point: string; snapshot_name: string }>(
    `CREATE_REPLICATION_SLOT "${name}" ${options.temporary ? "TEMPORARY " : ""}LOGICAL pgoutput (SNAPSHOT 'export')`,
  );
  const { consistent_point: point, snapshot_name: snapshot } = result.rows[0]!;
  return { name, lsn: parseLsn(point), snapshot };
}

/** Streaming of one slot on a connection of its own. */
export interface ReplicationStream {
  /** Tells the server that everything before `lsn` is durable here. */
  acknowledge(lsn: Lsn): void;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** A status message: written, flushed and applied up to `lsn`. */
function statusUpdate(lsn: Lsn): Buffer {
  const bytes = Buffer.alloc(34);
  bytes.write("r", 0, "latin1");
  for (const offset of [1, 9, 17]) bytes.writeBigUInt64BE(lsn, offset);
  bytes.writeBigInt64BE(BigInt(Date.now() - 946_684_800_000) * 1000n, 25);
  return bytes;
}

/** The server gives up a silent receiver after wal_sender_timeout (60 s by default), also while the socket is paused. */
const statusEveryMs = 5_000;

/**
 * Streams `slot` from `from`, which is also the first acknowledged position. Only positions given to `acknowledge` are ever confirmed.
 * Waits while an earlier receiver, killed a moment ago, still holds the slot. Throws when the server refuses.
 */
export async function streamSlot(
  url: string,
  options: { slot: string; publication: string; from: Lsn },
  events: StreamEvents,
): Promise<ReplicationStream> {
  const deadline = performance.now() + slotBusyTimeoutMs;
  for (;;) {
    const client = await connectSource(url, { replication: true });
    try {
      return await startStreaming(client, options, events);
    } catch (error) {
      await client.end();
      const busy = (error as { code?: string }).code === "55006"; // object_in_use
      if (!busy || performance.now() > deadline) throw error;
      await delay(100);
    }
  }
}

async function startStreaming(
  client: Client,
  { slot, publication, from }: { slot: string; publication: string; from: Lsn },
  events: StreamEvents,
): Promise<ReplicationStream> {
  const wire = (client as unknown as { connection: WireConnection }).connection;
  let durable = from;
  let open = true;
  let timer: NodeJS.Timeout | undefined;
  const sendStatus = (): void => {
    if (open) wire.sendCopyFromChunk(statusUpdate(durable));
  };
  const finish = (error?: Error): void => {
    if (!open) return;
    open = false;
    clearInterval(timer);
    events.ended(error);
  };
  wire.on("copyData", ({ chunk }: { chunk: Buffer }) => {
    if (!open) return;
    try {
      if (chunk[0] === 0x77 /* w: log data */) {
        events.message(chunk.subarray(25));
      } else if (chunk[0] === 0x6b /* k: keepalive */) {
        events.keepalive(chunk.readBigUInt64BE(1));
        if (chunk[17] === 1) sendStatus();
      }
    } catch (error) {
      finish(error as Error);
    }
  });
  const started = new Promise<void>((resolve) => wire.once("replicationStart", () => resolve()));
  const names = publication.replaceAll("'", "''");
  const streaming = client.query(
    `START_REPLICATION SLOT "${slot}" LOGICAL ${formatLsn(from)} (proto_version '1', publication_names '"${names}"', messages 'true')`,
  );
  await Promise.race([started, streaming]);
  streaming.then(
    () => finish(new Error("the server ended the replication stream")),
    (error: Error) => finish(error),
  );
  client.on("end", () => finish(new Error("the replication connection was lost")));
  timer = setInterval(sendStatus, statusEveryMs);
  return {
    acknowledge(lsn) {
      if (lsn <= durable) return;
      durable = lsn;
      sendStatus();
    },
    pause: () => void wire.stream.pause(),
    resume: () => void wire.stream.resume(),
    async close() {
      finish();
      wire.stream.destroy();
      await Promise.race([client.end().catch(() => {}), delay(1_000)]);
    },
  };
}
