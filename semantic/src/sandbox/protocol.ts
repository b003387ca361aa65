/** What the sandbox and the process that runs one user's SQL say to each other. */
import type { DatabaseSpec } from "./database.ts";
import type { RefusalDetails } from "./refusal.ts";
import type { Statement } from "./statement.ts";
import type { Parameters } from "./values.ts";

export const fileFormats = ["arrow", "csv", "parquet", "xlsx"] as const;
export type FileFormat = (typeof fileFormats)[number];
export const formats = ["json", ...fileFormats] as const;
export type Format = (typeof formats)[number];

export interface ResultColumn {
  name: string;
  /** DuckDB's spelling: `DECIMAL(18,2)`. */
  type: string;
}

export interface RunRequest {
  /** Which opened database. */
  database: string;
  sql: string;
  parameters: Parameters;
  format: Format;
  /** JSON: rows beyond are counted and left out. Files: more is refused. */
  rows: number;
  /** Files: where to write, in the spill folder of the database. */
  file: string;
  /** xlsx: lines of label and text that say what the rows are. */
  about: readonly (readonly [label: string, text: string])[];
}

export interface RunResult {
  columns: ResultColumn[];
  /** Rows in `json` or in the file. */
  rows: number;
  /** Null: more than were counted. */
  total: number | null;
  /** A JSON array of arrays; null when a file was written. */
  json: Uint8Array | null;
}

export interface Requests {
  read: { ask: { sql: string }; answer: Statement };
  open: { ask: { database: string; spec: DatabaseSpec }; answer: null };
  run: { ask: RunRequest; answer: RunResult };
  close: { ask: { database: string }; answer: null };
}
export type RequestKind = keyof Requests;

/** `started`: of the process. `interrupt` ends the request with that id, which then fails. */
export type ToWorker =
  { [Kind in RequestKind]: { id: number; kind: Kind; ask: Requests[Kind]["ask"] } }[RequestKind] | { kind: "interrupt"; id: number };

export type FromWorker =
  { kind: "started" } | { id: number; answer: unknown } | { id: number; refusal: RefusalDetails } | { id: number; failure: string };

/** How the process ends itself when it has outgrown its memory; DuckDB's own limit does not count everything. */
export const memoryExitCode = 86;
