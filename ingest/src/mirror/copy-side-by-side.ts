import { availableParallelism } from "node:os";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import type { StoredTable } from "./mirror-store.ts";
import { TableFault } from "./problems.ts";
import type { Part } from "./row-files.ts";
import type { SourceMoment } from "./source-moment.ts";
import { beginLoad } from "./table-copy.ts";
import type { TableLoad } from "./table-copy.ts";
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
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await changed.promise;
  };
  return {
    async put(arrival: Arrival): Promise<void> {
      const hasPlace = (): boolean => isClosed || arrivals.length < mostWaiting;
      if ("part" in arrival) await until(hasPlace);
      arrivals.push(arrival);
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
      await until(() => isClosed || arrivals.length > 0);
      if (error !== undefined) throw error as Error;
      const first = arrivals.shift();
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
  connection: DuckDBConnection;
  opened: SourceMoment;
  schema: string;
  tables: readonly StoredTable[];
  dir: string;
  /** Told of each table of which rows are being loaded, and how many are whole. */
  loading: (table: string, done: number) => void;
  /** Pages of a table that are read at once. */
  stretchPages?: number;
}

/**
 * Makes `raw` of the tables equal to the source at a moment: several connections read, each its own stretch of a table, while what has come is loaded, in the
 * caller's transaction. On the disk are only the files of the rows that wait. Returns the faults of tables that could not be read and of which nothing was
 * loaded; throws a `TableFault` when something was, or a row does not fit: then all has to be done again without that table.
 */
export async function copySideBySide(options: CopyOptions): Promise<TableFault[]> {
  const { connection, opened, schema, tables, dir, loading, stretchPages = usualStretchPages } = options;
  const queue = createQueue();
  const stretches = await stretchesOf(opened.client, tables, stretchPages);
  const remaining = new Map<string, number>();
  for (const { table } of stretches) remaining.set(table.name, (remaining.get(table.name) ?? 0) + 1);
  const clients: Client[] = [];
  let reading: Promise<unknown> = Promise.resolve();
  try {
    const count = Math.min(mostReaders, availableParallelism(), stretches.length);
    for (let reader = 0; reader < count; reader++) clients.push(await opened.join());
    reading = Promise.all(clients.map((client) => read(client, { schema, dir, queue, stretches, remaining }))).then(
      () => queue.close(),
      (error: unknown) => queue.close(error),
    );
    return await load(queue, { connection, opened, tables, loading });
  } finally {
    // Readers that wait for a place, or are in the middle of a copy, end with this.
    queue.close();
    stretches.length = 0;
    await Promise.all(clients.map((client) => client.end()));
    await reading;
    await removeParts(queue.left());
  }
}

async function load(
  queue: Queue,
  { connection, opened, tables, loading }: Pick<CopyOptions, "connection" | "opened" | "tables" | "loading">,
): Promise<TableFault[]> {
  const stored = new Map(tables.map((known) => [known.table.name, known]));
  const loads = new Map<string, TableLoad>();
  const faults = new Map<string, TableFault>();
  let done = 0;
  const loadOf = async (table: string): Promise<TableLoad> => {
    const known = loads.get(table);
    if (known) return known;
    const begun = await beginLoad(connection, stored.get(table)!, opened.moment);
    loads.set(table, begun);
    return begun;
  };
  for (let arrival = await queue.take(); arrival; arrival = await queue.take()) {
    const { table } = arrival;
    loading(table, done);
    if ("fault" in arrival) {
      if (loads.has(table)) throw arrival.fault;
      faults.set(table, arrival.fault);
    } else if ("part" in arrival) {
      try {
        if (faults.has(table)) throw faults.get(table)!;
        await (await loadOf(table)).add(arrival.part);
      } finally {
        await removeParts([arrival.part]);
      }
    } else {
      await (await loadOf(table)).end();
      done += 1;
    }
  }
  return [...faults.values()];
}
