import { parseLsn } from "@kehu/ingest";
import { createDecoder } from "../../ingest/src/mirror/pgoutput.ts";
import { streamSlot } from "../../ingest/src/mirror/replication-connection.ts";

/** Streams `slot` up to `lsn` with the mirror's decoder and drops what comes. Returns the row changes read; nothing is acknowledged. */
export async function decodeAlone(url: string, options: { slot: string; publication: string; lsn: string }): Promise<number> {
  const until = parseLsn(options.lsn);
  const decode = createDecoder();
  const done = Promise.withResolvers<void>();
  let changes = 0;
  const stream = await streamSlot(
    url,
    { slot: options.slot, publication: options.publication, from: 0n },
    {
      message(bytes) {
        const message = decode(bytes);
        if (message.tag === "changes") changes += message.changes.length;
        else if (message.tag === "commit" && message.endLsn > until) done.resolve();
      },
      keepalive(lsn) {
        if (lsn > until) done.resolve();
      },
      ended: (error) => (error ? done.reject(error) : undefined),
    },
  );
  try {
    await done.promise;
  } finally {
    await stream.close();
  }
  return changes;
}
