import type { DuckDBConnection } from "@duckdb/node-api";
import type { Lsn } from "../lsn.ts";
import { sqlName, sqlText } from "../warehouse.ts";
import { applyNet, netOf } from "./apply-changes.ts";
import { sameValue } from "./column-types.ts";
import { changesName, columnList, markCopied, rawName } from "./mirror-store.ts";
import type { StoredTable } from "./mirror-store.ts";
import { aboutTable } from "./problems.ts";
import { readTyped, tellingColumn } from "./row-files.ts";
import type { Part } from "./row-files.ts";
import { changeColumns } from "./source-catalog.ts";
import type { SourceTable } from "./source-catalog.ts";
import type { Download } from "./table-download.ts";

/** One moment of the source, as the snapshot of a new slot shows it. */
export interface CopyMoment {
  lsn: Lsn;
  /** RFC 3339 UTC. */
  at: string;
}

/** Actor of the deletions that a comparison found: nobody saw them happen. */
export const comparisonActor = "kehu.resync";

/** The relation to read in Postgres: without the rows of tables that inherit from it, which are mirrored as theirs, but with those of partitions. */
export const sourceRows = (schema: string, table: SourceTable): string =>
  `${table.partitioned ? "" : "only "}${sqlName(schema)}.${sqlName(table.name)}`;

/** Loads files of several tables. Each function throws a `TableFault` when a value does not fit. */
export interface TableLoader {
  add(stored: StoredTable, part: Part): Promise<void>;
  /** All files of the table have been added. */
  whole(stored: StoredTable): Promise<void>;
}

/** Makes `raw.<table>` equal to the rows that are added. Its functions are called one at a time, in one transaction. */
export interface TableLoad {
  add(part: Part): Promise<void>;
  /** To be called when all has been added. Resolves to whether anything changed. */
  end(): Promise<boolean>;
}

const copied = <Result>({ name }: SourceTable, work: () => Promise<Result>): Promise<Result> => aboutTable(name, "copied", work);

const adding =
  (connection: DuckDBConnection, table: SourceTable, target: string) =>
  (part: Part): Promise<void> =>
    copied(table, () => tellingColumn(table, async () => void (await connection.run(`insert into ${target} ${readTyped(table, part)}`))));

const namesOf = ({ columns }: SourceTable): string => columnList(columns.map(({ name }) => name));

const addingRaw = (connection: DuckDBConnection, table: SourceTable): TableLoad["add"] =>
  adding(connection, table, `${rawName(table.name)} (${namesOf(table)})`);

/** For tables that have no rows and no log; several such loaders may share them. `logFirst` is to follow, when the transaction of each has been committed. */
export const firstLoader = (connection: DuckDBConnection): TableLoader => ({
  add: ({ table }, part) => addingRaw(connection, table)(part),
  whole: () => Promise.resolve(),
});

/** `beginLoad` for each table. */
export function comparingLoader(connection: DuckDBConnection, moment: CopyMoment): TableLoader {
  const loads = new Map<string, Promise<TableLoad>>();
  const loadOf = (stored: StoredTable): Promise<TableLoad> => {
    const load = loads.get(stored.table.name) ?? beginLoad(connection, stored, moment);
    loads.set(stored.table.name, load);
    return load;
  };
  return {
    add: async (stored, part) => (await loadOf(stored)).add(part),
    whole: async (stored) => void (await (await loadOf(stored)).end()),
  };
}

/**
 * Begins to load a table's rows. The first copy of a table is logged as `copy`; later ones are compared with what is there and only what differs is written
 * and logged: as `resync`, and as `delete` (actor `kehu.resync`) where the row is gone. Call in the transaction that also moves the applied position.
 * Every function throws a `TableFault` when a value does not fit.
 */
export async function beginLoad(connection: DuckDBConnection, { table }: StoredTable, moment: CopyMoment): Promise<TableLoad> {
  const raw = rawName(table.name);
  const known = await copied(table, async () => {
    await markCopied(connection, table);
    const found = await connection.runAndReadAll(`select exists (from ${raw}) or exists (from ${changesName(table.name)})`);
    return found.getRows()[0]?.[0] === true;
  });
  if (!known) return { add: addingRaw(connection, table), end: () => copied(table, () => logFirst(connection, table, moment)) };
  // Several tables may be loaded at once.
  const fresh = `fresh_${table.oid}`;
  await copied(
    table,
    async () => void (await connection.run(`create or replace temp table ${fresh} as select ${namesOf(table)} from ${raw} limit 0`)),
  );
  return {
    add: adding(connection, table, fresh),
    end: () =>
      copied(table, async () => {
        const changed = await (table.key.length > 0 ? compareByKey : compareByRow)(connection, table, fresh, moment);
        await connection.run(`drop table ${fresh}`);
        return changed;
      }),
  };
}

/** `beginLoad` and all that follows, of a table that lies in files. */
export async function loadDownload(
  connection: DuckDBConnection,
  stored: StoredTable,
  download: Download,
  moment: CopyMoment,
): Promise<boolean> {
  const load = await beginLoad(connection, stored, moment);
  for (const part of download) await load.add(part);
  return load.end();
}

const logNames = changeColumns.map(([name]) => name).join(", ");

/** Values of the change columns. */
const logged = (op: string, actor: string | null, seq: string, { lsn, at }: CopyMoment): string =>
  `${sqlText(op)}, ${lsn}::ubigint, ${sqlText(at)}::timestamptz, ${actor === null ? "null" : sqlText(actor)}, ${seq}`;

const numbered = "row_number() over ()";

/** Logs all rows of a table as its first copy, and tells whether there are any. With rows that are committed DuckDB's threads share the work. */
export async function logFirst(connection: DuckDBConnection, table: SourceTable, moment: CopyMoment): Promise<boolean> {
  const raw = rawName(table.name);
  const columns = namesOf(table);
  // Numbered by rowid, as a window function would have one thread do it all.
  const place = `rowid - (select min(rowid) from ${raw}) + 1`;
  const insert = `insert into ${changesName(table.name)} (${columns}, ${logNames}) select ${columns}, ${logged("copy", null, place, moment)} from ${raw}`;
  return (await connection.run(insert)).rowsChanged > 0;
}

async function compareByKey(connection: DuckDBConnection, table: SourceTable, freshTable: string, moment: CopyMoment): Promise<boolean> {
  const raw = rawName(table.name);
  const changes = changesName(table.name);
  const columns = namesOf(table);
  const key = columnList(table.key);
  const sameKey = (one: string, other: string): string =>
    table.key.map((name) => `${one}.${sqlName(name)} is not distinct from ${other}.${sqlName(name)}`).join(" and ");
  const sameRow = table.columns.map(({ name, type }) => sameValue(type, `old.${sqlName(name)}`, `fresh.${sqlName(name)}`)).join(" and ");
  // A key that is there twice has a row too many, even where one of the two is right.
  await connection.run(`create or replace temp table differing as
    select fresh.* from ${freshTable} as fresh where not exists (select 1 from ${raw} as old where ${sameKey("old", "fresh")} and ${sameRow})
      or exists (select 1 from (select ${key} from ${raw} group by all having count(*) > 1) as old where ${sameKey("old", "fresh")})`);
  await connection.run(`create or replace temp table vanished as
    select ${key} from ${raw} as old where not exists (select 1 from ${freshTable} as fresh where ${sameKey("old", "fresh")})`);
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

async function compareByRow(connection: DuckDBConnection, table: SourceTable, freshTable: string, moment: CopyMoment): Promise<boolean> {
  const changes = changesName(table.name);
  const columns = namesOf(table);
  await netOf(
    connection,
    table,
    `select ${columns}, 1 as more from ${freshTable} union all select ${columns}, -1 as more from ${rawName(table.name)}`,
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
