import type { ContentfulStatusCode } from "hono/utils/http-status";

/** One thing wrong with the request: where (`lines[2].quantity`; `index` in a batch) and why, said so that the writer can mend it. */
export interface Fault {
  index?: number;
  field: string;
  reason: string;
}

export const titles = {
  400: "Bad request",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  412: "Changed in the meantime",
  413: "Body too large",
  415: "Unsupported media type",
  422: "Invalid data",
  428: "If-Match needed",
  429: "Too many requests",
  500: "Internal error",
  503: "Not available",
} as const;

export type ProblemStatus = keyof typeof titles & ContentfulStatusCode;

/** An answer that is a refusal. Thrown anywhere below a route; becomes an RFC 9457 problem document in one place (`problemResponse`). */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: ProblemStatus;
  readonly errors: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ProblemStatus,
    detail: string,
    more: { errors?: readonly Fault[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause });
    this.status = status;
    this.errors = more.errors ?? [];
    this.headers = more.headers ?? {};
  }
}

export const problemResponse = (problem: Problem): Response =>
  Response.json(
    {
      type: `urn:kehu:problem:${problem.status}`,
      title: titles[problem.status],
      status: problem.status,
      detail: problem.message,
      errors: problem.errors,
    },
    { status: problem.status, headers: { ...problem.headers, "content-type": "application/problem+json", "cache-control": "no-store" } },
  );

/** 422 for a list of faults; the detail names the first. */
export const invalid = (errors: readonly Fault[]): Problem => {
  const first = errors[0];
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  const place = first?.index === undefined ? "" : `record ${first.index}, `;
  return new Problem(422, first ? `${place}${first.field}: ${first.reason}${rest}` : "the data is not valid", { errors });
};
