import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { removeTable, reshapeTable } from "./mirror-store.ts";
import type { MirrorState, StoredTable } from "./mirror-store.ts";
import { publishTables } from "./publication.ts";
import type { Publication } from "./publication.ts";
import type { MirrorTarget } from "./session.ts";
import { readSourceTables } from "./source-catalog.ts";
import type { SourceTable, SourceTables } from "./source-catalog.ts";

/** Looks at the source's catalog; where the publication lists its tables, publishes new ones first. `refused` remembers those that this role may not publish. */
export async function lookAtSource(
  client: Client,
  target: MirrorTarget,
  publication: Publication,
  refused: Set<string>,
): Promise<SourceTables> {
  const found = await readSourceTables(client, target.publication, target.schema);
  const missing = publication.listed ? found.unpublished.filter((name) => !refused.has(name)) : [];
  if (missing.length === 0) return found;
  for (const name of await publishTables(client, target.publication, target.schema, missing)) refused.add(name);
  return readSourceTables(client, target.publication, target.schema);
}

/**
 * Compares the catalog's tables with the mirror's, reshapes what differs and marks what must be copied, and removes what is no longer there, as of `state`.
 * Returns the names of those removed.
 */
export async function adoptTables(
  connection: DuckDBConnection,
  tables: Map<string, StoredTable>,
  published: readonly SourceTable[],
  state: MirrorState,
): Promise<string[]> {
  const names = new Set(published.map(({ name }) => name));
  const removed = [...tables.keys()].filter((name) => !names.has(name));
  for (const name of removed) {
    await removeTable(connection, name, state);
    tables.delete(name);
  }
  for (const table of published) {
    const known = tables.get(table.name);
    if (known && JSON.stringify(known.table) === JSON.stringify(table)) continue;
    const sameRows = known !== undefined && known.table.oid === table.oid && known.table.key.join("\0") === table.key.join("\0");
    const columns = new Map(known?.table.columns.map((column) => [column.name, column]));
    const sameColumns = table.columns.every(({ name, type, position, shape }) => {
      const column = columns.get(name);
      return column?.type === type && column.position === position && column.shape === shape;
    });
    const needsCopy = !sameRows || !sameColumns || known.needsCopy || known.table.storage !== table.storage;
    const stored = { table, needsCopy, copied: sameRows && known.copied };
    await reshapeTable(connection, stored);
    tables.set(table.name, stored);
  }
  return removed;
}
