import { availableParallelism } from "node:os";
import type { Client } from "pg";
import type { StoredTable } from "./mirror-store.ts";
import { TableFault } from "./problems.ts";
import type { Part } from "./row-files.ts";
import type { SourceMoment } from "./source-moment.ts";
import type { TableLoader } from "./table-copy.ts";
import { downloadStretch, removeParts } from "./table-download.ts";
import type { Stretch } from "./table-download.ts";

/** Readers of the source at once, on any machine: more would only take the server's processors from those it serves. */
const mostReaders = 4;
/** Files that wait to be loaded; a reader that has another one waits too. */
const mostWaiting = 4;
/** Pages of a table that one reader takes at once: 256 MiB. A table of less is read by one. */
const usualStretchPages = 32_768;

type Arrival = { table: string; part: Part } | { table: string; isWhole: true } | { table: string; fault: TableFault };

/** What readers have and the loader takes, in order; a part waits for its place. */
function createQueue() {
  const arrivals: Arrival[] = [];
  let isClosed = false;
  let error: unknown;
  let changed = Promise.withResolvers<void>();
  const change = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  /** Goes on in the very turn in which it holds: of several that wait for the same, one may have it. */
  const when = async <Result>(holds: () => boolean, then: () => Result): Promise<Result> => {
    while (!holds()) await changed.promise;
    return then();
  };
  return {
    async put(arrival: Arrival): Promise<void> {
      const hasPlace = (): boolean => !("part" in arrival) || isClosed || arrivals.length < mostWaiting;
      await when(hasPlace, () => arrivals.push(arrival));
      change();
    },
    /** No more comes, by the end of the readers, an error of theirs, or of the loader's. */
    close(because?: unknown): void {
      isClosed = true;
      error ??= because;
      change();
    },
    /** Undefined: no more comes. */
    async take(): Promise<Arrival | undefined> {
      const first = await when(
        () => isClosed || arrivals.length > 0,
        () => (error === undefined ? arrivals.shift() : undefined),
      );
      if (error !== undefined) throw error as Error;
      change();
      return first;
    },
    /** Parts that nobody took. */
    left: (): Part[] => arrivals.flatMap((arrival) => ("part" in arrival ? [arrival.part] : [])),
  };
}

type Queue = ReturnType<typeof createQueue>;

/** Cuts large tables by their pages, so that several readers can share one. Largest first, so that none is left alone with a large one at the end. */
async function stretchesOf(client: Client, tables: readonly StoredTable[], stretchPages: number): Promise<Stretch[]> {
  const { rows } = await client.query<{ oid: number; pages: number }>(
    `select oid::int8::float8 as oid, (pg_relation_size(oid) / current_setting('block_size')::int8)::float8 as pages
     from pg_class where oid = any ($1::oid[])`,
    [tables.map(({ table }) => table.oid)],
  );
  const pagesOf = new Map(rows.map(({ oid, pages }) => [oid, pages]));
  const size = ({ table }: StoredTable): number => pagesOf.get(table.oid) ?? 0;
  return tables
    .toSorted((one, other) => size(other) - size(one))
    .flatMap((stored) => {
      const { table } = stored;
      const count = Math.max(1, Math.ceil(size(stored) / stretchPages));
      return Array.from({ length: count }, (_, index) => {
        const from = `ctid >= '(${index * stretchPages},0)'::tid`;
        const to = `ctid < '(${(index + 1) * stretchPages},0)'::tid`;
        const where = count === 1 ? null : index === count - 1 ? from : `${from} and ${to}`;
        return { table, name: count === 1 ? String(table.oid) : `${table.oid}-${index}`, where };
      });
    });
}

interface Reading {
  schema: string;
  dir: string;
  queue: Queue;
  /** Not begun yet; shared by the readers. */
  stretches: Stretch[];
  /** Of each table, stretches that are not read. */
  remaining: Map<string, number>;
}

/** Reads stretch after stretch under savepoints: an error of one table leaves the transaction, and with it the moment, to the others. */
async function read(client: Client, { schema, dir, queue, stretches, remaining }: Reading): Promise<void> {
  for (let stretch = stretches.shift(); stretch; stretch = stretches.shift()) {
    const table = stretch.table.name;
    await client.query("savepoint download");
    try {
      await downloadStretch(client, schema, stretch, dir, (part) => queue.put({ table, part }));
    } catch (error) {
      // Without an answer to this the connection is lost, which is no fault of the table.
      await client.query("rollback to savepoint download");
      const fault = new TableFault(table, `table "${table}" could not be read: ${(error as Error).message}`, { cause: error });
      await queue.put({ table, fault });
      for (let index = stretches.length - 1; index >= 0; index--) if (stretches[index]!.table.name === table) stretches.splice(index, 1);
      continue;
    }
    await client.query("release savepoint download");
    remaining.set(table, remaining.get(table)! - 1);
    if (remaining.get(table) === 0) await queue.put({ table, isWhole: true });
  }
}

export interface CopyOptions {
  opened: SourceMoment;
  schema: string;
  tables: readonly StoredTable[];
  dir: string;
  /** They share the files; each takes one at a time. */
  loaders: readonly TableLoader[];
  /** Told of each table of which rows are being loaded, and how many are whole. */
  loading: (table: string, done: number) => void;
  /** Pages of a table that are read at once. */
  stretchPages?: number;
}

/**
 * Makes `raw` of the tables equal to the source at a moment: several connections read, each its own stretch of a table, while what has come is loaded, in the
 * loaders' transactions. On the disk are only the files of the rows that wait. Returns the faults of tables that could not be read and of which nothing was
 * loaded; throws a `TableFault` when something was, or a row does not fit: then all has to be done again without that table.
 */
export async function copySideBySide(options: CopyOptions): Promise<TableFault[]> {
  const { opened, schema, tables, dir, stretchPages = usualStretchPages } = options;
  const queue = createQueue();
  const stretches = await stretchesOf(opened.client, tables, stretchPages);
  const remaining = new Map<string, number>();
  for (const { table } of stretches) remaining.set(table.name, (remaining.get(table.name) ?? 0) + 1);
  const clients: Client[] = [];
  let reading: Promise<unknown> = Promise.resolve();
  try {
    const count = Math.min(mostReaders, availableParallelism(), stretches.length);
    for (let reader = 0; reader < count; reader++) clients.push(await opened.join());
    const reads = clients.map((client) =>
      read(client, { schema, dir, queue, stretches, remaining }).catch((error: unknown) => queue.close(error)),
    );
    reading = Promise.all(reads).then(() => queue.close());
    return await load(queue, options);
  } finally {
    // Readers that wait for a place, or are in the middle of a copy, end with this.
    queue.close();
    stretches.length = 0;
    await Promise.all(clients.map((client) => client.end()));
    await reading;
    await removeParts(queue.left());
  }
}

/** How far the loaders are with a table. */
interface Loading {
  stored: StoredTable;
  /** Some of its rows have been loaded, or are being. */
  isBegun: boolean;
  /** Files that are being loaded. */
  adding: number;
  isRead: boolean;
  fault: TableFault | null;
}

async function load(queue: Queue, { tables, loaders, loading }: CopyOptions): Promise<TableFault[]> {
  const states = new Map<string, Loading>();
  for (const stored of tables) states.set(stored.table.name, { stored, isBegun: false, adding: 0, isRead: false, fault: null });
  let done = 0;
  async function loadRest(loader: TableLoader): Promise<void> {
    for (let arrival = await queue.take(); arrival; arrival = await queue.take()) {
      const state = states.get(arrival.table)!;
      loading(arrival.table, done);
      if ("fault" in arrival) {
        if (state.isBegun) throw arrival.fault;
        state.fault = arrival.fault;
      } else if ("part" in arrival) {
        state.isBegun = true;
        state.adding += 1;
        try {
          if (state.fault) throw state.fault;
          await loader.add(state.stored, arrival.part);
        } finally {
          await removeParts([arrival.part]);
          state.adding -= 1;
        }
      } else {
        state.isRead = true;
      }
      if (!state.isRead || state.adding > 0) continue;
      await loader.whole(state.stored);
      done += 1;
    }
  }
  const ends = loaders.map((loader) =>
    loadRest(loader).catch((error: unknown) => {
      // The others stop after the file that they are at.
      queue.close(error);
      throw error;
    }),
  );
  for (const end of await Promise.allSettled(ends)) if (end.status === "rejected") throw end.reason;
  return [...states.values()].flatMap(({ fault }) => fault ?? []);
}
