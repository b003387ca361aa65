import type { DuckDBConnection } from "@duckdb/node-api";
import { ProjectError } from "../errors.ts";
import { quoteIdentifier } from "../relation.ts";
import type { Project, Source } from "../resources.ts";
import { literal, runStatements } from "../statements.ts";
import type { FitRow } from "./definition.ts";

/** A source table that a fit fills, as its YAML declares it. */
export interface FitTable {
  name: string;
  database: string;
  schema: string;
  identifier: string;
  columns: { name: string; type: string }[];
  /** Whose result it is. Null for the record of the fits' own runs. */
  fit: string | null;
  /** Earlier runs' rows stay. */
  isKept: boolean;
}

export const isFitSource = (source: Source): boolean => "fit" in source.config.meta;

/** Source tables with `meta.fit`: the fit's name, or null for the record of runs. `meta.keeps: every_run` appends instead of replacing. */
export function fitTablesOf(project: Project): FitTable[] {
  return [...project.sources.values()].filter(isFitSource).map((source) => {
    const place = `${source.file}: source ${source.sourceName}.${source.name}`;
    const { fit, keeps = "last_run" } = source.config.meta;
    if (fit !== null && typeof fit !== "string")
      throw new ProjectError(`${place}: meta.fit takes the name of a fit, found ${JSON.stringify(fit)}`);
    if (keeps !== "last_run" && keeps !== "every_run")
      throw new ProjectError(`${place}: meta.keeps must be last_run or every_run, found ${JSON.stringify(keeps)}`);
    const columns = source.columns.map(({ name, data_type: type }) => {
      if (type === null)
        throw new ProjectError(`${place}: column ${name} has no data_type; a table that a fit fills is made from its YAML`);
      return { name, type };
    });
    const { name, database, schema, identifier } = source;
    return { name, database, schema, identifier, columns, fit, isKept: keeps === "every_run" };
  });
}

/** Those in the database that is being built; others are somebody else's to fill. */
export const ownFitTables = (project: Project): FitTable[] =>
  fitTablesOf(project).filter((table) => table.database === project.target.catalog);

export const fitTableSql = ({ database, schema, identifier }: FitTable): string =>
  [database, schema, identifier].map(quoteIdentifier).join(".");

/** Makes the tables, and the columns of tables, that are not there yet: before a fit's first run its models have no rows, and a new column is null in earlier ones. */
export async function createFitTables(tables: readonly FitTable[], connection: DuckDBConnection): Promise<void> {
  if (tables.length === 0) return;
  const there = await columnsThere(tables, connection);
  const statements = tables.flatMap((table) => {
    const known = there.get(fitTableSql(table));
    const place = fitTableSql(table);
    if (known)
      return table.columns.filter(({ name }) => !known.has(name)).map((column) => `alter table ${place} add column ${definition(column)}`);
    return [
      `create schema if not exists ${quoteIdentifier(table.database)}.${quoteIdentifier(table.schema)}`,
      `create table ${place} (${table.columns.map(definition).join(", ")})`,
    ];
  });
  if (statements.length > 0) await runStatements(connection, [...new Set(statements)]);
}

const definition = ({ name, type }: FitTable["columns"][number]): string => `${quoteIdentifier(name)} ${type}`;

async function columnsThere(tables: readonly FitTable[], connection: DuckDBConnection): Promise<Map<string, Set<string>>> {
  const schemas = [...new Set(tables.map(({ schema }) => literal(schema)))];
  const result = await connection.run(
    `select database_name, schema_name, table_name, column_name from duckdb_columns() where schema_name in (${schemas.join(", ")})`,
  );
  const there = new Map<string, Set<string>>();
  for (const [database, schema, table, column] of await result.getRowsJS()) {
    const place = [database, schema, table].map((part) => quoteIdentifier(String(part))).join(".");
    const known = there.get(place) ?? new Set();
    there.set(place, known.add(String(column)));
  }
  return there;
}

const rowsAtOnce = 5000;

/** Appends rows; a cell that the table has no column for, or a column without a cell, is a mistake of the fit. */
export async function appendFitRows(table: FitTable, rows: readonly FitRow[], connection: DuckDBConnection): Promise<void> {
  const names = table.columns.map(({ name }) => name);
  for (const row of rows) {
    const strange = Object.keys(row).find((name) => !names.includes(name));
    const missing = names.find((name) => row[name] === undefined);
    if (strange !== undefined || missing !== undefined)
      throw new ProjectError(
        `fit ${table.fit ?? "runs"}: a row of ${table.schema}.${table.identifier} ${strange === undefined ? `has no ${missing}` : `has ${strange}`}; its YAML names ${names.join(", ")}`,
      );
  }
  const shape = JSON.stringify([Object.fromEntries(table.columns.map(({ name, type }) => [name, type]))]);
  const cells = names.map((name) => `kehu_row.${quoteIdentifier(name)}`).join(", ");
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    const text = JSON.stringify(rows.slice(start, start + rowsAtOnce));
    await connection.run(
      `insert into ${fitTableSql(table)} (${names.map(quoteIdentifier).join(", ")}) select ${cells} from (select unnest(from_json(cast($1 as json), ${literal(shape)})) as kehu_row)`,
      [text],
    );
  }
}
