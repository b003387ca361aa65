import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Client } from "pg";
import type { SourceTable } from "./source-catalog.ts";
import { sourceRows } from "./table-copy.ts";

/** Rows of a table that have come, of about how many. */
export interface TableProgress {
  table: string;
  rows: number;
  /** What the source's planner expects; what came, once that is more or all. */
  ofRows: number;
}

/** How a copy of everything gets on. */
export interface CopyProgress {
  /** The table whose rows are being loaded; null before the first have come. */
  table: string | null;
  /** Tables that are loaded whole, of how many. */
  done: number;
  tables: number;
  /** Rows that the source has sent, of about how many in all. */
  rows: number;
  ofRows: number;
  /** What they took on the connections. */
  bytes: number;
  /** The tables that are being read now. */
  reading: TableProgress[];
}

/** Counts what a copy reads, on the connections that read it: how far a copy is that runs, only the server's own statistics say. */
export interface CopyMeter {
  /** Counts what is copied on this connection from now on. */
  watch(reader: Client): void;
  /** Which table is being loaded, and how many are. */
  loading(table: string, done: number): void;
  stop(): void;
}

export interface CopyMeterOptions {
  /** An ordinary connection to the source that is not one of the readers. */
  client: Client;
  schema: string;
  tables: readonly SourceTable[];
  /** Told whenever a table is loaded or begun, and once a second. */
  changed: (progress: CopyProgress) => void;
}

const lookEveryMs = 1_000;

/** Of pg's connection. */
interface Wire extends EventEmitter {
  stream: Socket;
  query(text: string): void;
}

interface Reader {
  processId: number;
  stream: Socket;
  table: string | null;
  /** Of the copy that runs, when it was last looked at. */
  rows: number;
}

/** Rows of each table as the planner expects them: also of those that were never analysed, and with those of partitions. */
async function expectRows({ client, schema, tables }: CopyMeterOptions): Promise<Map<string, number>> {
  const expected = new Map<string, number>();
  for (const table of tables) {
    try {
      const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: { "Plan Rows": number } }] }>(
        `explain (format json) select from ${sourceRows(schema, table)}`,
      );
      expected.set(table.name, rows[0]!["QUERY PLAN"][0].Plan["Plan Rows"]);
    } catch (error) {
      // insufficient_privilege: the copy of that table says so.
      if ((error as { code?: string }).code !== "42501") throw error;
    }
  }
  return expected;
}

export async function startCopyMeter(options: CopyMeterOptions): Promise<CopyMeter> {
  const { client, schema, tables, changed } = options;
  const expected = await expectRows(options);
  const sources = tables.map((table) => ({ name: table.name, from: ` from ${sourceRows(schema, table)}` }));
  const readers: Reader[] = [];
  const counted = new Map<string, number>();
  let state: { table: string | null; done: number } = { table: null, done: 0 };
  let isStopped = false;
  const tell = (): void => {
    if (!isStopped) changed(progress());
  };

  async function look(): Promise<void> {
    const looked = readers.filter(({ table }) => table !== null).map((reader) => ({ reader, table: reader.table }));
    const { rows } = await client.query<{ processId: number; rows: number }>(
      `select pid as "processId", tuples_processed::float8 as rows from pg_stat_progress_copy where pid = any ($1)`,
      [looked.map(({ reader }) => reader.processId)],
    );
    const found = new Map(rows.map(({ processId, rows: copied }) => [processId, copied]));
    // A copy that ended meanwhile has been counted.
    for (const { reader, table } of looked) if (reader.table === table) reader.rows = found.get(reader.processId) ?? reader.rows;
  }

  function progress(): CopyProgress {
    const reading = new Map<string, number>();
    for (const { table, rows } of readers) if (table !== null) reading.set(table, (reading.get(table) ?? counted.get(table) ?? 0) + rows);
    const all = tables.map(({ name: table }): TableProgress => {
      const rows = reading.get(table) ?? counted.get(table) ?? 0;
      // Its parts are read one after another, so a table that was begun and is not being read is whole.
      const isWhole = counted.has(table) && !reading.has(table);
      return { table, rows, ofRows: isWhole ? rows : Math.max(rows, expected.get(table) ?? 0) };
    });
    const sum = (of: (each: TableProgress) => number): number => all.reduce((total, each) => total + of(each), 0);
    return {
      ...state,
      tables: tables.length,
      rows: sum(({ rows }) => rows),
      ofRows: sum(({ ofRows }) => ofRows),
      bytes: readers.reduce((total, { stream }) => total + stream.bytesRead, 0),
      reading: all.filter(({ table }) => reading.has(table)),
    };
  }

  const timer = setInterval(() => {
    // A source that is lost ends the copy, which has more to say of it.
    look().then(tell, () => {});
  }, lookEveryMs);
  return {
    watch(reader) {
      const { connection: wire, processID: processId } = reader as unknown as { connection: Wire; processID: number };
      const watched: Reader = { processId, stream: wire.stream, table: null, rows: 0 };
      readers.push(watched);
      const send = wire.query.bind(wire);
      wire.query = (text) => {
        watched.table = text.startsWith("copy ") ? (sources.find(({ from }) => text.includes(from))?.name ?? null) : null;
        send(text);
      };
      wire.on("commandComplete", ({ text }: { text: string }) => {
        const [, rows] = /^COPY (\d+)$/.exec(text) ?? [];
        if (rows !== undefined && watched.table !== null) counted.set(watched.table, (counted.get(watched.table) ?? 0) + Number(rows));
        watched.table = null;
        watched.rows = 0;
      });
    },
    loading(table, done) {
      state = { table, done };
      tell();
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}
