import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** Passes bytes on to a server, until a statement comes whose answer it is to hold back. */
export interface StallingProxy {
  port: number;
  /** From now on the answers to statements that contain `words` wait. Resolves when the first has come. */
  stall(words: string): Promise<void>;
  /** What waits goes on, and nothing waits any more. */
  release(): void;
  close(): void;
}

export async function startStallingProxy(target: number): Promise<StallingProxy> {
  const sockets = new Set<Socket>();
  let stalled: Socket[] = [];
  let awaited: { words: string; come: () => void } | undefined;
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    client.on("data", (bytes: Buffer) => {
      if (awaited && bytes.includes(awaited.words)) {
        upstream.pause();
        stalled.push(upstream);
        awaited.come();
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes: Buffer) => {
      if (!client.write(bytes)) upstream.pause();
    });
    client.on("drain", () => upstream.resume());
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {}); // the other end learns of it by the close that follows
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stall: (words) => new Promise((come) => (awaited = { words, come })),
    release() {
      awaited = undefined;
      for (const socket of stalled) socket.resume();
      stalled = [];
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
