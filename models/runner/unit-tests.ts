import type { DuckDBConnection } from "@duckdb/node-api";
import { prependCtes, sourceRelation, type Compiler } from "./compiler.ts";
import { ProjectError } from "./errors.ts";
import { fromJs, type Value } from "./jinja/index.ts";
import { readCall, referenceText } from "./references.ts";
import { Relation, quoteIdentifier } from "./relation.ts";
import { literal } from "./statements.ts";
import type { Fixture, Node, Settings } from "./resources.ts";
import { messageOf, type TestOutcome } from "./data-tests.ts";

interface ColumnType {
  name: string;
  type: string;
}

/** Runs one unit test: the model's SQL over the given rows, compared with the expected rows in any order. */
export async function runUnitTest(node: Node, compiler: Compiler, connection: DuckDBConnection): Promise<TestOutcome> {
  let sql: string | null = null;
  try {
    sql = await actualQuery(node, compiler, connection);
    const { columns, expected } = await expectedQuery(node, sql, connection);
    const list = columns.map((column) => quoteIdentifier(column.name)).join(", ");
    const query = `with kehu_actual as (select ${list} from (\n${sql}\n)), kehu_expected as (\n${expected}\n)
select 'missing' as kehu_difference, * from (select * from kehu_expected except all select * from kehu_actual)
union all select 'unexpected', * from (select * from kehu_actual except all select * from kehu_expected)
order by all`;
    const result = await connection.run(query);
    const rows = await result.getRowsJson();
    if (rows.length === 0) return { status: "pass", failures: 0, message: null, compiledCode: sql };
    return {
      status: "fail",
      failures: rows.length,
      message: `actual rows differ from the expected:\n${table(result.columnNames(), rows)}`,
      compiledCode: sql,
    };
  } catch (error) {
    return { status: "error", failures: null, message: messageOf(error), compiledCode: sql };
  }
}

function table(names: string[], rows: unknown[][]): string {
  const cells = [
    names.map((name, index) => (index === 0 ? "" : name)),
    ...rows.map((row) => row.map((cell) => (cell === null ? "null" : String(cell)))),
  ];
  const widths = names.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")}`.trimEnd()).join("\n");
}

/** The model's SQL with its inputs replaced by CTEs of the given rows. */
async function actualQuery(node: Node, compiler: Compiler, connection: DuckDBConnection): Promise<string> {
  const { unitTest } = node;
  if (!unitTest) throw new Error(`${node.name} is not a unit test`);
  const relations = new Map<string, Relation>();
  const ctes: { name: string; sql: string }[] = [];
  for (const fixture of unitTest.given) {
    const { key, columnsFrom } = inputOf(fixture, node, compiler);
    const name = `__kehu_given_${ctes.length}`;
    const columns =
      fixture.format === "sql" ? [] : await describe(connection, columnsFrom, `input ${fixture.input} of unit test ${node.name}`);
    ctes.push({ name, sql: fixtureQuery(fixture, columns, `input ${fixture.input}`) });
    relations.set(key, new Relation({ database: null, schema: null, identifier: name, text: name }));
  }
  const overrides = new Map<string, Value>();
  const self = relations.get("this");
  if (self) overrides.set("this", self);
  for (const [name, value] of Object.entries(unitTest.overrides.macros)) overrides.set(name, () => fromJs(value));
  const variables = unitTest.overrides.env_vars;
  if (Object.keys(variables).length > 0)
    overrides.set("env_var", (args) => fromJs(variables[String(args[0])] ?? process.env[String(args[0])] ?? args[1] ?? null));
  const sql = await compiler.compile(node, connection, { relations, overrides, vars: unitTest.overrides.vars });
  return prependCtes(sql.replace(/;\s*$/, ""), ctes);
}

/** What `input: ref('a')`, `source('a', 'b')` or `this` stands for. */
function inputOf(fixture: Fixture, node: Node, compiler: Compiler): { key: string; columnsFrom: string } {
  const call = readCall(fixture.input, `${node.file}: unit test ${node.name}: input`);
  const { names, project } = compiler;
  if (call.kind === "this") {
    const model = project.nodes.get(node.dependsOn[0] ?? "");
    if (model) return { key: "this", columnsFrom: compiler.relationOf(model).toText() };
  }
  if (call.kind === "ref") {
    const found = names.node(call.reference, node.packageName);
    if (found) return { key: found.uniqueId, columnsFrom: compiler.relationOf(found).toText() };
    throw new ProjectError(
      `${node.file}: unit test ${node.name}: input ${referenceText(call.reference)}, ${names.explain(call.reference)}`,
    );
  }
  if (call.kind === "source") {
    const found = names.source(call.sourceName, call.tableName, node.packageName);
    if (found) return { key: found.uniqueId, columnsFrom: sourceRelation(found).toText() };
  }
  throw new ProjectError(`${node.file}: unit test ${node.name}: there is no input "${fixture.input}"`);
}

async function describe(connection: DuckDBConnection, query: string, what: string): Promise<ColumnType[]> {
  const rows = await connection.run(`describe select * from ${query}`).catch((cause: unknown) => {
    throw new Error(`${what}: its columns can't be read, build it first (an empty one is enough): ${messageOf(cause)}`, { cause });
  });
  return (await rows.getRowsJS()).map((row) => ({ name: String(row[0]), type: String(row[1]) }));
}

async function expectedQuery(node: Node, sql: string, connection: DuckDBConnection): Promise<{ columns: ColumnType[]; expected: string }> {
  const expect = node.unitTest?.expect;
  if (!expect) throw new Error(`${node.name} is not a unit test`);
  const actual = await describe(connection, `(\n${sql}\n)`, `the model of unit test ${node.name}`);
  if (expect.format === "sql") {
    const given = await describe(connection, `(\n${String(expect.rows)}\n)`, "expect");
    const columns = actual.filter((column) => given.some((other) => same(other.name, column.name)));
    return {
      columns,
      expected: `select ${columns.map((column) => `cast(${quoteIdentifier(column.name)} as ${column.type}) as ${quoteIdentifier(column.name)}`).join(", ")} from (\n${String(expect.rows)}\n)`,
    };
  }
  const rows = rowsOf(expect);
  const names = new Set(rows.flatMap((row) => Object.keys(row).map((name) => name.toLowerCase())));
  // Without expected rows every column counts: the model must give none.
  const columns = rows.length === 0 ? actual : actual.filter((column) => names.has(column.name.toLowerCase()));
  return { columns, expected: rowsQuery(rows, columns, actual, "expect") };
}

const same = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

function fixtureQuery(fixture: Fixture, columns: ColumnType[], what: string): string {
  return fixture.format === "sql" ? String(fixture.rows) : rowsQuery(rowsOf(fixture), columns, columns, what);
}

function rowsQuery(rows: Settings[], columns: ColumnType[], known: ColumnType[], what: string): string {
  for (const row of rows) {
    for (const name of Object.keys(row)) {
      if (!known.some((column) => same(column.name, name)))
        throw new ProjectError(`${what}: there is no column "${name}"; known are ${known.map((column) => column.name).join(", ")}`);
    }
  }
  const select = (row: Settings): string =>
    `select ${columns
      .map((column) => {
        const key = Object.keys(row).find((name) => same(name, column.name));
        return `cast(${sqlValue(key === undefined ? null : row[key])} as ${column.type}) as ${quoteIdentifier(column.name)}`;
      })
      .join(", ")}`;
  return rows.length === 0 ? `${select({})} where false` : rows.map(select).join("\nunion all ");
}

function sqlValue(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  return literal(typeof value === "object" ? JSON.stringify(value) : String(value));
}

function rowsOf(fixture: Fixture): Settings[] {
  if (Array.isArray(fixture.rows)) return fixture.rows;
  const [header = "", ...lines] = fixture.rows.trim().split(/\r?\n/);
  const names = splitCsv(header);
  return lines.map((line) => {
    const cells = splitCsv(line);
    return Object.fromEntries(
      names.map((name, index) => [name.trim(), cells[index] === undefined || cells[index] === "" ? null : cells[index]]),
    );
  });
}

/** The cells of one CSV line; quotes may hold commas and doubled quotes. */
function splitCsv(line: string): string[] {
  const cells: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g))
    cells.push(quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'));
  return cells;
}
