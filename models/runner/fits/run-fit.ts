import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteIdentifier } from "../relation.ts";
import { literal } from "../statements.ts";
import type { Fit, FitContext, FitResult, FitRow, FitValue } from "./definition.ts";
import { appendFitRows, fitTableSql, type FitTable } from "./fit-tables.ts";

/** Where a fit finds a model that it reads. */
export interface FitInput {
  name: string;
  database: string;
  schema: string;
  identifier: string;
}

export interface FitRun {
  fit: string;
  /** `failed`: the tables keep what they had. */
  status: "fitted" | "failed";
  remark: string | null;
  sample: number | null;
  asOf: Date;
  fittedAt: Date;
  seconds: number;
  tables: Record<string, FitRow[]>;
}

/** Reads the inputs and computes. Never throws for what the fit does: a failure is a result, too. */
export async function computeFit(
  fit: Fit,
  inputs: readonly FitInput[],
  context: FitContext,
  connection: DuckDBConnection,
  now: () => Date,
): Promise<FitRun> {
  const started = performance.now();
  const ended = (status: FitRun["status"], { tables, sample, remark }: Omit<FitResult, "sample"> & { sample: number | null }): FitRun => ({
    fit: fit.name,
    status,
    remark,
    sample,
    asOf: context.asOf,
    fittedAt: now(),
    seconds: (performance.now() - started) / 1000,
    tables,
  });
  try {
    const rows: Record<string, FitRow[]> = {};
    for (const input of inputs) rows[input.name] = await readRows(input, connection);
    return ended("fitted", fit.run(rows, context));
  } catch (error) {
    return ended("failed", { tables: {}, sample: null, remark: error instanceof Error ? error.message : String(error) });
  }
}

async function readRows(input: FitInput, connection: DuckDBConnection): Promise<FitRow[]> {
  const relation = [input.database, input.schema, input.identifier].map(quoteIdentifier).join(".");
  const result = await connection.run(`from ${relation} order by all`);
  const isDay = new Set(result.columnNames().filter((_, index) => String(result.columnType(index)) === "DATE"));
  const rows = await result.getRowObjectsJS();
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value, isDay.has(name), input, name)])),
  );
}

function plain(value: unknown, isDay: boolean, input: FitInput, column: string): FitValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return isDay ? value.toISOString().slice(0, 10) : value.toISOString();
  throw new TypeError(`a fit can't read ${input.name}.${column}: its values are neither numbers, texts, booleans, days nor instants`);
}

/** The result tables of a run with the rows they get: its date added to each, and the run itself in the record of runs. */
function rowsToStore(run: FitRun, tables: readonly FitTable[]): { table: FitTable; rows: FitRow[] }[] {
  const dates = { as_of: run.asOf.toISOString(), fitted_at: run.fittedAt.toISOString() };
  const results = tables
    .filter((table) => table.fit === run.fit)
    .flatMap((table) => {
      const rows = run.tables[table.name];
      return rows ? [{ table, rows: rows.map((row) => ({ ...row, ...dates })) }] : [];
    });
  const record = { fit: run.fit, status: run.status, sample: run.sample, remark: run.remark, seconds: run.seconds, ...dates };
  return [...results, ...tables.filter((table) => table.fit === null).map((table) => ({ table, rows: [record] }))];
}

/** Stores a run. Rows that don't fit the tables make it a failed one, which is what is recorded then. Answers the run as recorded. */
export async function keepFitRun(run: FitRun, tables: readonly FitTable[], connection: DuckDBConnection): Promise<FitRun> {
  try {
    await storeFitRun(run, tables, connection);
    return run;
  } catch (error) {
    const failed: FitRun = {
      ...run,
      status: "failed",
      sample: null,
      remark: error instanceof Error ? error.message : String(error),
      tables: {},
    };
    await storeFitRun(failed, tables, connection);
    return failed;
  }
}

/** Replaces, or appends to, the result tables in one transaction. */
async function storeFitRun(run: FitRun, tables: readonly FitTable[], connection: DuckDBConnection): Promise<void> {
  const strange = Object.keys(run.tables).find((name) => !tables.some((table) => table.fit === run.fit && table.name === name));
  if (strange !== undefined)
    throw new Error(`fit ${run.fit} gave rows for ${strange}; no source table of that name has meta.fit: ${run.fit}`);
  const stored = rowsToStore(run, tables);
  await connection.run("begin");
  try {
    for (const { table, rows } of stored) await replaceOrAppend(table, rows, run, connection);
    await connection.run("commit");
  } catch (error) {
    await connection.run("rollback").catch(() => undefined);
    throw error;
  }
}

async function replaceOrAppend(table: FitTable, rows: readonly FitRow[], run: FitRun, connection: DuckDBConnection): Promise<void> {
  const place = fitTableSql(table);
  const cut = `as_of = timestamptz '${run.asOf.toISOString()}'`;
  if (!table.isKept) {
    await connection.run(`delete from ${place}`);
    await appendFitRows(table, rows, connection);
  } else if (table.fit === null) {
    await connection.run(`delete from ${place} where ${cut} and fit = ${literal(run.fit)}`);
    await appendFitRows(table, rows, connection);
  } else {
    // What was published stays. The same cut again, or the same results again, add nothing to it.
    await connection.run(`delete from ${place} where ${cut}`);
    await appendFitRows(table, rows, connection);
    const results = table.columns.map(({ name }) => quoteIdentifier(name)).filter((name) => name !== '"as_of"' && name !== '"fitted_at"');
    const ours = `select ${results.join(", ")} from ${place} where ${cut}`;
    const before = `select ${results.join(", ")} from ${place} where as_of = (select max(as_of) from ${place} where not (${cut}))`;
    const compared = await connection.run(`select exists(${ours} except ${before}) or exists(${before} except ${ours})`);
    const [isOther] = (await compared.getRowsJS())[0] ?? [];
    if (isOther === false) await connection.run(`delete from ${place} where ${cut}`);
  }
}
