import { PyObject, type Value } from "./jinja/index.ts";
import { quoteIdentifier } from "./relation.ts";

const families: Record<string, readonly string[]> = {
  is_string: ["text", "varchar", "character varying", "character", "char", "string", "bpchar"],
  is_float: ["real", "float4", "float", "double precision", "float8", "double"],
  is_integer: ["tinyint", "smallint", "integer", "int", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"],
  is_numeric: ["numeric", "decimal"],
};

/** A column as `adapter.get_columns_in_relation` gives it. */
export class ColumnInfo extends PyObject {
  private readonly name: string;
  /** DuckDB's type as it prints it: `DECIMAL(18,3)`. */
  private readonly dataType: string;
  constructor(name: string, dataType: string) {
    super();
    this.name = name;
    this.dataType = dataType;
  }
  private get baseType(): string {
    return this.dataType.replace(/\(.*$/s, "").trim().toLowerCase();
  }
  private isOf(family: string): boolean {
    return families[family]?.includes(this.baseType) ?? false;
  }
  private precision(index: number): number | null {
    const found = /\((\d+)\s*(?:,\s*(\d+))?\)/.exec(this.dataType)?.[index];
    return found === undefined ? null : Number(found);
  }
  attribute(name: string): Value | undefined {
    switch (name) {
      case "name":
      case "column":
        return this.name;
      case "quoted":
        return quoteIdentifier(this.name);
      case "dtype":
      case "data_type":
        return this.dataType;
      case "char_size":
        return this.isOf("is_string") ? (this.precision(1) ?? 256) : null;
      case "numeric_precision":
        return this.isOf("is_numeric") ? this.precision(1) : null;
      case "numeric_scale":
        return this.isOf("is_numeric") ? (this.precision(2) ?? 0) : null;
      case "is_string":
      case "is_float":
      case "is_integer":
      case "is_numeric":
        return () => this.isOf(name);
      case "is_number":
        return () => ["is_float", "is_integer", "is_numeric"].some((family) => this.isOf(family));
      case "string_size":
        return () => this.precision(1) ?? 256;
      case "can_expand_to":
        return () => false;
      case "literal":
        return (args) => `${String(args[0])}::${this.dataType}`;
      default:
        return undefined;
    }
  }
  override equals(other: Value): boolean {
    return other instanceof ColumnInfo && other.name === this.name && other.dataType === this.dataType;
  }
  override typeName(): string {
    return "Column";
  }
  toText(): string {
    return `<Column ${this.name} (${this.dataType})>`;
  }
}
