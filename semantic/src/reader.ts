/** Follows the published snapshot: opens the new one, lets the queries on the old one end. */
import { parseLsn, readPointer, watchPointer } from "@kehu/ingest";
import type { DuckDBBudget, Lsn, SnapshotPointer } from "@kehu/ingest";
import { QueryError } from "./errors.ts";
import { openPublished } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

/** What of the logger is used here. */
export interface ErrorLog {
  error: (details: Record<string, unknown>, message: string) => void;
}

/** Where the published snapshot is announced. */
export interface SnapshotSource {
  /** Null before the first publish. */
  current: () => SnapshotPointer | null;
  /** Returns the function that ends the subscription. */
  onChange: (listener: (pointer: SnapshotPointer) => void) => () => void;
}

/** The source for a warehouse folder: `snapshots/current.json`, watched until `close`. */
export const watchSnapshots = async (dir: string): Promise<SnapshotSource & { close: () => void }> => {
  const listeners = new Set<(pointer: SnapshotPointer) => void>();
  let pointer = await readPointer(dir);
  const stop = watchPointer(dir, (next) => {
    pointer = next;
    for (const listener of listeners) listener(next);
  });
  return {
    current: () => pointer,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: stop,
  };
};

/** A build that was served. */
export interface ServedBuild {
  build: string;
  /** RFC 3339 UTC; null where its snapshot does not say. */
  startedAt: string | null;
  finishedAt: string;
  failedTests: number;
  /** How many marts it rebuilt. */
  changed: number;
}

const mostRemembered = 30;

export interface Reader {
  /** The builds served since this process began, newest first. */
  recent: () => readonly ServedBuild[];
  /** Runs `work` on the newest snapshot, which stays open until it has ended. Throws 503 before the first publish. */
  use: <T>(work: (opened: { pointer: SnapshotPointer; snapshot: Snapshot }) => Promise<T>) => Promise<T>;
  /** Resolves when a snapshot states `lsn` or a later one, and false when `timeoutMs` have passed before. */
  waitFor: (lsn: string, timeoutMs: number) => Promise<boolean>;
  close: () => Promise<void>;
}

export const createReader = (
  source: SnapshotSource,
  budget: DuckDBBudget,
  logger: ErrorLog,
  options: {
    ungoverned?: boolean;
    /** Called when a pointer's snapshot is the one that answers from now on. */
    onServing?: (pointer: SnapshotPointer) => void;
  } = {},
): Reader => {
  let opened: { pointer: SnapshotPointer; snapshot: Snapshot } | undefined;
  const waiting = new Set<() => void>();
  const recent: ServedBuild[] = [];
  const remember = ({ pointer, snapshot }: { pointer: SnapshotPointer; snapshot: Snapshot }): void => {
    const { build, finishedAt, failedTests, changed } = pointer;
    recent.unshift({ build, startedAt: snapshot.built?.startedAt ?? null, finishedAt, failedTests, changed: changed.length });
    recent.splice(mostRemembered);
  };

  const follow = async (): Promise<void> => {
    const pointer = source.current();
    if (!pointer) return;
    if (opened?.pointer.file === pointer.file) opened = { ...opened, pointer };
    else {
      const previous = opened;
      opened = { pointer, snapshot: await openPublished(pointer.file, budget, options) };
      previous?.snapshot.close();
      remember(opened);
    }
    for (const wake of waiting) wake();
    options.onServing?.(pointer);
  };
  // One after the other: two publishes in quick succession must not open their files in the wrong order.
  let following = Promise.resolve();
  const queueFollow = (): Promise<void> => {
    following = following.then(follow).catch((error: unknown) => {
      logger.error({ err: error, file: source.current()?.file }, "the published snapshot could not be opened; the one before it stays");
    });
    return following;
  };
  const stop = source.onChange(() => void queueFollow());
  void queueFollow();

  return {
    recent: () => recent,
    use: async (work) => {
      if (!opened) await queueFollow();
      if (!opened) throw new QueryError(503, "No snapshot has been published yet");
      const end = opened.snapshot.lease();
      try {
        return await work(opened);
      } finally {
        end();
      }
    },
    waitFor: async (lsn, timeoutMs) => {
      const wanted = parseWaitFor(lsn);
      const reached = () => opened !== undefined && parseLsn(opened.pointer.lsn) >= wanted;
      if (!opened) await queueFollow();
      if (reached()) return true;
      return new Promise<boolean>((resolve) => {
        const end = (result: boolean) => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve(result);
        };
        const wake = () => reached() && end(true);
        const timer = setTimeout(() => end(false), timeoutMs);
        waiting.add(wake);
      });
    },
    close: async () => {
      stop();
      await following;
      opened?.snapshot.close();
      opened = undefined;
    },
  };
};

/** A position that a client sent. Throws 400. */
export const parseWaitFor = (text: string): Lsn => {
  try {
    return parseLsn(text);
  } catch (cause) {
    throw new QueryError(400, (cause as Error).message, { cause });
  }
};
