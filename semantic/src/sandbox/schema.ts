/** What a caller's SQL can name, for a list beside the editor and for completion. */
import { seenNodes } from "../catalogue.ts";
import type { Locale } from "../model.ts";
import type { CallerScope } from "../policy.ts";
import type { Snapshot } from "../snapshot.ts";

export interface SqlTable {
  name: string;
  description: string;
  columns: { name: string; type: string; description: string; title: string | null }[];
}

/** Table, column and type of all that the caller's views have, in their order. */
const readColumns = async (snapshot: Snapshot, scope: CallerScope): Promise<[table: string, column: string, type: string][]> => {
  const sql =
    "select table_name, column_name, data_type from duckdb_columns() where database_name = 'temp' order by table_name, column_index";
  const found = await snapshot.withSession(scope, "read", ({ run }) => run(sql, []));
  return found.getRowsJson() as [string, string, string][];
};

/** The columns that the caller is shown, by table; all in lower case. */
export const readShownColumns = async (snapshot: Snapshot, scope: CallerScope): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const shown = new Map<string, Set<string>>();
  for (const [table, column] of await readColumns(snapshot, scope)) {
    const key = table.toLowerCase();
    shown.set(key, (shown.get(key) ?? new Set()).add(column.toLowerCase()));
  }
  return shown;
};

/** The tables with the columns that the caller's views have; texts from the catalogue of models where it knows them. */
export const readSchema = async (snapshot: Snapshot, scope: CallerScope, locale: Locale): Promise<SqlTable[]> => {
  const nodes = seenNodes(await snapshot.catalogue(), snapshot.marts, snapshot.grantedMarts(scope, "read"), locale);
  const byName = new Map(nodes.filter(({ type }) => type !== "source").map((node) => [node.name.toLowerCase(), node]));
  const tables = new Map<string, SqlTable>();
  for (const [table, name, type] of await readColumns(snapshot, scope)) {
    const node = byName.get(table.toLowerCase());
    const entry = tables.get(table) ?? { name: table, description: node?.description ?? "", columns: [] };
    const column = node?.columns.find((each) => each.name === name);
    entry.columns.push({ name, type, description: column?.description ?? "", title: column?.title ?? null });
    tables.set(table, entry);
  }
  return [...tables.values()];
};
