import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { parseLsn } from "@kehu/ingest";
import { quoteIdentifier } from "../relation.ts";
import type { Project } from "../resources.ts";

/** Rows read again as a whole, or thrown away as a whole: which of them differ is not in the log. */
const wholeTable = ["copy", "truncate"];

/** What a comparison with the source found may bear the position of a transaction before it: which of the two came last is not in the log. */
const unordered = ["resync"];
const logColumns = ["_op", "_lsn", "_commit_at", "_actor", "_seq"];

export interface SourceChanges {
  /** The relation of a source's changed rows since the last cut; null when which they are is not known, undefined when there are none. */
  rowsOf(id: string): string | null | undefined;
  /** The relation of these rows as they are now, taken from the log too; null when `column` alone does not tell rows of the source apart. */
  latestOf(id: string, column: string): string | null;
}

/**
 * What the mirror's change log says about the raw tables in `changed` since `lsn`, the position of the last cut. To be asked inside the cut's transaction,
 * so that log and rows are of one moment. A deleted row has its key only.
 */
export async function readSourceChanges(
  connection: DuckDBConnection,
  project: Project,
  changed: readonly string[],
  lsn: string | null,
): Promise<SourceChanges> {
  const sources = [...project.sources.values()].filter((source) => changed.includes(source.identifier));
  const found = new Map<string, string | null | undefined>(sources.map((source) => [source.uniqueId, null]));
  const latest = new Map<string, { column: string; rows: string }>();
  if (lsn !== null && sources.length > 0) {
    const logged = await tablesWithLog(connection, [...new Set(sources.map((source) => source.database))]);
    const keys = await keyColumns(connection);
    for (const source of sources) {
      const log = [source.database, "raw_changes", source.identifier].map(quoteIdentifier).join(".");
      if (source.schema !== "raw" || !logged.has(`${source.database}.${source.identifier}`)) continue;
      // A transaction is in the cut when it committed before its position; reading one again does no harm.
      const since = `_lsn >= ${parseLsn(lsn)}`;
      const having = (ops: readonly string[]): string => `count(*) filter (_op in (${ops.map((op) => `'${op}'`).join(", ")}))`;
      const counted = await connection.run(`select count(*), ${having(wholeTable)}, ${having(unordered)} from ${log} where ${since}`);
      const [rows = 0, whole = 0, apart = 0] = (await counted.getRowsJS())[0]?.map(Number) ?? [];
      if (whole > 0) continue;
      found.set(source.uniqueId, rows === 0 ? undefined : `(select * from ${log} where ${since})`);
      const column = keys.get(source.identifier);
      if (column !== undefined && apart === 0) latest.set(source.uniqueId, { column, rows: lastVersions(log, since, column) });
    }
  }
  return {
    rowsOf: (id) => found.get(id),
    latestOf(id, column) {
      const known = latest.get(id);
      return known?.column === column ? known.rows : null;
    },
  };
}

/** Of each row that is still there the last version in the log: what the mirror has of it now, without a search through the table. */
const lastVersions = (log: string, since: string, column: string): string => {
  const key = quoteIdentifier(column);
  return `(select * exclude (${logColumns.join(", ")}) from (select * from ${log} where ${since} qualify row_number() over (partition by ${key} order by _lsn desc, _seq desc) = 1) where _op <> 'delete')`;
};

/** By table the one column that is its key; nothing where keys have several columns or the mirror does not say. */
async function keyColumns(connection: DuckDBConnection): Promise<Map<string, string>> {
  const known = await connection.run(
    "select count(*) from duckdb_columns() where database_name = 'mirror' and table_name = 'mirror_tables' and column_name = 'definition'",
  );
  if (Number((await known.getRowsJS())[0]?.[0]) === 0) return new Map();
  const result = await connection.run(
    "select name, definition ->> '$.key[0]' from mirror.meta.mirror_tables where json_array_length(definition, '$.key') = 1",
  );
  return new Map((await result.getRowsJS()).map(([name, column]) => [String(name), String(column)]));
}

async function tablesWithLog(connection: DuckDBConnection, databases: readonly string[]): Promise<Set<string>> {
  const result = await connection.run("select database_name, table_name from duckdb_tables() where schema_name = 'raw_changes'");
  const tables = (await result.getRowsJS()).map(([database, table]) => ({ database: String(database), table: String(table) }));
  return new Set(tables.filter(({ database }) => databases.includes(database)).map(({ database, table }) => `${database}.${table}`));
}

/** A fingerprint of the raw tables' columns, here and in the source: when it is another one, the change log does not tell what became of the rows. */
export async function rawShape(connection: DuckDBConnection): Promise<string> {
  const described = await connection.run(
    `select string_agg(table_name || '.' || column_name || ' ' || data_type, ',' order by table_name, column_index)
     from duckdb_columns() where database_name = 'mirror' and (schema_name = 'raw' or table_name = 'mirror_tables')`,
  );
  const columns = String((await described.getRowsJS())[0]?.[0]);
  const hash = createHash("sha256").update(columns);
  if (columns.includes("mirror_tables.definition")) {
    const definitions = await connection.run(
      "select string_agg(name || cast(definition as varchar), ',' order by name) from mirror.meta.mirror_tables",
    );
    hash.update(String((await definitions.getRowsJS())[0]?.[0]));
  }
  return hash.digest("hex");
}
