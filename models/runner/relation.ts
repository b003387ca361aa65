import { CallArguments, PyObject, truthy, type Value } from "./jinja/index.ts";

export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

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
      .filter((part) => part !== null)
      .map(quoteIdentifier)
      .join(".");
  }

  override equals(other: Value): boolean {
    return other instanceof Relation && other.toText() === this.toText();
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
        return (args, kwargs) => {
          const call = new CallArguments("include", args, kwargs);
          const keep = (index: number, part: string): boolean => truthy(call.value(index, part, true));
          return new Relation({
            database: keep(0, "database") ? this.database : null,
            schema: keep(1, "schema") ? this.schema : null,
            identifier: this.identifier,
            type: this.type,
          });
        };
      default:
        return undefined;
    }
  }
}
