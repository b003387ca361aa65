import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { keepAside, keptAside } from "./keep-aside.ts";
import { inTransaction } from "./mirror/mirror-store.ts";
import { snapshotsFolder } from "./snapshot-pointer.ts";
import { openWarehouse, sqlName, sqlText } from "./warehouse.ts";
import type { Warehouse } from "./warehouse.ts";

/** What of the mirror is a person's. */
export interface MirrorErasure {
  table: string;
  recordId: string;
  /** Columns of the person's own record. */
  columns: readonly string[];
  /** Texts that are the person's wherever they stand. */
  telling: readonly string[];
  /** Texts that are the person's in records whose column `<table's singular>_id` names the record. */
  linked: { column: string; texts: readonly string[] } | null;
  /** Stands for what is erased. */
  mark: string;
}

/** Where something was erased or found, and how many rows. */
export interface PlaceCount {
  place: string;
  count: number;
}

interface TextColumn {
  database: string;
  schema: string;
  table: string;
  column: string;
  type: string;
}

async function textColumns(connection: DuckDBConnection, databases: readonly string[]): Promise<TextColumn[]> {
  const list = databases.map(sqlText).join(", ");
  const found = await connection.runAndReadAll(
    `select database_name as database, schema_name as schema, table_name as "table", column_name as "column", data_type as type
     from duckdb_columns() where database_name in (${list}) and (data_type like '%VARCHAR%' or data_type like '%JSON%')
       and (database_name, schema_name, table_name) in (select (database_name, schema_name, table_name) from duckdb_tables())`,
  );
  return found.getRowObjectsJS() as unknown as TextColumn[];
}

const nameOf = ({ database, schema, table }: TextColumn): string => [database, schema, table].map(sqlName).join(".");
const holds = (column: string, texts: readonly string[]): string =>
  `(${texts.map((text) => `contains(cast(${sqlName(column)} as varchar), ${sqlText(text)})`).join(" or ")})`;

async function eraseRows(connection: DuckDBConnection, erasure: MirrorErasure): Promise<PlaceCount[]> {
  const { table, recordId, columns, telling, linked, mark } = erasure;
  const places: PlaceCount[] = [];
  const update = async (at: TextColumn, value: string, condition: string): Promise<void> => {
    const { rowsChanged } = await connection.run(`update ${nameOf(at)} set ${sqlName(at.column)} = ${value} where ${condition}`);
    if (rowsChanged > 0) places.push({ place: `mirror.${at.schema}.${at.table}.${at.column}`, count: rowsChanged });
  };
  const replaced = (at: TextColumn, texts: readonly string[]): string =>
    `cast(${texts.reduce((sql, text) => `replace(${sql}, ${sqlText(text)}, ${sqlText(mark)})`, `cast(${sqlName(at.column)} as varchar)`)} as ${at.type})`;
  const all = (await textColumns(connection, ["mirror"])).filter(({ schema }) => schema === "raw" || schema === "raw_changes");
  const linkedTables = new Set<string>();
  if (linked) {
    const found = await connection.runAndReadAll(
      "select distinct table_name from duckdb_columns() where database_name = 'mirror' and column_name = $1",
      [linked.column],
    );
    for (const [name] of found.getRows()) linkedTables.add(String(name));
  }
  for (const at of all) {
    const column = sqlName(at.column);
    if (at.table === table && columns.includes(at.column))
      await update(at, sqlText(mark), `id = ${sqlText(recordId)} and ${column} is not null and ${column} <> ${sqlText(mark)}`);
    if (telling.length > 0) await update(at, replaced(at, telling), holds(at.column, telling));
    if (linked && linked.texts.length > 0 && linkedTables.has(at.table))
      await update(
        at,
        replaced(at, linked.texts),
        `${sqlName(linked.column)} = ${sqlText(recordId)} and ${holds(at.column, linked.texts)}`,
      );
  }
  return places;
}

/**
 * Erases a person from the mirror and its change log and writes both files of the warehouse folder anew, so that no freed block keeps what was there. Of
 * `warehouse.duckdb` only what fits wrote stays; the next build makes the rest from the mirror. No process has the files open. Cut short, it is to be repeated.
 */
export async function rewriteWithout(dir: string, erasure: MirrorErasure): Promise<PlaceCount[]> {
  const aside = join(dir, "rewritten.tmp");
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside);
  const warehouse = await openWarehouse({ dir });
  let places: PlaceCount[];
  try {
    const connection = await warehouse.connect();
    places = await inTransaction(connection, () => eraseRows(connection, erasure));
    await keepAside(warehouse, aside);
  } finally {
    warehouse.close();
  }
  for (const name of ["mirror", "warehouse"]) await rm(join(dir, `${name}.duckdb.wal`), { force: true });
  await rename(join(aside, keptAside.mirror), join(dir, "mirror.duckdb"));
  await rename(join(aside, keptAside.fits), join(dir, "warehouse.duckdb"));
  await rm(aside, { recursive: true });
  return places;
}

/** Where one of the texts still stands in a table of the mirror, the warehouse or a kept snapshot. */
export async function findInWarehouse(warehouse: Warehouse, texts: readonly string[]): Promise<PlaceCount[]> {
  if (texts.length === 0) return [];
  const connection = await warehouse.connect();
  const places: PlaceCount[] = [];
  const search = async (database: string, shown: string): Promise<void> => {
    for (const at of await textColumns(connection, [database])) {
      const found = await connection.runAndReadAll(`select count(*)::int from ${nameOf(at)} where ${holds(at.column, texts)}`);
      const count = Number(found.getRows()[0]?.[0] ?? 0);
      if (count > 0) places.push({ place: `${shown}.${at.schema}.${at.table}.${at.column}`, count });
    }
  };
  try {
    await search("mirror", "mirror");
    await search("warehouse", "warehouse");
    const folder = snapshotsFolder(warehouse.dir);
    for (const name of (await readdir(folder)).filter((each) => each.endsWith(".duckdb"))) {
      await connection.run(`attach ${sqlText(join(folder, name))} as searched (read_only)`);
      try {
        await search("searched", name);
      } finally {
        await connection.run("detach searched");
      }
    }
  } finally {
    connection.closeSync();
  }
  return places;
}
