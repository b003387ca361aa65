import { DatabaseError } from "pg";
import { Problem } from "../problem.ts";

/** Postgres's errors that are no fault of ours: what the caller can do about them. */
const refusals: Readonly<Record<string, { status: 422 | 503; detail: string }>> = {
  "22021": { status: 422, detail: "a text holds a character that can't be stored" },
  "22P05": { status: 422, detail: "a text holds a character that can't be stored" },
  "22003": { status: 422, detail: "a computed amount is too large: money has at most 16 digits before the point" },
  "40P01": { status: 503, detail: "two changes waited for each other; try again" },
  "55P03": { status: 503, detail: "the record is being changed; try again" },
  "57014": { status: 503, detail: "this took too long; ask for less at a time, or try again" },
  "40001": { status: 503, detail: "two changes met; try again" },
  "53100": { status: 503, detail: "the database's disk is full: nothing can be written until there is space again" },
  "53200": { status: 503, detail: "the database is out of memory; try again" },
  "53300": { status: 503, detail: "the database has too many connections; try again" },
  "25P03": { status: 503, detail: "this took too long; ask for less at a time, or try again" },
  "57P01": { status: 503, detail: "the database is restarting; try again" },
  "57P02": { status: 503, detail: "the database is restarting; try again" },
  "57P03": { status: 503, detail: "the database is starting; try again" },
};

const unreachable = new Set(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EPIPE"]);

/** What pg says of a connection that broke, without a code. */
const brokenConnection = /^(Connection terminated|Client has encountered a connection error|Client was closed)/;

/** The problem that an error of the database means for the caller, or null when it is a fault of ours. */
export const refusalOf = (error: unknown): Problem | null => {
  if (error instanceof DatabaseError) {
    const refusal = refusals[error.code ?? ""];
    if (!refusal) return null;
    return new Problem(refusal.status, refusal.detail, {
      cause: error,
      ...(refusal.status === 422 && { errors: [{ field: error.column ?? "request", reason: refusal.detail }] }),
      ...(refusal.status === 503 && { headers: { "retry-after": "1" } }),
    });
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const broken = error instanceof Error && brokenConnection.test(error.message);
  if (!unreachable.has(code) && !broken) return null;
  return new Problem(503, "the database can't be reached; try again", { cause: error, headers: { "retry-after": "2" } });
};
