/** Runs one statement that was read and allowed, in a private database. */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { StatementType } from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResult } from "@duckdb/node-api";
import { arrowBytes } from "./formats/arrow.ts";
import { jsonRows } from "./formats/json.ts";
import { mostSheetRows, xlsxBytes } from "./formats/xlsx.ts";
import type { FileFormat, ResultColumn, RunRequest, RunResult } from "./protocol.ts";
import { SqlRefusal } from "./refusal.ts";
import { boundParameters } from "./values.ts";

/** Nobody can name it in a statement: tables are named from a list. */
const scratch = '"result of the statement"';
const intoScratch = `create or replace temp table ${scratch} as `;

/** How many bytes stand before the statement in what DuckDB is given, so before every place that it tells. */
export const bytesAhead = ({ format }: RunRequest): number => (format === "json" ? 0 : Buffer.byteLength(intoScratch));

const columnsOf = (result: DuckDBResult): ResultColumn[] =>
  result.columnNames().map((name, index) => ({ name, type: result.columnType(index).toString() }));

const bind = (statement: DuckDBPreparedStatement, request: RunRequest): void => {
  const { values, types } = boundParameters(request.parameters);
  const given = Array.isArray(values) ? values.length : Object.keys(values).length;
  if (given !== statement.parameterCount)
    throw new SqlRefusal({ status: 422, message: `The statement has ${statement.parameterCount} parameters, but ${given} were sent` });
  if (given > 0) statement.bind(values, types);
};

/** Prepares, binds, uses and frees. `allowed`: the kinds of statement; a second check behind the reading of the tree. */
const withPrepared = async <T>(
  connection: DuckDBConnection,
  sql: string,
  request: RunRequest,
  allowed: readonly StatementType[],
  use: (statement: DuckDBPreparedStatement) => Promise<T>,
): Promise<T> => {
  const statement = await connection.prepare(sql);
  try {
    if (!allowed.includes(statement.statementType))
      throw new SqlRefusal({ status: 403, message: "Only SELECT can be run, and EXPLAIN of one" });
    bind(statement, request);
    return await use(statement);
  } finally {
    statement.destroySync();
  }
};

/** Throws what DuckDB throws, or SqlRefusal. */
export const run = (connection: DuckDBConnection, request: RunRequest): Promise<RunResult> =>
  request.format === "json" ? runJson(connection, request) : runToFile(connection, request, request.format);

const runJson = (connection: DuckDBConnection, request: RunRequest): Promise<RunResult> =>
  withPrepared(connection, request.sql, request, [StatementType.SELECT, StatementType.EXPLAIN], async (statement) => {
    const result = await statement.stream();
    return { columns: columnsOf(result), ...(await jsonRows(result, request.rows)) };
  });

/** Into a table first: a file that turns out too long is refused before it is written, and its rows are known before its first byte leaves. */
const runToFile = async (connection: DuckDBConnection, request: RunRequest, format: FileFormat): Promise<RunResult> => {
  // In front only: whatever the statement ends with, a comment or a semicolon, stays what it was.
  await withPrepared(connection, `${intoScratch}${request.sql}`, request, [StatementType.CREATE], (statement) => statement.run());
  try {
    const counted = await connection.runAndReadAll(`select count(*) from ${scratch}`);
    const rows = Number(counted.value(0, 0));
    const most = format === "xlsx" ? Math.min(request.rows, mostSheetRows) : request.rows;
    if (rows > most)
      throw new SqlRefusal({
        status: 413,
        message: `The result has ${rows} rows; a ${format} file of yours holds up to ${most}. Filter, or add LIMIT ${most}`,
      });
    const columns = columnsOf(await connection.run(`from ${scratch} limit 0`));
    await write(connection, request, format, columns);
    return { columns, rows, total: rows, json: null };
  } finally {
    await connection.run(`drop table if exists ${scratch}`);
  }
};

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * What a spreadsheet would take for a formula gets an apostrophe in front: it is shown, and not calculated. Texts only, names of columns among them;
 * numbers stay what they are, also those that are kept as texts. Whoever needs every text unchanged asks for another format.
 */
const harmless = ({ name, type }: ResultColumn): string => {
  const shown = /^[=+\-@\t\r]/.test(name) ? `'${name}` : name;
  if (type !== "VARCHAR" && !type.startsWith("ENUM")) return `${quoted(name)} as ${quoted(shown)}`;
  const isFormula = `regexp_matches(${quoted(name)}, '^[=+\\-@\\t\\r]') and not regexp_full_match(${quoted(name)}, '[+-]?[0-9]+([.][0-9]+)?')`;
  return `case when ${isFormula} then '''' || ${quoted(name)} else ${quoted(name)} end as ${quoted(shown)}`;
};

const write = async (
  connection: DuckDBConnection,
  { file, about }: RunRequest,
  format: FileFormat,
  columns: readonly ResultColumn[],
): Promise<void> => {
  const path = `'${file.replaceAll("'", "''")}'`;
  if (format === "csv")
    await connection.run(`copy (select ${columns.map(harmless).join(", ")} from ${scratch}) to ${path} (format csv, header)`);
  else if (format === "parquet") await connection.run(`copy ${scratch} to ${path} (format parquet, compression zstd)`);
  else {
    const result = await connection.stream(`from ${scratch}`);
    await pipeline(format === "arrow" ? arrowBytes(result) : xlsxBytes(result, about), createWriteStream(file));
  }
};
