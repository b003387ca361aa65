/** A place in a statement, both from 1; a column counts characters. */
export interface Position {
  line: number;
  column: number;
}

/** Everything an answer other than rows says. `status` is the HTTP status. */
export interface RefusalDetails {
  status: 400 | 403 | 404 | 408 | 413 | 422 | 429 | 499 | 503;
  /** What is wrong and what would be right, for people. */
  message: string;
  position?: Position;
  /** Names that were perhaps meant, best first. */
  suggestions?: string[];
  /** The column that the statement names and its tables do not have. For the sandbox, which knows whether the caller is not shown it. */
  unknownColumn?: string;
}

/** A statement that is not run, or was ended. Plain data, so that it travels between processes. */
export class SqlRefusal extends Error {
  override readonly name = "SqlRefusal";
  readonly details: RefusalDetails;
  constructor(details: RefusalDetails, options?: ErrorOptions) {
    super(details.message, options);
    this.details = details;
  }
}

/** The place of a byte of the statement's UTF-8, as DuckDB counts; undefined when it lies outside. */
export const positionOf = (sql: string, byte: number): Position | undefined => {
  const bytes = Buffer.from(sql);
  if (!Number.isInteger(byte) || byte < 0 || byte > bytes.length) return undefined;
  const lines = bytes.subarray(0, byte).toString().split("\n");
  return { line: lines.length, column: [...(lines.at(-1) ?? "")].length + 1 };
};
