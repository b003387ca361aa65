import { foldChangeLog } from "./fold-log.ts";
import type { Mirror } from "./mirror/mirror.ts";
import { prepareStore } from "./mirror/mirror-store.ts";
import type { MirrorLogger } from "./mirror/session.ts";
import type { Warehouse } from "./warehouse.ts";

export interface LogFoldingOptions {
  warehouse: Warehouse;
  mirror: Pick<Mirror, "between">;
  /** Whose days they are, IANA. */
  timezone: string;
  /** The time by which the source's commits are stamped. */
  clock: () => Date;
  /** For how many days every version is kept, as it is decided now. */
  keepDays: () => Promise<number>;
  /** The position up to which the log has been read by what follows it; null: not at all yet. */
  readUpTo: () => Promise<string | null>;
  logger: MirrorLogger;
  /** Default an hour: there is something to do once a day, in the hour after the company's midnight. */
  everyMs?: number;
  /** The first one waits so long, as a start has other things to do; default 15 minutes. */
  firstMs?: number;
}

export interface LogFolding {
  /** Ends after the batch that runs. */
  stop(): Promise<void>;
}

/** Folds the change log's older days (see `foldChangeLog`) from time to time, beside the running mirror. */
export async function startLogFolding(options: LogFoldingOptions): Promise<LogFolding> {
  const { warehouse, mirror, timezone, clock, keepDays, readUpTo, logger, everyMs = 3_600_000, firstMs = 900_000 } = options;
  const reader = await warehouse.connect();
  await prepareStore(reader);
  const stopping = new AbortController();
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function fold(): Promise<void> {
    const before = await readUpTo();
    if (before === null) return;
    const { signal } = stopping;
    const tables = await foldChangeLog({
      reader,
      between: mirror.between,
      timezone,
      now: clock(),
      keepDays: await keepDays(),
      before,
      signal,
    });
    if (tables.length > 0) logger.info({ tables }, "older days of the change log were folded");
  }
  const plan = (ms: number): void => {
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      running = fold()
        .catch((error: unknown) => logger.error({ err: error }, "the change log could not be folded; it is tried again"))
        .then(() => plan(everyMs));
    }, ms);
    timer.unref();
  };
  plan(firstMs);
  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
      reader.closeSync();
    },
  };
}
