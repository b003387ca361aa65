import { services, type FromChild, type Service, type ToChild } from "./messages.ts";

/** What a child process can do to its surroundings. */
export interface Channel {
  send(message: FromChild): void;
  onMessage(listener: (message: ToChild) => void): void;
}

/** A running service; `stop` ends it cleanly within a few seconds. */
export interface Running {
  stop(): Promise<void>;
}

/** Until who starts a child has told why it could not be started. */
const lastWordsMs = 500;

const load: Record<Service, () => Promise<(channel: Channel) => Promise<Running>>> = {
  warehouse: async () => (await import("./warehouse.ts")).runWarehouse,
  query: async () => (await import("./query.ts")).runQuery,
  sandbox: async () => (await import("./sandbox.ts")).runSandbox,
  web: async () => (await import("./web.ts")).runWeb,
};

/** Runs one service until SIGTERM, or until the supervisor is gone: a child without its supervisor would be an orphan nobody restarts or stops. */
export async function runChild(name: string): Promise<number> {
  const service = services.find((one) => one === name);
  if (!service || !process.send) {
    console.error(`kehu child is started by kehu start, with one of ${services.join(", ")}`);
    return 2;
  }
  const channel: Channel = {
    send: (message) => process.connected && process.send?.(message, undefined, undefined, () => {}),
    onMessage: (listener) => process.on("message", listener),
  };
  const ended = new Promise<void>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("disconnect", resolve);
    process.on("SIGINT", () => {}); // Ctrl-C reaches the whole group; the supervisor decides the order
  });
  const start = async (): Promise<Running> => (await load[service]())(channel);
  const running = await start().catch((error: unknown) => {
    // What it has begun, the channel to begin with, would keep it alive, and nobody would start it again.
    setTimeout(() => process.exit(1), lastWordsMs).unref();
    throw error;
  });
  await ended;
  await running.stop();
  process.exit(0);
}
