import { setTimeout as delay } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { parseLsn } from "./lsn.ts";
import { changesName, inTransaction, readTables } from "./mirror/mirror-store.ts";
import type { SourceTable } from "./mirror/source-catalog.ts";
import { sqlName, sqlText } from "./warehouse.ts";

/** Runs `work` on the connection that alone writes to the log, between two of its transactions. */
export type Between = <Result>(work: (connection: DuckDBConnection) => Promise<Result>) => Promise<Result>;

export interface FoldOptions {
  /** Reads only, while the log is written to. */
  reader: DuckDBConnection;
  between: Between;
  /** Whose days they are, IANA. */
  timezone: string;
  now: Date;
  /** The last so many whole days, and today, keep every version; 1 or more. */
  keepDays: number;
  /** Versions at or after this position are kept: what reads the log from there on has not done so yet. */
  before: string;
  /** Ends the work after the batch that runs. */
  signal?: AbortSignal;
  /** Versions looked at in one transaction, at about this many. */
  batchRows?: number;
}

export interface FoldedTable {
  table: string;
  /** Versions that left the log. */
  removed: number;
}

interface LoggedDay {
  /** `2026-03-31`, in the company's zone. */
  day: string;
  rows: number;
  first: string;
  last: string;
}

const usualBatchRows = 200_000;
const dayOf = (timezone: string, instant: string): string => `cast(timezone(${sqlText(timezone)}, ${instant}) as date)`;

/** The days that are old enough and have not been folded, oldest first. Empty at almost every call. */
async function unfoldedDays(table: SourceTable, { reader, timezone, now, keepDays }: FoldOptions): Promise<LoggedDay[]> {
  const until = `${dayOf(timezone, `${sqlText(now.toISOString())}::timestamptz`)} - ${keepDays}`;
  const startOf = (day: string): string => `timezone(${sqlText(timezone)}, cast(${day} as timestamp))`;
  const known = await reader.runAndReadAll(
    `select (${until})::varchar, (select max(folded_to)::varchar from meta.mirror_folds where name = $1)`,
    [table.name],
  );
  const [end, start] = (known.getRows()[0] ?? []) as [string, string | null];
  if (start !== null && start >= end) return [];
  const since = start === null ? "" : `and _commit_at >= ${startOf(sqlText(start))}`;
  const days = await reader.runAndReadAll(
    `select ${dayOf(timezone, "_commit_at")}::varchar as "day", count(*)::double as "rows", min(_lsn)::varchar as first, max(_lsn)::varchar as last
     from ${changesName(table.name)} where _commit_at < ${startOf(sqlText(end))} ${since} group by 1 order by 1`,
  );
  return days.getRowObjectsJS() as unknown as LoggedDay[];
}

/**
 * SQL that removes what no day's end shows: versions whose successor in the log, of the same key, is of the same day. `part` of `parts`, by key. The order is
 * that of the log and not of its times, as a clock may have been put back between two versions.
 */
function removal(table: SourceTable, { day, first, last }: LoggedDay, timezone: string, part: number, parts: number): string {
  const log = changesName(table.name);
  const keys = table.key.map(sqlName).join(", ");
  const range = `_lsn between ${first}::ubigint and ${last}::ubigint`;
  const whole = table.key.map((name) => `${sqlName(name)} is not null`).join(" and ");
  const mine = parts === 1 ? "" : `and hash(${keys}) % ${parts} = ${part}`;
  // A truncation has no key: those of a day are of one record, the table itself.
  return `delete from ${log} where ${range} and rowid in (
    select place from (
      select place, on_day, lead(on_day) over (partition by ${keys}, is_truncation order by _lsn, _seq) as next_day from (
        select rowid as place, ${keys}, _lsn, _seq, _op = 'truncate' as is_truncation, ${dayOf(timezone, "_commit_at")} as on_day
        from ${log} where ${range} and (_op = 'truncate' or ${whole}) ${mine}))
    where on_day = ${sqlText(day)}::date and next_day = on_day)`;
}

async function foldTable(table: SourceTable, options: FoldOptions): Promise<number> {
  const { between, timezone, before, signal, batchRows = usualBatchRows } = options;
  let removed = 0;
  for (const day of await unfoldedDays(table, options)) {
    if (BigInt(day.last) >= parseLsn(before)) return removed;
    const parts = Math.max(1, Math.ceil(day.rows / batchRows));
    for (let part = 0; part < parts; part++) {
      if (signal?.aborted) return removed;
      const started = performance.now();
      removed += await between((connection) =>
        inTransaction(connection, async () => {
          const { rowsChanged } = await connection.run(removal(table, day, timezone, part, parts));
          if (part === parts - 1) {
            await connection.run("delete from meta.mirror_folds where name = $1", [table.name]);
            await connection.run("insert into meta.mirror_folds values ($1, $2::date + 1)", [table.name, day.day]);
          }
          return rowsChanged;
        }),
      );
      // As long again for the mirror alone.
      await delay(performance.now() - started, undefined, { signal }).catch(() => {});
    }
  }
  return removed;
}

/**
 * Folds the older part of the change log: of a day that is more than `keepDays` gone by, each record keeps the version it had when the day ended, so what was
 * believed at the end of any day stays as it is; versions that were replaced on the day they were made leave the log. Each batch is one transaction, and what
 * is done is remembered with it: cut short, it goes on at the next call. Tables without a key have no versions of one record and stay whole, as does the log
 * of a table that is gone. Answers the tables from which something was removed.
 */
export async function foldChangeLog(options: FoldOptions): Promise<FoldedTable[]> {
  const folded: FoldedTable[] = [];
  for (const { table } of (await readTables(options.reader)).values()) {
    if (options.signal?.aborted) break;
    if (table.key.length === 0) continue;
    const removed = await foldTable(table, options);
    if (removed > 0) folded.push({ table: table.name, removed });
  }
  return folded;
}
