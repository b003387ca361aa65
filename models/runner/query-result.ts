import { DuckDBTypeId, type DuckDBConnection, type DuckDBMaterializedResult } from "@duckdb/node-api";
import { Dict, Float, PyDate, PyDateTime, PyObject, PySet, TimeZone, fromJs, toText, tuple, type Value } from "./jinja/index.ts";

/** One row of a query: `row[0]`, `row["name"]`, `row.name`, `row.values()`. */
class Row extends PyObject {
  private readonly names: string[];
  private readonly items: Value[];
  constructor(names: string[], items: Value[]) {
    super();
    this.names = names;
    this.items = items;
  }
  attribute(name: string): Value | undefined {
    if (name === "values") return () => tuple(this.items);
    if (name === "keys") return () => this.names;
    if (name === "dict") return () => Dict.of(Object.fromEntries(this.names.map((key, index) => [key, this.items[index] ?? null])));
    return undefined;
  }
  override item(key: Value): Value | undefined {
    if (typeof key === "number") return this.items.at(key);
    const index = this.names.indexOf(String(key));
    return index < 0 ? undefined : this.items[index];
  }
  override iterate(): Iterable<Value> {
    return this.items;
  }
  override length(): number {
    return this.items.length;
  }
  toText(): string {
    return `<Row (${this.items.map(String).join(", ")})>`;
  }
}

class Column extends PyObject {
  private readonly name: string;
  private readonly items: Value[];
  constructor(name: string, items: Value[]) {
    super();
    this.name = name;
    this.items = items;
  }
  attribute(name: string): Value | undefined {
    if (name === "name") return this.name;
    if (name === "values") return () => tuple(this.items);
    if (name === "values_distinct") return () => new PySet(this.items);
    return undefined;
  }
  override item(key: Value): Value | undefined {
    return typeof key === "number" ? this.items.at(key) : undefined;
  }
  override iterate(): Iterable<Value> {
    return this.items;
  }
  override length(): number {
    return this.items.length;
  }
  toText(): string {
    return `<Column ${this.name}>`;
  }
}

/** A query's result with the parts of agate's Table that dbt projects use: `columns`, `rows`, `column_names`. */
export class QueryResult extends PyObject {
  readonly names: string[];
  readonly rows: Value[][];
  constructor(names: string[], rows: Value[][]) {
    super();
    this.names = names;
    this.rows = rows;
  }
  attribute(name: string): Value | undefined {
    if (name === "column_names") return tuple(this.names);
    if (name === "rows") return this.rows.map((row) => new Row(this.names, row));
    if (name === "columns") return new Columns(this);
    // What a template prints has to reach the log by itself: `{% do log(table.print_table()) %}`.
    if (name === "print_table" || name === "print_csv") return () => this.asText(name === "print_csv" ? "," : " | ");
    return undefined;
  }
  private asText(separator: string): string {
    return [this.names, ...this.rows.map((row) => row.map(toText))].map((cells) => cells.join(separator)).join("\n");
  }
  column(index: number): Column | undefined {
    const name = this.names.at(index);
    return name === undefined
      ? undefined
      : new Column(
          name,
          this.rows.map((row) => row.at(index) ?? null),
        );
  }
  override item(key: Value): Value | undefined {
    return typeof key === "number" ? new Row(this.names, this.rows.at(key) ?? []) : undefined;
  }
  override iterate(): Iterable<Value> {
    return this.rows.map((row) => new Row(this.names, row));
  }
  override length(): number {
    return this.rows.length;
  }
  toText(): string {
    return `<Table ${this.names.join(", ")}: ${this.rows.length} rows>`;
  }
}

class Columns extends PyObject {
  private readonly result: QueryResult;
  constructor(result: QueryResult) {
    super();
    this.result = result;
  }
  attribute(name: string): Value | undefined {
    if (name === "keys") return () => this.result.names;
    if (name === "values") return () => this.iterate();
    if (name === "items") return () => this.result.names.map((key, index) => tuple([key, this.result.column(index) ?? null]));
    if (name === "get") return (args) => this.item(args[0] ?? null) ?? args[1] ?? null;
    return this.item(name);
  }
  override has(item: Value): boolean {
    return this.result.names.includes(String(item));
  }
  override item(key: Value): Value | undefined {
    if (typeof key === "number") return this.result.column(key);
    const index = this.result.names.indexOf(String(key));
    return index < 0 ? undefined : this.result.column(index);
  }
  override iterate(): Value[] {
    return this.result.names.map((_, index) => this.result.column(index) ?? null);
  }
  override length(): number {
    return this.result.names.length;
  }
  toText(): string {
    return this.result.names.join(", ");
  }
}

/** Runs SQL and keeps its rows as template values: decimals as floats, dates and timestamps as Python's. */
export async function queryForTemplate(connection: DuckDBConnection, sql: string): Promise<QueryResult> {
  const result: DuckDBMaterializedResult = await connection.run(sql);
  const rows = await result.getRowsJS();
  const types = result.columnTypes().map((type) => type.typeId);
  return new QueryResult(
    result.columnNames(),
    rows.map((row) => row.map((value, index) => templateValue(value, types[index]))),
  );
}

const utc = new TimeZone("UTC");
const fractional = new Set<DuckDBTypeId | undefined>([DuckDBTypeId.DOUBLE, DuckDBTypeId.FLOAT]);

function templateValue(value: unknown, type: DuckDBTypeId | undefined): Value {
  if (value instanceof Date) {
    if (type === DuckDBTypeId.DATE) return new PyDate(value.getTime());
    return PyDateTime.inZone(value.getTime(), type === DuckDBTypeId.TIMESTAMP_TZ ? utc : null);
  }
  return typeof value === "number" && fractional.has(type) ? new Float(value) : fromJs(value);
}
