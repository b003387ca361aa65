import type { DuckDBConnection } from "@duckdb/node-api";
import { parseLsn } from "../lsn.ts";
import { sqlName, sqlText } from "../warehouse.ts";
import { changeColumns, folded } from "./source-catalog.ts";
import type { SourceTable } from "./source-catalog.ts";

/** What the rows of one mirror came from. Another system or a lost slot means that the stream has a gap. */
export interface MirrorSource {
  systemId: string;
  database: string;
  schema: string;
  slot: string;
  publication: string;
  /** Of the publication; null in a mirror made before it was kept. */
  publicationOid: number | null;
  /** The server's history; null like the one above. */
  timeline: number | null;
}

export interface StoredTable {
  table: SourceTable;
  /** The mirror's rows may not be those of the source: a column came, the table was rewritten or never copied. */
  needsCopy: boolean;
  /** The rows are those of an earlier position, and changes can be applied to them. False: changes are left to the next copy. */
  copied: boolean;
}

export interface MirrorState {
  /** Postgres's text form. */
  lsn: string;
  /** RFC 3339 UTC. */
  at: string;
}

export const rawName = (table: string): string => `raw.${sqlName(table)}`;
export const changesName = (table: string): string => `raw_changes.${sqlName(table)}`;

async function rows(connection: DuckDBConnection, sql: string, values?: (string | null)[]): Promise<Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql, values)).getRowObjectsJS();
}

/**
 * Runs `work` in one transaction of the connection; an error rolls it back. The connection is used by one caller at a time.
 */
export async function inTransaction<Result>(connection: DuckDBConnection, work: () => Promise<Result>): Promise<Result> {
  await connection.run("begin");
  try {
    const result = await work();
    await connection.run("commit");
    return result;
  } catch (error) {
    // A failed commit has already ended the transaction; the error that matters is the first one.
    await connection.run("rollback").catch(() => {});
    throw error;
  }
}

/** Runs `work` in a transaction of each connection; an error of it rolls all back. They are committed one after another: a crash may leave only some. */
export const inTransactions = <Result>([first, ...rest]: readonly DuckDBConnection[], work: () => Promise<Result>): Promise<Result> =>
  first ? inTransaction(first, () => inTransactions(rest, work)) : work();

/** Makes the schemas and tables that hold the mirror's own state, in the connection's current catalog. */
export async function prepareStore(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    create schema if not exists raw; create schema if not exists raw_changes; create schema if not exists meta;
    create table if not exists meta.mirror_state (applied_lsn varchar not null, applied_at timestamptz not null);
    create table if not exists meta.mirror_source (system_id varchar not null, database varchar not null, source_schema varchar not null,
      slot varchar not null, publication varchar not null);
    alter table meta.mirror_source add column if not exists publication_oid bigint;
    alter table meta.mirror_source add column if not exists timeline bigint;
    create table if not exists meta.mirror_tables (name varchar not null, definition json not null, needs_copy boolean not null, copied boolean not null);
    alter table meta.mirror_tables add column if not exists storage varchar;
    create table if not exists meta.mirror_checks (checked_at timestamptz not null, lsn varchar not null, tables integer not null, row_count bigint not null,
      seconds double not null, differing json not null, problems json not null);
    create table if not exists meta.mirror_folds (name varchar not null, folded_to date not null);
  `);
}

/** The applied position; null before the first copy is whole. */
export async function readState(connection: DuckDBConnection): Promise<MirrorState | null> {
  const [row] = await rows(
    connection,
    "select applied_lsn as lsn, strftime(timezone('UTC', applied_at), '%Y-%m-%dT%H:%M:%S.%gZ') as at from meta.mirror_state",
  );
  return row ? { lsn: String(row.lsn), at: String(row.at) } : null;
}

/** Call in the transaction that writes the rows. */
export async function writeState(connection: DuckDBConnection, state: MirrorState): Promise<void> {
  await connection.run("delete from meta.mirror_state");
  await connection.run("insert into meta.mirror_state values ($1, $2::timestamptz)", [state.lsn, state.at]);
}

export async function readSource(connection: DuckDBConnection): Promise<MirrorSource | null> {
  const [row] = await rows(connection, "select * from meta.mirror_source");
  if (!row) return null;
  const number = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value));
  return {
    systemId: String(row.system_id),
    database: String(row.database),
    schema: String(row.source_schema),
    slot: String(row.slot),
    publication: String(row.publication),
    publicationOid: number(row.publication_oid),
    timeline: number(row.timeline),
  };
}

export async function writeSource(connection: DuckDBConnection, source: MirrorSource): Promise<void> {
  await connection.run("delete from meta.mirror_source");
  const { systemId, database, schema, slot, publication, publicationOid, timeline } = source;
  await connection.run(
    `insert into meta.mirror_source (system_id, database, source_schema, slot, publication, publication_oid, timeline)
     values ($1, $2, $3, $4, $5, $6::bigint, $7::bigint)`,
    [systemId, database, schema, slot, publication, publicationOid, timeline],
  );
}

/** From now on the rows count as coming from nowhere: the next connection copies everything again. */
export async function forgetSource(connection: DuckDBConnection): Promise<void> {
  await connection.run("delete from meta.mirror_source");
}

export async function readTables(connection: DuckDBConnection): Promise<Map<string, StoredTable>> {
  const stored = await rows(
    connection,
    "select name, definition::varchar as definition, storage, needs_copy, copied from meta.mirror_tables order by name",
  );
  return new Map(
    stored.map(({ name, definition, storage, needs_copy: needsCopy, copied }) => {
      // The storage is kept apart: it is another one after each truncation, which changes no model's meaning.
      const table = { ...(JSON.parse(String(definition)) as SourceTable), storage: String(storage ?? "") };
      return [String(name), { table, needsCopy: needsCopy === true, copied: copied === true }];
    }),
  );
}

async function writeTable(connection: DuckDBConnection, { table, needsCopy, copied }: StoredTable): Promise<void> {
  const { storage, ...definition } = table;
  await connection.run("delete from meta.mirror_tables where name = $1", [table.name]);
  await connection.run("insert into meta.mirror_tables (name, definition, storage, needs_copy, copied) values ($1, $2, $3, $4, $5)", [
    table.name,
    JSON.stringify(definition),
    storage,
    needsCopy,
    copied,
  ]);
}

/** Removes what a first copy that was never whole has left: without a position nothing tells of which moment it is. */
export async function dropUnfinished(connection: DuckDBConnection): Promise<void> {
  await inTransaction(connection, async () => {
    for (const name of (await readTables(connection)).keys())
      await connection.run(`drop table ${rawName(name)}; drop table ${changesName(name)}`);
    await connection.run("delete from meta.mirror_tables");
  });
}

/** Call in the transaction that made the rows equal to the source's. */
export async function markCopied(connection: DuckDBConnection, table: SourceTable): Promise<void> {
  await writeTable(connection, { table, needsCopy: false, copied: true });
}

/** The rows of a table are out of step: its changes are left out until it has been copied again. */
export async function suspendTable(connection: DuckDBConnection, name: string): Promise<void> {
  await connection.run("update meta.mirror_tables set needs_copy = true, copied = false where name = $1", [name]);
}

/**
 * Removes a table that the source no longer has from `raw`, where a reader is to get an error rather than old rows. Its change log stays and says that
 * the rows went. In a transaction of its own.
 */
export async function removeTable(connection: DuckDBConnection, name: string, state: MirrorState): Promise<void> {
  await inTransaction(connection, async () => {
    const log = changeColumns.map(([column]) => column).join(", ");
    await connection.run(
      `insert into ${changesName(name)} (${log}) select 'truncate', ${parseLsn(state.lsn)}::ubigint, ${sqlText(state.at)}::timestamptz, null, 1
       where exists (from ${rawName(name)})`,
    );
    await connection.run(`drop table ${rawName(name)}`);
    await connection.run("delete from meta.mirror_tables where name = $1", [name]);
  });
}

async function columnTypes(connection: DuckDBConnection, schema: string, table: string): Promise<Map<string, string>> {
  const found = await rows(
    connection,
    "select column_name as name, data_type as type from duckdb_columns() where database_name = current_database() and schema_name = $1 and table_name = $2",
    [schema, table],
  );
  return new Map(found.map(({ name, type }) => [String(name), String(type)]));
}

const duckdbSpelling: Readonly<Record<string, string>> = { TIMESTAMPTZ: "TIMESTAMP WITH TIME ZONE" };
const sameType = (one: string, other: string): boolean => (duckdbSpelling[one] ?? one) === (duckdbSpelling[other] ?? other);

/** In the change log old values must survive: a type that can't hold all of them becomes text. */
async function changeLogType(connection: DuckDBConnection, table: string, column: string, type: string): Promise<string> {
  const name = sqlName(column);
  const [row] = await rows(
    connection,
    `select count(*)::int as lost from ${changesName(table)} where ${name} is not null and try_cast(cast(${name} as varchar) as ${type}) is null`,
  );
  return row?.lost === 0 ? type : "VARCHAR";
}

/**
 * Makes `raw.<table>` and `raw_changes.<table>` fit the source's definition and remembers it. Columns are added empty, changed types converted where
 * possible, and dropped columns leave `raw`, where a reader is to get an error rather than nothing; the change log keeps them. `needsCopy` says that rows are
 * to be read again. In a transaction of its own: DuckDB does not mix an ALTER and many writes to one table.
 */
export async function reshapeTable(connection: DuckDBConnection, stored: StoredTable): Promise<void> {
  const { table } = stored;
  const raw = rawName(table.name);
  const changes = changesName(table.name);
  const wanted = new Map(table.columns.map(({ name, type }) => [name, type]));
  await inTransaction(connection, async () => {
    const declared = table.columns.map(({ name, type }) => `${sqlName(name)} ${type}`);
    const before = await columnTypes(connection, "raw", table.name);
    const gone = [...before.keys()].filter((name) => !wanted.has(name));
    // A table keeps at least one column, so one of which none is left is made anew; its rows are read again in any case.
    if (gone.length > 0 && gone.length === before.size) await connection.run(`drop table ${raw}`);
    else for (const name of gone) await connection.run(`alter table ${raw} drop column ${sqlName(name)}`);
    await connection.run(`create table if not exists ${raw} (${declared.join(", ")})`);
    const meta = changeColumns.map(([name, type]) => `${name} ${type}`);
    await connection.run(`create table if not exists ${changes} (${[...declared, ...meta].join(", ")})`);

    const rawColumns = await columnTypes(connection, "raw", table.name);
    const changeLogColumns = new Map(
      [...(await columnTypes(connection, "raw_changes", table.name))].map(([name, type]) => [folded(name), type]),
    );
    for (const [name, type] of wanted) {
      const column = sqlName(name);
      const logged = changeLogColumns.get(folded(name));
      if (!rawColumns.has(name)) await connection.run(`alter table ${raw} add column ${column} ${type}`);
      else if (!sameType(rawColumns.get(name)!, type)) {
        const converted = `try_cast(cast(${column} as varchar) as ${type})`;
        await connection.run(`alter table ${raw} alter column ${column} set data type ${type} using ${converted}`);
      }
      if (logged === undefined) await connection.run(`alter table ${changes} add column ${column} ${type}`);
      else if (!sameType(logged, type)) {
        const logType = await changeLogType(connection, table.name, name, type);
        await connection.run(
          `alter table ${changes} alter column ${column} set data type ${logType} using cast(cast(${column} as varchar) as ${logType})`,
        );
      }
    }
    await writeTable(connection, stored);
  });
}

/** Quoted names, separated by commas. */
export const columnList = (names: readonly string[]): string => names.map(sqlName).join(", ");
