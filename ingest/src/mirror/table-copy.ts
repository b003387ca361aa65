import { createWriteStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import type { Lsn } from "../lsn.ts";
import { sqlName, sqlText } from "../warehouse.ts";
import { fromText } from "./column-types.ts";
import { changeColumns, changesName, columnList, markCopied, rawName } from "./mirror-store.ts";
import type { StoredTable } from "./mirror-store.ts";
import type { SourceTable } from "./source-catalog.ts";

/** The longest row of a copy, in bytes. DuckDB reads with a buffer of several times this. */
const longestRowBytes = 8 * 1024 * 1024;

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

/** Writes a table's rows, as `client`'s transaction sees them, to a file in `dir`. Returns the file. */
export async function downloadTable(client: Client, schema: string, table: SourceTable, dir: string): Promise<string> {
  const file = scratchFile(dir, table);
  const columns = columnList(table.columns.map(({ name }) => name));
  // A query rather than the table itself, so that partitioned tables are read too.
  const copy = client.query(copyTo(`copy (select ${columns} from ${sqlName(schema)}.${sqlName(table.name)}) to stdout (format csv)`));
  await pipeline(copy, createWriteStream(file));
  return file;
}

/** SQL that reads a downloaded file as typed rows. An unquoted empty field is null, a quoted one the empty text. */
function readDownload(table: SourceTable, file: string): string {
  const columns = table.columns.map((_column, index) => `'c${index}': 'VARCHAR'`).join(", ");
  const values = table.columns.map(({ name, type }, index) => `${fromText(type, `c${index}`)} as ${sqlName(name)}`);
  return `select ${values.join(", ")} from read_csv(${sqlText(file)}, columns = {${columns}}, header = false, auto_detect = false, delim = ',',
    quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, new_line = '\\n', max_line_size = ${longestRowBytes})`;
}

/**
 * Makes `raw.<table>` equal to a downloaded copy. The first copy of a table is logged as `copy`; later ones are compared by key and only what differs is
 * written and logged: as `resync`, and as `delete` (actor `kehu.resync`) where the row is gone. Call in the transaction that also moves the applied position.
 * Returns whether anything changed.
 */
export async function loadDownload(connection: DuckDBConnection, stored: StoredTable, file: string, moment: CopyMoment): Promise<boolean> {
  const { table, copied } = stored;
  const raw = rawName(table.name);
  const names = table.columns.map(({ name }) => name);
  const columns = columnList(names);
  const logColumns = `${columns}, ${changeColumns.map(([name]) => name).join(", ")}`;
  const logged = (op: string, actor: string | null, seq: string): string =>
    `${sqlText(op)}, ${moment.lsn}::ubigint, ${sqlText(moment.at)}::timestamptz, ${actor === null ? "null" : sqlText(actor)}, ${seq}`;
  const numbered = "row_number() over ()";
  await markCopied(connection, table);

  if (!copied) {
    await connection.run(`insert into ${raw} (${columns}) ${readDownload(table, file)}`);
    const result = await connection.run(
      `insert into ${changesName(table.name)} (${logColumns}) select ${columns}, ${logged("copy", null, numbered)} from ${raw}`,
    );
    return result.rowsChanged > 0;
  }

  const sameKey = (one: string, other: string): string =>
    table.key.map((name) => `${one}.${sqlName(name)} is not distinct from ${other}.${sqlName(name)}`).join(" and ");
  const sameRow = (one: string, other: string): string =>
    names.map((name) => `${one}.${sqlName(name)} is not distinct from ${other}.${sqlName(name)}`).join(" and ");
  await connection.run(`create or replace temp table fresh as ${readDownload(table, file)}`);
  await connection.run(`create or replace temp table differing as
    select fresh.* from fresh where not exists (select 1 from ${raw} as old where ${sameKey("old", "fresh")} and ${sameRow("old", "fresh")})`);
  await connection.run(`create or replace temp table vanished as
    select ${columnList(table.key)} from ${raw} as old where not exists (select 1 from fresh where ${sameKey("old", "fresh")})`);
  const gone = await connection.run(
    `insert into ${changesName(table.name)} (${columnList(table.key)}, ${changeColumns.map(([name]) => name).join(", ")})
     select *, ${logged("delete", comparisonActor, numbered)} from vanished`,
  );
  const differing = await connection.run(
    `insert into ${changesName(table.name)} (${logColumns}) select *, ${logged("resync", null, `${gone.rowsChanged} + ${numbered}`)} from differing`,
  );
  await connection.run(`delete from ${raw} as old using vanished where ${sameKey("old", "vanished")}`);
  await connection.run(`delete from ${raw} as old using differing where ${sameKey("old", "differing")}`);
  await connection.run(`insert into ${raw} (${columns}) select * from differing`);
  await connection.run("drop table fresh; drop table differing; drop table vanished");
  return gone.rowsChanged + differing.rowsChanged > 0;
}
