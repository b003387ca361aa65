import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Client } from "pg";

/** Of pg's connection, what reading its socket without pg takes. */
interface Wire extends EventEmitter {
  stream: Socket;
  query(text: string): void;
}

/** ReadyForQuery: no byte of a text copy is zero, so it can't be mistaken for rows. */
const endsWithReady = (bytes: Buffer): boolean => bytes.length >= 6 && bytes.readUInt32BE(bytes.length - 5) === 5 && bytes.at(-6) === 0x5a;

/** `COPY table TO STDOUT` to nowhere: the bytes are read from the socket and dropped, without a look at the rows. Returns how many there were. */
export function discardCopy(client: Client, table: string): Promise<number> {
  const wire = (client as unknown as { connection: Wire }).connection;
  const { stream } = wire;
  return new Promise((resolve, reject) => {
    const handlers = stream.listeners("data") as ((bytes: Buffer) => void)[];
    stream.removeAllListeners("data");
    let bytes = 0;
    let tail: Buffer = Buffer.alloc(0);
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      tail = chunk.length >= 6 ? chunk : Buffer.concat([tail, chunk]).subarray(-6);
      if (!endsWithReady(tail)) return;
      stream.removeAllListeners("data");
      for (const handler of handlers) stream.on("data", handler);
      resolve(bytes);
    });
    stream.once("error", reject);
    wire.query(`copy ${table} to stdout`);
  });
}
