import { join } from "node:path";
import type { DuckDBBlobValue, DuckDBConnection } from "@duckdb/node-api";
import type { Lsn } from "../lsn.ts";
import { sqlText } from "../warehouse.ts";
import { changeFileTypes, writeChangeFile } from "./change-file.ts";
import type { KeptChanges } from "./kept-changes.ts";
import { aboutTable, TableFault } from "./problems.ts";
import type { SourceTable } from "./source-catalog.ts";
import { foldTableChanges } from "./table-changes.ts";
import type { StagedRow, TableChanges } from "./table-changes.ts";
import { copyCsv, inFile, readRows } from "./row-files.ts";
import type { Part } from "./row-files.ts";
import { removeParts } from "./table-download.ts";
import type { Download } from "./table-download.ts";

/** Changes that are in memory at once. */
const blockRows = 50_000;

/**
 * A downloaded table moves on by the changes that came after its moment, so that it can be compared with rows that have had them too. All of it is Postgres's
 * text, as in the files: a row is told by the text of its key, or of the whole row, and no value is converted on the way. Only rows that were changed are
 * looked at one by one, in temporary tables; the files are copied without them.
 */
export interface Forwarding {
  table: SourceTable;
  /** Given up: what becomes of its files is in the result. */
  download: Download;
  kept: KeptChanges;
  /** The moment of the download: kept changes from here on are not in it. */
  from: Lsn;
  dir: string;
}

/** The table's rows after all the changes that were kept. Throws a `TableFault` when one tells of a row that was not downloaded. */
export async function bringForward(connection: DuckDBConnection, forwarding: Forwarding): Promise<Download> {
  const { table, download } = forwarding;
  return aboutTable(table.name, "copied", async () => {
    const emptied = await gatherTouched(connection, forwarding);
    const touched = await countOf(connection, "touched");
    if (touched === 0 && !emptied) return download;
    await gatherRecent(connection, forwarding);
    const found = await countOf(connection, "recent");
    for await (const block of blocksOf(forwarding)) {
      await (table.key.length > 0 ? applyByKey : applyByRow)(connection, block, forwarding.dir);
    }
    const untouched = emptied ? [] : found === 0 ? download : await withoutTouched(connection, forwarding);
    if (emptied) await removeParts(download);
    const recent = await writeRecent(connection, forwarding);
    await connection.run("drop table touched; drop table recent; drop table if exists newer");
    return [...untouched, recent];
  });
}

async function* blocksOf({ table, kept, from }: Forwarding): AsyncGenerator<TableChanges> {
  let block = foldTableChanges(table);
  for await (const [change, transaction] of kept.read(from)) {
    block.add(change, transaction);
    if (block.rows.length < blockRows) continue;
    yield block;
    block = foldTableChanges(table);
  }
  if (block.rows.length > 0) yield block;
}

const valuesOf = ({ columns }: SourceTable): string[] => columns.map((_column, index) => `c${index}`);

/** Columns that tell a row from others. */
function identityOf({ key, columns }: SourceTable): string[] {
  const index = (name: string): number => columns.findIndex((column) => column.name === name);
  return key.length > 0 ? key.map((name) => `c${index(name)}`) : columns.map((_column, place) => `c${place}`);
}

const sameIdentity = (table: SourceTable, one: string, other: string): string =>
  identityOf(table)
    .map((column) => `${one}.${column} is not distinct from ${other}.${column}`)
    .join(" and ");

const declared = (columns: readonly string[]): string => columns.map((column) => `${column} varchar`).join(", ");
const texts = ({ columns }: SourceTable): string[] => columns.map(() => "VARCHAR");

/** Names of what a change file has after the row's values. */
const changePlaces = ({ columns: { length } }: SourceTable) => ({ op: `c${length}`, seq: `c${length + 4}`, last: `c${length + 5}` });

async function countOf(connection: DuckDBConnection, name: string): Promise<number> {
  const counted = await connection.runAndReadAll(`select count(*) from ${name}`);
  return Number(counted.getRows()[0]?.[0]);
}

/** Runs statements that read the rows of a change file. */
async function withChangeFile(changes: TableChanges, dir: string, work: (rows: string) => Promise<void>): Promise<void> {
  const part = await writeChangeFile(dir, changes);
  try {
    await work(readRows(part, [...texts(changes.table), ...changeFileTypes]));
  } finally {
    await removeParts([part]);
  }
}

/** Puts the identity of all rows that were changed into the temporary table `touched`. Returns whether the table was emptied. */
async function gatherTouched(connection: DuckDBConnection, forwarding: Forwarding): Promise<boolean> {
  const { table, dir } = forwarding;
  const identity = identityOf(table).join(", ");
  let emptied = false;
  await connection.run(`create or replace temp table touched (${declared(identityOf(table))})`);
  for await (const block of blocksOf(forwarding)) {
    emptied ||= block.truncated;
    await withChangeFile(block, dir, async (rows) => {
      await connection.run(`insert into touched select distinct ${identity} from ${rows} where ${changePlaces(table).op} <> 'truncate'`);
    });
  }
  return emptied;
}

/** Puts the downloaded rows that were changed into the temporary table `recent`; of a table without a key each with `more`, how many of it there are. */
async function gatherRecent(connection: DuckDBConnection, { table, download }: Forwarding): Promise<void> {
  const counted = table.key.length === 0;
  await connection.run(`create or replace temp table recent (${declared(valuesOf(table))}${counted ? ", more bigint" : ""})`);
  for (const part of download) {
    await connection.run(
      `insert into recent select ${valuesOf(table).join(", ")}${counted ? ", 1" : ""} from ${readRows(part, texts(table))} as old
       where exists (select 1 from touched where ${sameIdentity(table, "old", "touched")})`,
    );
  }
}

async function applyByKey(connection: DuckDBConnection, block: TableChanges, dir: string): Promise<void> {
  const { table } = block;
  const { op, last } = changePlaces(table);
  const identity = identityOf(table).join(", ");
  await fillHoles(connection, block);
  await withChangeFile(block, dir, async (rows) => {
    await connection.run(`create or replace temp table newer as select * from ${rows}`);
  });
  if (block.truncated) await connection.run("delete from recent");
  await connection.run(
    `delete from recent using (select distinct ${identity} from newer where ${op} <> 'truncate') as gone where ${sameIdentity(table, "recent", "gone")}`,
  );
  await connection.run(`insert into recent select ${valuesOf(table).join(", ")} from newer where ${last}`);
}

/** Read as bytes: the library takes a mark of byte order from the beginning of a text. */
const textOf = (value: DuckDBBlobValue | null): string | null => (value === null ? null : Buffer.from(value.bytes).toString());

/** Values that updates left out are those of the row before. */
async function fillHoles(connection: DuckDBConnection, { table, holes }: TableChanges): Promise<void> {
  if (holes.length === 0) return;
  const matches = identityOf(table).map((column, place) => `recent.${column} = base[${place + 1}]`);
  const found = await connection.runAndReadAll(
    `select place, ${valuesOf(table)
      .map((column) => `encode(recent.${column})`)
      .join(", ")}
     from (select unnest(bases) as base, unnest(range(len(bases))) as place from (select from_json($1::json, '[["VARCHAR"]]') as bases))
     join recent on ${matches.join(" and ")}`,
    [JSON.stringify(holes.map(({ base }) => base))],
  );
  const seen = new Set<number>();
  for (const [place, ...values] of found.getRows()) {
    const { row } = holes[Number(place)]!;
    seen.add(Number(place));
    for (const [index, value] of values.entries())
      if (row.values[index] === undefined) row.values[index] = textOf(value as DuckDBBlobValue | null);
  }
  if (seen.size < holes.length) throw new TableFault(table.name, `table "${table.name}": an update of a row that was not read`);
}

async function applyByRow(connection: DuckDBConnection, block: TableChanges, dir: string): Promise<void> {
  const { table, counts } = block;
  // How many more there are stands where a change has its number in the transaction.
  const rows = (counts ?? []).map(({ values, more }): StagedRow => ({
    op: "insert",
    values,
    last: true,
    lsn: 0n,
    at: 0n,
    actor: null,
    seq: more,
  }));
  if (block.truncated) await connection.run("delete from recent");
  await withChangeFile({ ...block, rows }, dir, async (counted) => {
    await connection.run(`insert into recent select ${valuesOf(table).join(", ")}, ${changePlaces(table).seq} from ${counted}`);
  });
}

async function writeRows(connection: DuckDBConnection, query: string, part: Part): Promise<Part> {
  await connection.run(`copy (${query}) to ${sqlText(part.file)} ${copyCsv}`);
  return part;
}

/** The downloaded files without the rows that were changed. */
async function withoutTouched(connection: DuckDBConnection, { table, download, dir }: Forwarding): Promise<Part[]> {
  const kept: Part[] = [];
  for (const [number, part] of download.entries()) {
    const query = `select ${inFile(valuesOf(table))} from ${readRows(part, texts(table))} as old where not exists (select 1 from touched where ${sameIdentity(table, "old", "touched")})`;
    // In CSV quotes are doubled and values quoted that were not.
    const rowBytes = 2 * part.rowBytes + 3 * table.columns.length;
    kept.push(await writeRows(connection, query, { file: join(dir, `forward-${table.oid}-${number}.csv.tmp`), rowBytes, format: "csv" }));
    await removeParts([part]);
  }
  return kept;
}

async function writeRecent(connection: DuckDBConnection, { table, dir }: Forwarding): Promise<Part> {
  const values = valuesOf(table).join(", ");
  const written = inFile(valuesOf(table));
  if (table.key.length === 0) {
    await connection.run(`create or replace temp table newer as select ${values}, sum(more)::bigint as more from recent group by all`);
    const missing = await connection.runAndReadAll("select count(*) from newer where more < 0");
    if (Number(missing.getRows()[0]?.[0]) > 0) {
      throw new TableFault(table.name, `table "${table.name}": a deletion of a row that was not read`);
    }
  }
  const bytes = valuesOf(table).map((column) => `2 * coalesce(strlen(${column}), 0) + 3`);
  const longest = await connection.runAndReadAll(`select max(${bytes.join(" + ")}) from recent`);
  return writeRows(connection, table.key.length === 0 ? `select ${written} from newer, range(more)` : `select ${written} from recent`, {
    file: join(dir, `forward-${table.oid}-recent.csv.tmp`),
    rowBytes: Number(longest.getRows()[0]?.[0] ?? 0) + "true,".length,
    format: "csv",
  });
}
