/** Why something of the source is not in the mirror as it is there. */
export type ProblemCode =
  | "not_published"
  | "unlogged"
  | "foreign_table"
  | "row_filter"
  | "no_columns"
  | "no_identity"
  | "name_taken"
  | "reserved_name"
  | "generated_column"
  | "not_a_number"
  | "failed"
  | "waiting"
  | "slot"
  | "disconnected";

/** Something of the source that can't be mirrored, or not now, and what to do about it. */
export interface MirrorProblem {
  code: ProblemCode;
  /** Without its schema; null: not about one table. */
  table: string | null;
  column: string | null;
  what: string;
  remedy: string;
}

/** The changes or rows of one table could not be taken over: that table is to be copied again, the others have nothing to do with it. */
export class TableFault extends Error {
  readonly table: string;
  /** A row did not fit into DuckDB's buffer. */
  readonly rowTooLong: boolean;

  constructor(table: string, message: string, options: ErrorOptions & { rowTooLong?: boolean } = {}) {
    super(message, options);
    this.name = "TableFault";
    this.table = table;
    this.rowTooLong = options.rowTooLong ?? false;
  }
}

/** DuckDB's errors that a table's own rows or columns cause. A full disk, lost memory or a broken file say nothing about the table. */
const ofTheRows = /^(Conversion|Invalid Input|Out of Range|Constraint|Binder|Catalog|Invalid Type|Mismatch Type|Not implemented) Error/;
const ofLongRows = /[Mm]aximum line size|does not support a full read/;

/** What DuckDB says, without the values that it quotes: they are nobody's business in a log or on a page of health. */
const withoutValues = (message: string): string => (message.split("\n")[0] ?? "").replace(/['"].*$/, "…");

/** Runs what concerns one table; an error that its rows caused comes out as a `TableFault`, any other with the table's name before it. */
export async function aboutTable<Result>(table: string, doing: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TableFault) throw error;
    const { message } = error as Error;
    const told = `table "${table}" could not be ${doing}: ${withoutValues(message)}`;
    throw ofTheRows.test(message)
      ? new TableFault(table, told, { rowTooLong: ofLongRows.test(message) })
      : new Error(told, { cause: error });
  }
}
