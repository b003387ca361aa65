import type { DuckDBConnection } from "@duckdb/node-api";
import type { NodeResult } from "../node-result.ts";
import { literal } from "../statements.ts";
import type { Node, Project } from "../resources.ts";

/** What `warehouse.meta.live_build` says about the last cut. */
export interface LedgerEntry {
  build: string;
  lsn: string;
  /** False from the cut until everything downstream is built and tested: after a crash the build is made again, whole. */
  isFinished: boolean;
  /** Of the project's files and variables: another one means that everything must be rebuilt. */
  fingerprint: string;
  companyDay: string;
  /** Of the raw tables' columns: another one means that the mirror's change log does not tell what changed. */
  rawShape: string;
}

/** The meta schema of the warehouse: the ledger, and the tables that a snapshot carries. */
export async function prepareLedger(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    create schema if not exists warehouse.meta;
    create table if not exists warehouse.meta.live_build (build varchar, lsn varchar, is_finished boolean, fingerprint varchar, company_day varchar);
    alter table warehouse.meta.live_build add column if not exists raw_shape varchar;
    create table if not exists warehouse.meta.self_checks (build varchar, checked_at timestamptz, tables bigint, drifts bigint);
    create table if not exists warehouse.meta.drifts (build varchar, schema_name varchar, name varchar, unexpected_rows bigint, missing_rows bigint);
    create table if not exists warehouse.meta.builds (build varchar, lsn varchar, fresh_to timestamptz, started_at timestamptz, finished_at timestamptz);
    create table if not exists warehouse.meta.marts (schema_name varchar, name varchar, scope json, version varchar, columns json);
    create table if not exists warehouse.meta.tests (model varchar, test varchar, severity varchar, failures bigint, build varchar);
    create table if not exists warehouse.meta.quarantine (entity varchar, record_id varchar, reason varchar, detected_in varchar)`);
}

export async function readLedger(connection: DuckDBConnection): Promise<LedgerEntry | null> {
  const result = await connection.run("select build, lsn, is_finished, fingerprint, company_day, raw_shape from warehouse.meta.live_build");
  const [row] = await result.getRowObjectsJS();
  if (!row) return null;
  return {
    build: String(row.build),
    lsn: String(row.lsn),
    isFinished: row.is_finished === true,
    fingerprint: String(row.fingerprint),
    companyDay: String(row.company_day),
    rawShape: String(row.raw_shape),
  };
}

/** Statements that replace the ledger's row; run them in the transaction of what they state. */
export const ledgerSql = (entry: LedgerEntry): string => `delete from warehouse.meta.live_build;
insert into warehouse.meta.live_build values (${literal(entry.build)}, ${literal(entry.lsn)}, ${entry.isFinished}, ${literal(entry.fingerprint)}, ${literal(entry.companyDay)}, ${literal(entry.rawShape)});`;

/** Says that models are behind what they read: only the next finished build makes them whole again. */
export const unfinishedSql = "update warehouse.meta.live_build set is_finished = false";

/** Names of the tests that found nothing when they last ran in a finished build. */
export async function readPassedTests(connection: DuckDBConnection): Promise<Set<string>> {
  const result = await connection.run(
    "select test from warehouse.meta.tests group by test having max(failures) = 0 and count(*) = count(failures)",
  );
  return new Set((await result.getRowsJS()).map(([test]) => String(test)));
}

export interface FinishedBuild {
  entry: LedgerEntry;
  freshTo: string;
  startedAt: Date;
  finishedAt: Date;
  rebuilt: readonly Node[];
  /** Of rebuilt nodes: the last finished build wrote the same columns. */
  keepsColumns: (node: Node) => boolean;
  tests: readonly NodeResult[];
  /** Statements that belong to the same transaction. */
  besides?: readonly string[];
}

const publicSchemas = ["marts", "reports"];

/** The marts and reports among these nodes. */
export const martsAmong = (nodes: readonly Node[]): Node[] =>
  nodes.filter((node) => node.resourceType === "model" && publicSchemas.includes(node.schema) && node.config.materialized !== "ephemeral");

/** Writes what the snapshot says about itself, and that the build is whole, in one transaction. */
export async function writeFinishedBuild(connection: DuckDBConnection, project: Project, build: FinishedBuild): Promise<void> {
  const { entry, rebuilt, tests } = build;
  const known = martsAmong([...project.nodes.values()]);
  const marts = martsAmong(rebuilt).filter((mart) => !build.keepsColumns(mart));
  const renewed = martsAmong(rebuilt).filter(build.keepsColumns);
  const columns = await columnsOf(connection, marts);
  const instant = (date: Date | string): string => `cast(${literal(typeof date === "string" ? date : date.toISOString())} as timestamptz)`;
  const statements = [
    "delete from warehouse.meta.builds",
    `insert into warehouse.meta.builds values (${literal(entry.build)}, ${literal(entry.lsn)}, ${instant(build.freshTo)}, ${instant(build.startedAt)}, ${instant(build.finishedAt)})`,
    `delete from warehouse.meta.marts where name not in (${names(known)}) or name in (${names(marts)})`,
    `update warehouse.meta.marts set version = ${literal(entry.build)} where name in (${names(renewed)})`,
    ...inserts(
      "marts",
      marts.map((mart) => [
        mart.schema,
        mart.alias,
        JSON.stringify(mart.config.meta.scope ?? null),
        entry.build,
        JSON.stringify(columns.get(mart.uniqueId) ?? []),
      ]),
    ),
    ...testStatements(project, tests, entry.build),
    ...quarantineStatements(rebuilt),
    ...(build.besides ?? []),
    ledgerSql({ ...entry, isFinished: true }),
  ];
  await inOneTransaction(connection, statements);
}

async function inOneTransaction(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  await connection.run("begin");
  try {
    await connection.run(statements.map((statement) => statement.replace(/;$/, "")).join(";\n"));
    await connection.run("commit");
  } catch (error) {
    await connection.run("rollback").catch(() => undefined);
    throw error;
  }
}

const names = (nodes: readonly Node[]): string => (nodes.length === 0 ? "''" : nodes.map((node) => literal(node.alias)).join(", "));

function inserts(table: string, rows: readonly (string | number | null)[][]): string[] {
  if (rows.length === 0) return [];
  const value = (cell: string | number | null): string =>
    cell === null ? "null" : typeof cell === "number" ? String(cell) : literal(cell);
  return [`insert into warehouse.meta.${table} values ${rows.map((row) => `(${row.map(value).join(", ")})`).join(",\n")}`];
}

function testStatements(project: Project, tests: readonly NodeResult[], build: string): string[] {
  const known = [...project.nodes.values()].filter((node) => node.resourceType === "test").map((node) => literal(node.name));
  const ran = tests.map((test) => literal(test.name));
  const rows = tests.map((result) => {
    const node = project.nodes.get(result.uniqueId);
    const model = project.nodes.get(node?.test?.attachedNode ?? node?.dependsOn[0] ?? "")?.name ?? null;
    return [model, result.name, String(node?.config.severity ?? "error").toLowerCase(), result.failures, build];
  });
  return [
    `delete from warehouse.meta.tests where test not in (${known.join(", ") || "''"}) or test in (${ran.join(", ") || "''"})`,
    ...inserts("tests", rows),
  ];
}

/** The report that lists records which break a rule: entity, record_id, reason. */
const quarantineReport = "rpt_quarantine";

function quarantineStatements(rebuilt: readonly Node[]): string[] {
  return rebuilt
    .filter((node) => node.name === quarantineReport)
    .flatMap((node) => {
      const place = literal(`${node.schema}.${node.alias}`);
      return [
        `delete from warehouse.meta.quarantine where detected_in = ${place}`,
        `insert into warehouse.meta.quarantine select entity, cast(record_id as varchar), reason, ${place} from "${node.database}"."${node.schema}"."${node.alias}"`,
      ];
    });
}

async function columnsOf(
  connection: DuckDBConnection,
  marts: readonly Node[],
): Promise<Map<string, { name: string; type: string; description: string }[]>> {
  const columns = new Map<string, { name: string; type: string; description: string }[]>();
  if (marts.length === 0) return columns;
  const result = await connection.run(
    `select schema_name, table_name, column_name, data_type from duckdb_columns() where database_name = 'warehouse' and schema_name in (${publicSchemas.map(literal).join(", ")}) order by table_oid, column_index`,
  );
  const byTable = new Map(marts.map((mart) => [`${mart.schema}.${mart.alias}`, mart]));
  for (const [schema, table, name, type] of await result.getRowsJS()) {
    const mart = byTable.get(`${String(schema)}.${String(table)}`);
    if (!mart) continue;
    const described = mart.columns.find((column) => column.name === name)?.description ?? "";
    const list = columns.get(mart.uniqueId) ?? [];
    list.push({ name: String(name), type: String(type), description: described });
    columns.set(mart.uniqueId, list);
  }
  return columns;
}
