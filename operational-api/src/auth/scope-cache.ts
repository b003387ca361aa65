import { Client, type Pool } from "pg";
import type { Logger } from "../log.ts";
import { compileScope } from "./compile-scope.ts";
import type { Scope } from "./scope.ts";
import { scopeChannel } from "./tables.ts";

/** A change is heard of at once; this bounds what can be missed while the listening connection is down. */
const keptMs = 5_000;
const reconnectMs = 1_000;

export interface ScopeCache {
  /** The user's scope, compiled at most a few seconds ago and not changed since, as far as this database told us. */
  get(userId: string): Promise<Scope>;
  /** For who has just changed something: the database's own notice comes a moment later. */
  forget(): void;
  close(): Promise<void>;
}

/** Compiled scopes by user, forgotten all together when the database says that something they are made of has changed. */
export function createScopeCache(options: { url: string; pool: Pool; logger: Logger }): ScopeCache {
  const { url, pool, logger } = options;
  const kept = new Map<string, { scope: Promise<Scope>; until: number }>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let listener: Client | undefined;

  const listen = async (): Promise<void> => {
    const client = new Client({ connectionString: url, application_name: "kehu scopes", keepAlive: true });
    listener = client;
    let ended = false;
    const again = (reason?: Error): void => {
      if (ended) return;
      ended = true;
      kept.clear(); // what changes from here on is not heard
      if (closed) return;
      logger.warn({ err: reason }, "not hearing of permission changes, connecting again");
      client.end().catch(() => {}); // it is broken already
      timer = setTimeout(() => void listen(), reconnectMs).unref();
    };
    client.on("error", again);
    client.on("end", () => again());
    client.on("notification", () => kept.clear());
    try {
      await client.connect();
      await client.query(`listen ${scopeChannel}`);
      kept.clear(); // and what changed while we were away
    } catch (error) {
      again(error as Error);
    }
  };
  const listening = listen();

  return {
    get: (userId) => {
      const now = performance.now();
      const known = kept.get(userId);
      if (known && known.until > now) return known.scope;
      const scope = compileScope(pool, userId);
      kept.set(userId, { scope, until: now + keptMs });
      scope.catch(() => kept.get(userId)?.scope === scope && kept.delete(userId));
      return scope;
    },
    forget: () => kept.clear(),
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await listening;
      await listener?.end();
    },
  };
}
