import { CallArguments, Dict, PyObject, toText, truthy, type Kwargs, type Value } from "./jinja/index.ts";

export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `column >= start and column < end`, in UTC; the column may be a day, a timestamp or an instant. */
export function spanCondition(column: string, { start, end }: { start: Date; end: Date }): string {
  const time = (at: Date): string => `timestamp '${at.toISOString().slice(0, 19).replace("T", " ")}'`;
  return `${column} >= ${time(start)} and ${column} < ${time(end)}`;
}

/** A table or view as templates see it; prints as `"catalog"."schema"."name"`. */
export class Relation extends PyObject {
  readonly database: string | null;
  readonly schema: string | null;
  readonly identifier: string;
  readonly type: string | null;
  /** Set for what isn't a relation in the database: an ephemeral model's CTE, a filtered subquery. */
  private readonly text: string | undefined;

  constructor(parts: { database: string | null; schema: string | null; identifier: string; type?: string | null; text?: string }) {
    super();
    this.database = parts.database;
    this.schema = parts.schema;
    this.identifier = parts.identifier;
    this.type = parts.type ?? null;
    this.text = parts.text;
  }

  toText(): string {
    if (this.text !== undefined) return this.text;
    return [this.database, this.schema, this.identifier]
      .filter((part) => part !== null && part !== "")
      .map((part) => quoteIdentifier(part ?? ""))
      .join(".");
  }

  override equals(other: Value): boolean {
    return other instanceof Relation && other.toText() === this.toText();
  }

  override typeName(): string {
    return "DuckDBRelation";
  }
  /** Packages ask `relation is mapping` and `relation.get("metadata")` before they trust it. */
  override isMapping(): boolean {
    return true;
  }
  override item(key: Value): Value | undefined {
    return typeof key === "string" ? this.attribute(key) : undefined;
  }

  /** The same relation with some parts replaced; `null` leaves a part out. */
  private with(parts: { database?: string | null; schema?: string | null; identifier?: string; type?: string | null }): Relation {
    const { database, schema, identifier, type } = this;
    return new Relation({ database, schema, identifier, type, ...parts });
  }

  /** Only the rows that meet an SQL condition; `render()` gives all of them, as dbt documents it. */
  where(condition: string): Relation {
    const text = `(select * from ${this.toText()} where ${condition})`;
    const { database, schema, identifier, type } = this;
    return new FilteredRelation(this, { database, schema, identifier, type, text });
  }

  private included(args: Value[], kwargs: Kwargs): Relation {
    const call = new CallArguments("include", args, kwargs);
    // As dbt does: a part that is not named keeps what it has.
    const keep = (index: number, part: string): boolean => truthy(call.value(index, part, true));
    return this.with({
      ...(!keep(0, "database") && { database: null }),
      ...(!keep(1, "schema") && { schema: null }),
      ...(!keep(2, "identifier") && { identifier: "" }),
    });
  }

  private incorporated(args: Value[], kwargs: Kwargs): Relation {
    const call = new CallArguments("incorporate", args, kwargs);
    const path = call.kwargs.get("path");
    const part = (name: string): string | undefined => {
      const value = path instanceof Dict ? path.get(name) : undefined;
      return value === undefined || value === null ? undefined : toText(value);
    };
    const parts = Object.fromEntries(
      ["database", "schema", "identifier"].map((name) => [name, part(name)]).filter(([, value]) => value !== undefined),
    );
    const type = call.kwargs.get("type");
    return this.with({ ...parts, ...(type !== undefined && { type: type === null ? null : toText(type) }) });
  }

  attribute(name: string): Value | undefined {
    switch (name) {
      case "database":
        return this.database;
      case "schema":
        return this.schema;
      case "identifier":
      case "name":
      case "table":
        return this.identifier;
      case "type":
        return this.type;
      case "is_table":
        return this.type === "table";
      case "is_view":
        return this.type === "view";
      case "is_cte":
        return this.text !== undefined;
      case "render":
        return () => this.toText();
      case "include":
        return (args, kwargs) => this.included(args, kwargs);
      case "incorporate":
        return (args, kwargs) => this.incorporated(args, kwargs);
      case "replace_path":
        return (_args, kwargs) => this.incorporated([], new Map([["path", Dict.of(Object.fromEntries(kwargs))]]));
      case "quote":
        return () => this;
      case "without_identifier":
        return () => this.with({ identifier: "" });
      case "information_schema":
        return (args) => {
          const view = args[0] === undefined || args[0] === null ? "" : `.${toText(args[0])}`;
          const prefix = this.database === null ? "" : `${quoteIdentifier(this.database)}.`;
          return new Relation({
            database: this.database,
            schema: "information_schema",
            identifier: "",
            text: `${prefix}information_schema${view}`,
          });
        };
      case "path":
        return Dict.of({ database: this.database, schema: this.schema, identifier: this.identifier });
      case "metadata":
        return Dict.of({ type: this.typeName() });
      case "get":
        return (args) => this.attribute(toText(args[0] ?? "")) ?? args[1] ?? null;
      case "can_be_renamed":
      case "can_be_replaced":
        return true;
      case "is_materialized_view":
      case "is_dynamic_table":
        return false;
      default:
        return undefined;
    }
  }
}

/** A relation cut down by a condition, that knows the whole. */
class FilteredRelation extends Relation {
  private readonly whole: Relation;
  constructor(whole: Relation, parts: ConstructorParameters<typeof Relation>[0]) {
    super(parts);
    this.whole = whole;
  }
  override attribute(name: string): Value | undefined {
    return name === "render" ? () => this.whole.toText() : super.attribute(name);
  }
}
