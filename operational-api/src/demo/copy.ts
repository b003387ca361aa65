import type { Client, Connection, Submittable } from "pg";

/** What pg's connection can do for COPY but its types don't tell. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** Bytes per message: large enough to cost nothing, small enough for a socket. */
const chunkSize = 256 * 1024;

/**
 * `COPY … FROM STDIN` of text that is already in Postgres's text format, in the client's current transaction.
 * Rejects with Postgres's error; the transaction is then aborted, as after any failed statement.
 */
export const copyIn = (client: Client, statement: string, rows: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const query = {
      submit: (connection: Connection) => connection.query(statement),
      handleCopyInResponse(connection: CopyConnection) {
        let chunk: string[] = [];
        let size = 0;
        const send = (): void => {
          if (chunk.length > 0) connection.sendCopyFromChunk(Buffer.from(chunk.join("")));
          chunk = [];
          size = 0;
        };
        for (const row of rows) {
          chunk.push(row);
          size += row.length;
          if (size >= chunkSize) send();
        }
        send();
        connection.endCopyFrom();
      },
      handleCommandComplete: () => {},
      // pg forgets the query once it has failed, so "ready" is not told to it any more.
      handleError: (error: Error) => reject(error),
      handleReadyForQuery: () => resolve(),
    };
    client.query(query as Submittable);
  });
