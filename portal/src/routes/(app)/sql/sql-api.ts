/** `/api/sql` as the page speaks it, with the reader's own session. */

export interface SqlSchema {
  build: string;
  tables: { name: string; description: string; columns: { name: string; type: string; description: string; title: string | null }[] }[];
  functions: string[];
  limits: { seconds: number; memoryMiB: number; rows: number; exportRows: number; statements: number };
}

export interface SqlResult {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  truncated: boolean;
  total: number | null;
  tables: string[];
  build: string;
  freshTo: string;
  failedTests: string[];
  milliseconds: number;
}

export const parameterTypes = ["text", "integer", "decimal", "date", "boolean"] as const;
export type ParameterType = (typeof parameterTypes)[number];
export interface GivenParameter {
  type: ParameterType;
  text: string;
}

export interface Statement {
  id: string;
  sql: string;
  parameters: Record<string, GivenParameter>;
}

/** Why there are no rows; `position` counts from 1. */
export class SqlProblem extends Error {
  override name = "SqlProblem";
  readonly status: number;
  readonly position: { line: number; column: number } | null;
  readonly suggestions: string[];
  constructor(status: number, detail: string, position: SqlProblem["position"] = null, suggestions: string[] = []) {
    super(detail);
    this.status = status;
    this.position = position;
    this.suggestions = suggestions;
  }
}

/** A text that is compared takes the type of what it is compared with; the others say theirs. */
const sent = ({ type, text }: GivenParameter): unknown => {
  if (text === "") return null;
  if (type === "boolean") return text === "true";
  return type === "text" ? text : { type, value: text };
};

const paramsOf = (parameters: Statement["parameters"]): unknown => {
  const names = Object.keys(parameters);
  const values = names.map((name) => sent(parameters[name]!));
  // $1, $2 … go as a list, in their order.
  const byPlace = names.every((name) => /^\d+$/.test(name));
  if (byPlace) return names.toSorted((left, right) => Number(left) - Number(right)).map((name) => values[names.indexOf(name)]);
  return Object.fromEntries(names.map((name, index) => [name, values[index]]));
};

async function post({ id, sql, parameters }: Statement, format: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch("/api/sql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id, sql, params: paramsOf(parameters), format }),
    signal,
  });
  if (response.ok) return response;
  const problem = (await response.json()) as {
    detail: string;
    position?: SqlProblem["position"];
    suggestions?: string[];
    errors?: { reason: string }[];
  };
  const { position = null, suggestions = [] } = problem;
  const reason = problem.errors?.[0]?.reason ?? problem.detail;
  throw new SqlProblem(response.status, suggestions.length > 0 ? withoutNames(reason) : reason, position, suggestions);
}

/** DuckDB ends some reasons with the names that are told apart as suggestions: once is enough. */
const withoutNames = (reason: string): string => reason.replace(/!? (?:Candidate \w+:|Did you mean) .*$/s, "");

/** Throws SqlProblem for what the server says of the statement. */
export const runStatement = async (statement: Statement, signal: AbortSignal): Promise<SqlResult> =>
  (await (await post(statement, "json", signal)).json()) as SqlResult;

export const downloadStatement = async (statement: Statement, format: string, signal: AbortSignal): Promise<Blob> =>
  (await post(statement, format, signal)).blob();

/** Whether it had already ended does not matter to who presses the button. */
export const cancelStatement = async (id: string): Promise<void> => {
  await fetch(`/api/sql/${id}`, { method: "DELETE" });
};

/** The parameters a text names (`$1`, `$since`), in order; what stands in quotes, comments and dollar quotes names none. */
export const parametersIn = (sql: string): string[] => {
  const bare = sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$\$[\s\S]*?\$\$/g, " ");
  return [...new Set([...bare.matchAll(/\$([A-Za-z_]\w*|\d+)/g)].map(([, name]) => name!))];
};
