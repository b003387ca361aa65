import type { ContextHost } from "./context.ts";
import { CallArguments, PyError, PyObject, toText, type Callable, type Value } from "./jinja/index.ts";
import type { BoundMacros } from "./macros.ts";
import { Relation, quoteIdentifier } from "./relation.ts";

/** A column as `adapter.get_columns_in_relation` gives it. */
class ColumnInfo extends PyObject {
  private readonly name: string;
  private readonly dataType: string;
  constructor(name: string, dataType: string) {
    super();
    this.name = name;
    this.dataType = dataType;
  }
  attribute(name: string): Value | undefined {
    if (name === "name" || name === "column") return this.name;
    if (name === "quoted") return quoteIdentifier(this.name);
    if (name === "dtype" || name === "data_type") return this.dataType;
    return undefined;
  }
  toText(): string {
    return `<Column ${this.name} (${this.dataType})>`;
  }
}

/** The columns of an existing relation, in their order. */
async function columnsIn(host: ContextHost, relation: Value): Promise<Value[]> {
  if (!host.execute || !host.connection) return [];
  const rows = await (await host.connection.run(`describe select * from ${toText(relation)}`)).getRowsJS();
  return rows.map((row) => new ColumnInfo(String(row[0]), String(row[1])));
}

/** `adapter`: quoting, dispatch, and questions about what exists in the target. */
export function adapterObject(host: ContextHost, bound: BoundMacros): PyObject {
  const functions: Record<string, Callable> = {
    quote: (args) => quoteIdentifier(toText(args[0] ?? "")),
    type: () => "duckdb",
    dispatch: (args, kwargs) => {
      const name = new CallArguments("dispatch", args, kwargs).text(0, "macro_name");
      const macro = host.macros.dispatch(name);
      if (!macro) throw new PyError(`adapter.dispatch("${name}"): there is neither duckdb__${name} nor default__${name}`);
      return bound.bind(macro);
    },
    get_columns_in_relation: (args) => columnsIn(host, args[0] ?? null),
    get_relation: (args, kwargs) => {
      const call = new CallArguments("get_relation", args, kwargs);
      const wanted = new Relation({
        database: toText(call.value(0, "database")),
        schema: toText(call.value(1, "schema")),
        identifier: toText(call.value(2, "identifier")),
      });
      const type = host.execute ? host.existing(wanted) : undefined;
      return type === undefined
        ? null
        : new Relation({ database: wanted.database, schema: wanted.schema, identifier: wanted.identifier, type });
    },
  };
  return new Adapter(functions);
}

class Adapter extends PyObject {
  private readonly functions: Record<string, Callable>;
  constructor(functions: Record<string, Callable>) {
    super();
    this.functions = functions;
  }
  attribute(name: string): Value | undefined {
    return Object.hasOwn(this.functions, name) ? this.functions[name] : undefined;
  }
  toText(): string {
    return "<adapter duckdb>";
  }
}
