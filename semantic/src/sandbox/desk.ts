/** One user's place: a process, and in it the databases made for what the user may see. */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { SnapshotPointer } from "@kehu/ingest";
import { policyMarts, type CallerScope, type Mart, type Purpose } from "../policy.ts";
import type { Snapshot } from "../snapshot.ts";
import type { View } from "./database.ts";
import { SqlRefusal } from "./refusal.ts";
import type { WorkerProcess } from "./worker-process.ts";

export interface DeskLimits {
  memoryMiB: number;
  threads: number;
  spillMiB: number;
}

/** A database that is open in the worker, for as long as it is held. */
export interface Held {
  database: string;
  /** Where files may be written. */
  folder: string;
  release(): void;
}

interface Opened {
  key: string;
  mode: "copy" | "whole";
  build: string;
  /** Those it has; a whole one has them all. */
  marts: ReadonlySet<string>;
  /** Of copies: which build made each mart that decides what is in them. */
  versions: ReadonlyMap<string, string>;
  folder: string;
  ready: Promise<unknown>;
  holders: number;
  superseded: boolean;
}

export interface Desk {
  worker: WorkerProcess;
  /** Holds a database with the marts of this snapshot; makes it when there is none. `signal` ends the waiting. */
  hold(wanted: Wanted, signal: AbortSignal): Promise<Held>;
  /** Closes what no longer is as the snapshot has it and nobody holds: copies are not kept longer than they are right. */
  dropOutdated(snapshot: Snapshot, pointer: SnapshotPointer): void;
  /** Ends the process and removes its folder. */
  end(): Promise<void>;
}

export interface Wanted {
  snapshot: Snapshot;
  pointer: SnapshotPointer;
  scope: CallerScope;
  purpose: Purpose;
  /** Lower-case names; each has a view. */
  marts: readonly string[];
}

/** Whether the caller sees every row and column of every mart: then there is nothing to be kept from the caller's SQL. */
const seesAll = (snapshot: Snapshot, views: ReadonlyMap<string, string>): boolean => {
  const all = snapshot.viewsOf("unrestricted", "read");
  return all.size === views.size && [...all].every(([name, sql]) => views.get(name) === sql);
};

/** The builds that decide what is in a copy of these marts. */
const versionsOf = (marts: readonly string[], all: ReadonlyMap<string, Mart>): Map<string, string> =>
  new Map([...marts, ...policyMarts(marts, all)].map((name) => [name, all.get(name)?.version ?? ""]));

const isAsIn = ({ mode, build, versions }: Opened, snapshot: Snapshot, pointer: SnapshotPointer, marts: readonly string[]): boolean =>
  mode === "whole"
    ? build === pointer.build
    : [...versionsOf(marts, snapshot.marts)].every(([name, version]) => versions.get(name) === version);

/** `work`, or the reason of `signal` when that comes first; `work` goes on then. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
};

export const createDesk = (worker: WorkerProcess, folder: string, limits: DeskLimits): Desk => {
  const current = new Map<Purpose, Opened>();
  const all = new Set<Opened>();

  const drop = (opened: Opened): void => {
    opened.superseded = true;
    if (opened.holders > 0 || !all.delete(opened)) return;
    // The worker may be gone, or may never have opened it; then there is nothing to close but the folder.
    void worker
      .ask("close", { database: opened.key })
      .catch(() => undefined)
      .then(() => rm(opened.folder, { recursive: true, force: true }));
  };

  const open = (wanted: Wanted, marts: readonly string[], mode: Opened["mode"]): Opened => {
    const { snapshot, pointer, scope, purpose } = wanted;
    const views = snapshot.viewsOf(scope, purpose);
    const included = mode === "whole" ? [...views.keys()] : marts;
    const key = randomUUID();
    const spill = join(folder, key);
    const spec = {
      file: pointer.file,
      views: included.map((name): View => ({ name, sql: views.get(name)! })),
      mode,
      spill,
      ...limits,
    };
    const opened: Opened = {
      key,
      mode,
      build: pointer.build,
      marts: new Set(included),
      versions: versionsOf(included, snapshot.marts),
      folder: spill,
      ready: worker.ask("open", { database: key, spec }),
      holders: 0,
      superseded: false,
    };
    all.add(opened);
    const previous = current.get(purpose);
    current.set(purpose, opened);
    if (previous) drop(previous);
    opened.ready.catch(() => {
      if (current.get(purpose) === opened) current.delete(purpose);
      drop(opened);
    });
    return opened;
  };

  const take = async (opened: Opened, signal: AbortSignal): Promise<Held> => {
    opened.holders++;
    const release = (): void => {
      opened.holders--;
      if (opened.superseded) drop(opened);
    };
    try {
      // Others may wait for it too, and the next statement will want it: it is made to its end whoever gives up.
      await unlessAborted(opened.ready, signal);
    } catch (error) {
      release();
      throw error;
    }
    return { database: opened.key, folder: opened.folder, release };
  };

  return {
    worker,
    hold: async (wanted, signal) => {
      const { snapshot, pointer, scope, purpose, marts } = wanted;
      const known = current.get(purpose);
      if (known && marts.every((name) => known.marts.has(name)) && isAsIn(known, snapshot, pointer, marts)) return take(known, signal);
      const views = snapshot.viewsOf(scope, purpose);
      if (seesAll(snapshot, views)) return take(open(wanted, marts, "whole"), signal);
      // What was asked before is likely to be asked again, beside it.
      const before = known?.mode === "copy" ? [...known.marts].filter((name) => views.has(name)) : [];
      const together = [...new Set([...marts, ...before])];
      try {
        return await take(open(wanted, together, "copy"), signal);
      } catch (error) {
        if (!(error instanceof SqlRefusal) || signal.aborted || !worker.isAlive() || together.length === marts.length) throw error;
        return take(open(wanted, marts, "copy"), signal);
      }
    },
    dropOutdated: (snapshot, pointer) => {
      for (const [purpose, opened] of current) {
        if (opened.holders > 0 || isAsIn(opened, snapshot, pointer, [...opened.marts])) continue;
        current.delete(purpose);
        drop(opened);
      }
    },
    end: async () => {
      worker.kill();
      await worker.ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
};
