import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** Passes bytes on to a server until it is told to cut. */
export interface TornProxy {
  port: number;
  /** Ends every connection once so many more bytes have come from the server, in the middle of whatever they are. */
  cutAfter(bytes: number): void;
  /** A cut that so many bytes have not come for yet is made now. */
  cutIfDue(): void;
  close(): void;
}

export async function startTornProxy(target: () => number): Promise<TornProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let left = Infinity;
  const cut = (): void => {
    left = Infinity;
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  const server = createServer((client) => {
    const upstream = connect(target(), "127.0.0.1");
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    client.pipe(upstream);
    upstream.on("data", (bytes: Buffer) => {
      if (left > bytes.length) {
        left -= bytes.length;
        if (!client.write(bytes)) upstream.pause();
        return;
      }
      client.write(bytes.subarray(0, left));
      cut();
    });
    client.on("drain", () => upstream.resume());
    for (const socket of pair) {
      socket.on("error", () => {}); // the other end learns of it by the close that follows
      socket.on("close", () => {
        pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter(bytes) {
      left = bytes;
    },
    cutIfDue() {
      if (left !== Infinity) cut();
    },
    close() {
      cut();
      server.close();
    },
  };
}
