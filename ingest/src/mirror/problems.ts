import { problemTexts } from "./problem-texts.ts";

/** What kind of thing is not in the mirror as it is in the source. */
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
  /** Which of the texts of `problem-texts.ts` it is, and what is put into it. */
  reason: ProblemReason;
  params: Readonly<Record<string, string>>;
  /** In English. */
  what: string;
  remedy: string;
}

export type ProblemReason = keyof typeof problemTexts;

/** The names in braces of a text. */
type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholder<Rest> : never;
type ParamsOf<Reason extends ProblemReason> = Record<Placeholder<(typeof problemTexts)[Reason]["what" | "remedy"]>, string>;

/** A problem with its texts; `about` null: not about one table. */
export function problemOf<Reason extends ProblemReason>(
  reason: Reason,
  about: { table: string; column?: string | null } | null,
  params: ParamsOf<Reason>,
): MirrorProblem {
  const { code, what, remedy } = problemTexts[reason];
  const given: Readonly<Record<string, string>> = params;
  const fill = (text: string): string => text.replaceAll(/\{(\w+)\}/g, (_braces, name: string) => given[name] ?? "");
  return {
    code,
    table: about?.table ?? null,
    column: about?.column ?? null,
    reason,
    params: given,
    what: fill(what),
    remedy: fill(remedy),
  };
}

/** The changes or rows of one table could not be taken over: that table is to be copied again, the others have nothing to do with it. */
export class TableFault extends Error {
  readonly table: string;

  constructor(table: string, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = "TableFault";
    this.table = table;
  }
}

/** DuckDB's errors that a table's own rows or columns cause. A full disk, lost memory or a broken file say nothing about the table. */
const ofTheRows = /^(Conversion|Invalid Input|Out of Range|Constraint|Binder|Catalog|Invalid Type|Mismatch Type|Not implemented) Error/;

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
    throw ofTheRows.test(message) ? new TableFault(table, told) : new Error(told, { cause: error });
  }
}
