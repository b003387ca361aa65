import { mkdtemp, rm, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSnapshot } from "@kehu/ingest";
import { Client } from "pg";

export interface Planned {
  sql: string;
  params: unknown[];
}

const database = "bench_marts";

/** DuckDB's name of a type -> Postgres's. Lists and the like travel as text; no tile reads them. */
function postgresType(type: string): string {
  if (/^(DECIMAL|BIGINT|INTEGER|SMALLINT|BOOLEAN|DATE|UUID|TIMESTAMP)/.test(type) && !type.endsWith("]")) return type;
  if (type === "DOUBLE") return "double precision";
  if (type === "HUGEINT") return "numeric";
  return "text";
}

const isIndexed = (column: string): boolean => /_(key|at|on)$/.test(column) || column === "month";

/**
 * Copies these marts and reports of the snapshot in `file` into a database of its own in `server`'s cluster: an index on every key and every time,
 * vacuumed and analysed. Returns a connection to it; `close` drops the database. The cluster must read this machine's files.
 */
export async function copyToPostgres(
  file: string,
  marts: readonly string[],
  server: { port: number; password: string },
): Promise<{ client: Client; close: () => Promise<void> }> {
  const access = { host: "127.0.0.1", port: server.port, password: server.password, user: "kehu" };
  const admin = new Client({ ...access, database: "kehu" });
  await admin.connect();
  await admin.query(`create database ${database}`);
  const client = new Client({ ...access, database });
  await client.connect();
  const folder = await mkdtemp(join(tmpdir(), "kehu-bench-marts-"));
  // The embedded cluster may run as another user.
  await chmod(folder, 0o777);
  const instance = await openSnapshot(file);
  try {
    const connection = await instance.connect();
    const columns = await connection.runAndReadAll(
      `select schema_name || '.' || table_name as source, table_name as name, column_name as column_name, data_type as type
         from duckdb_columns() where database_name = 'snap' and schema_name in ('marts', 'reports')
          and list_contains(string_split('${marts.join(",")}', ','), lower(table_name)) order by 1, column_index`,
    );
    const tables = Map.groupBy(columns.getRowObjectsJS() as Record<string, string>[], (column) => column["source"]!);
    for (const [source, ofTable] of tables) {
      const csv = join(folder, `${source}.csv`);
      const name = ofTable[0]!["name"]!;
      await connection.run(`copy (from snap.${source}) to '${csv}' (format csv, header false)`);
      const definitions = ofTable.map((column) => `"${column["column_name"]}" ${postgresType(column["type"]!)}`);
      await client.query(`create table ${name} (${definitions.join(", ")})`);
      await client.query(`copy ${name} from '${csv}' (format csv)`);
      for (const column of ofTable.map((each) => each["column_name"]!).filter(isIndexed))
        await client.query(`create index on ${name} ("${column}")`);
    }
    connection.closeSync();
    await client.query("vacuum analyze");
  } finally {
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
  return {
    client,
    close: async () => {
      await client.end();
      await admin.query(`drop database ${database}`);
      await admin.end();
    },
  };
}

/**
 * The planner's SQL in Postgres's words. All that differs is here: `typeof`, which DuckDB folds away (no time of a tile is a DATE), `median`,
 * the pinyin collation of an alias (left out, in Postgres's favour), and `?` for parameters, of which only those still used are kept.
 */
export function inPostgres({ sql, params }: Planned): Planned {
  let count = 0;
  const numbered = sql
    .replaceAll("?", () => `$${++count}`)
    .replaceAll(/\(case when typeof\([^()]+\) = 'DATE' then (?:(?! else ).)+ else ((?:(?! end\)).)+) end\)/g, "$1")
    .replaceAll(/median\(([^()]+)\)/g, "percentile_cont(0.5) within group (order by $1)")
    .replaceAll(/CAST\(("[^"]+") AS VARCHAR\) COLLATE zh/g, "$1");
  const used = [...new Set([...numbered.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])))];
  return {
    sql: numbered.replaceAll(/\$(\d+)/g, (_, number: string) => `$${used.indexOf(Number(number)) + 1}`),
    params: used.map((number) => params[number - 1]),
  };
}
