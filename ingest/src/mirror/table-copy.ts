import { createWriteStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import type { Lsn } from "../lsn.ts";
import { sqlName, sqlText } from "../warehouse.ts";
import { applyNet, netOf } from "./apply-changes.ts";
import { fromText, sameValue } from "./column-types.ts";
import { changesName, columnList, markCopied, rawName } from "./mirror-store.ts";
import type { StoredTable } from "./mirror-store.ts";
import { aboutTable } from "./problems.ts";
import { changeColumns } from "./source-catalog.ts";
import type { SourceTable } from "./source-catalog.ts";

/** Rows of a copy are at most this long, in bytes, unless one was met that is longer: DuckDB reads with a buffer of several times this. */
const usualRowBytes = 8 * 1024 * 1024;
const leastBufferBytes = 1024 * 1024;
/** Two values of Postgres's greatest size, in hexadecimal. */
const longestRowBytes = 2_000_000_000;

/** A table's rows in a file. */
export interface Download {
  file: string;
  /** The longest row is not longer than this, in bytes. */
  rowBytes: number;
}

/** One moment of the source, as the snapshot of a new slot shows it. */
export interface CopyMoment {
  lsn: Lsn;
  /** RFC 3339 UTC. */
  at: string;
}

/** Actor of the deletions that a comparison found: nobody saw them happen. */
export const comparisonActor = "kehu.resync";

const scratchFile = (dir: string, table: SourceTable): string => join(dir, `copy-${table.oid}.csv.tmp`);

/** Removes the files of copies that were killed. */
export async function removeScratch(dir: string): Promise<void> {
  for (const name of await readdir(dir)) if (/^copy-\d+\.csv\.tmp$/.test(name)) await rm(join(dir, name), { force: true });
}

/** The relation to read in Postgres: without the rows of tables that inherit from it, which are mirrored as theirs, but with those of partitions. */
export const sourceRows = (schema: string, table: SourceTable): string =>
  `${table.partitioned ? "" : "only "}${sqlName(schema)}.${sqlName(table.name)}`;

/** Writes a table's rows, as `client`'s transaction sees them, to a file in `dir`. */
export async function downloadTable(client: Client, schema: string, table: SourceTable, dir: string): Promise<Download> {
  const file = scratchFile(dir, table);
  const columns = columnList(table.columns.map(({ name }) => name));
  // A query rather than the table itself, so that partitioned tables are read too.
  const copy = client.query(copyTo(`copy (select ${columns} from ${sourceRows(schema, table)}) to stdout (format csv)`));
  await pipeline(copy, createWriteStream(file));
  const { size } = await stat(file);
  return { file, rowBytes: Math.min(size + 1, usualRowBytes) };
}

/** The same file with room for longer rows; null when there is no more. */
export async function withLongerRows({ file, rowBytes }: Download): Promise<Download | null> {
  const { size } = await stat(file);
  const most = Math.min(size + 1, longestRowBytes);
  return rowBytes < most ? { file, rowBytes: Math.min(rowBytes * 8, most) } : null;
}

/** SQL that reads a downloaded file as typed rows. An unquoted empty field is null, a quoted one the empty text. */
function readDownload(table: SourceTable, { file, rowBytes }: Download): string {
  const columns = table.columns.map((_column, index) => `'c${index}': 'VARCHAR'`).join(", ");
  const values = table.columns.map(({ name, type }, index) => `${fromText(type, `c${index}`)} as ${sqlName(name)}`);
  return `select ${values.join(", ")} from read_csv(${sqlText(file)}, columns = {${columns}}, header = false, auto_detect = false, delim = ',',
    quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, new_line = '\\n', max_line_size = ${rowBytes}, buffer_size = ${Math.max(2 * rowBytes, leastBufferBytes)})`;
}

/**
 * Makes `raw.<table>` equal to a downloaded copy. The first copy of a table is logged as `copy`; later ones are compared with what is there and only what
 * differs is written and logged: as `resync`, and as `delete` (actor `kehu.resync`) where the row is gone. Call in the transaction that also moves the
 * applied position. Returns whether anything changed. Throws a `TableFault` when a value does not fit.
 */
export async function loadDownload(
  connection: DuckDBConnection,
  { table }: StoredTable,
  download: Download,
  moment: CopyMoment,
): Promise<boolean> {
  return aboutTable(table.name, "copied", async () => {
    await markCopied(connection, table);
    const known = await connection.runAndReadAll(`select exists (from ${rawName(table.name)}) or exists (from ${changesName(table.name)})`);
    if (known.getRows()[0]?.[0] !== true) return loadFirst(connection, table, download, moment);
    await connection.run(`create or replace temp table fresh as ${readDownload(table, download)}`);
    const changed = await (table.key.length > 0 ? compareByKey : compareByRow)(connection, table, moment);
    await connection.run("drop table fresh");
    return changed;
  });
}

const logNames = changeColumns.map(([name]) => name).join(", ");

/** Values of the change columns. */
const logged = (op: string, actor: string | null, seq: string, { lsn, at }: CopyMoment): string =>
  `${sqlText(op)}, ${lsn}::ubigint, ${sqlText(at)}::timestamptz, ${actor === null ? "null" : sqlText(actor)}, ${seq}`;

const numbered = "row_number() over ()";

async function loadFirst(connection: DuckDBConnection, table: SourceTable, download: Download, moment: CopyMoment): Promise<boolean> {
  const raw = rawName(table.name);
  const columns = columnList(table.columns.map(({ name }) => name));
  await connection.run(`insert into ${raw} (${columns}) ${readDownload(table, download)}`);
  const result = await connection.run(
    `insert into ${changesName(table.name)} (${columns}, ${logNames}) select ${columns}, ${logged("copy", null, numbered, moment)} from ${raw}`,
  );
  return result.rowsChanged > 0;
}

async function compareByKey(connection: DuckDBConnection, table: SourceTable, moment: CopyMoment): Promise<boolean> {
  const raw = rawName(table.name);
  const changes = changesName(table.name);
  const columns = columnList(table.columns.map(({ name }) => name));
  const key = columnList(table.key);
  const sameKey = (one: string, other: string): string =>
    table.key.map((name) => `${one}.${sqlName(name)} is not distinct from ${other}.${sqlName(name)}`).join(" and ");
  const sameRow = table.columns.map(({ name, type }) => sameValue(type, `old.${sqlName(name)}`, `fresh.${sqlName(name)}`)).join(" and ");
  // A key that is there twice has a row too many, even where one of the two is right.
  await connection.run(`create or replace temp table differing as
    select fresh.* from fresh where not exists (select 1 from ${raw} as old where ${sameKey("old", "fresh")} and ${sameRow})
      or exists (select 1 from (select ${key} from ${raw} group by all having count(*) > 1) as old where ${sameKey("old", "fresh")})`);
  await connection.run(`create or replace temp table vanished as
    select ${key} from ${raw} as old where not exists (select 1 from fresh where ${sameKey("old", "fresh")})`);
  const gone = await connection.run(
    `insert into ${changes} (${key}, ${logNames}) select *, ${logged("delete", comparisonActor, numbered, moment)} from vanished`,
  );
  const differing = await connection.run(
    `insert into ${changes} (${columns}, ${logNames})
     select *, ${logged("resync", null, `${gone.rowsChanged} + ${numbered}`, moment)} from differing`,
  );
  await connection.run(`delete from ${raw} as old using vanished where ${sameKey("old", "vanished")}`);
  await connection.run(`delete from ${raw} as old using differing where ${sameKey("old", "differing")}`);
  await connection.run(`insert into ${raw} (${columns}) select * from differing`);
  await connection.run("drop table differing; drop table vanished");
  return gone.rowsChanged + differing.rowsChanged > 0;
}

async function compareByRow(connection: DuckDBConnection, table: SourceTable, moment: CopyMoment): Promise<boolean> {
  const changes = changesName(table.name);
  const columns = columnList(table.columns.map(({ name }) => name));
  await netOf(
    connection,
    table,
    `select ${columns}, 1 as more from fresh union all select ${columns}, -1 as more from ${rawName(table.name)}`,
  );
  const gone = await connection.run(
    `insert into ${changes} (${columns}, ${logNames})
     select ${columns}, ${logged("delete", comparisonActor, numbered, moment)} from net, range(-more) where more < 0`,
  );
  const come = await connection.run(
    `insert into ${changes} (${columns}, ${logNames})
     select ${columns}, ${logged("resync", null, `${gone.rowsChanged} + ${numbered}`, moment)} from net, range(more) where more > 0`,
  );
  await applyNet(connection, table);
  return gone.rowsChanged + come.rowsChanged > 0;
}
