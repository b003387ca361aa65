/** What the operations of the document share: problems, headers, parameters. */
import type { Json } from "./schemas.ts";

const problem = (description: string): Json => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});

const problems: Readonly<Record<string, Json>> = {
  400: problem("The address, the headers or the JSON can't be read; says what is allowed"),
  401: problem("No credential, or a wrong one"),
  403: problem("A right is missing; says which"),
  404: problem("There is no such record that the caller may see"),
  408: problem("The statement took longer than the caller's role may; says the limit"),
  409: problem("A key is taken, or other records refer to this one; names them"),
  412: problem("The record has changed since; says its version"),
  413: problem("The body is too large"),
  415: problem("The body is no application/json"),
  422: problem("The data is not valid; errors[] has every field and reason"),
  428: problem("If-Match is missing"),
  429: problem("Too many requests; Retry-After says when to go on"),
  431: problem("The headers or the address are too long"),
  499: problem("The caller cancelled it"),
  503: problem("Not available for the moment; Retry-After says when to try again"),
};

export const failing = (...statuses: number[]): Json => Object.fromEntries(statuses.map((status) => [status, problems[status]]));

export const json = (schema: Json, example?: unknown): Json => ({
  "application/json": { schema, ...(example !== undefined && { example }) },
});
export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const header = (description: string): Json => ({ description, schema: { type: "string" } });
export const written = {
  "Kehu-Commit": header("LSN of the commit: load?waitFor=<lsn> answers when the figures include it"),
  ETag: header("The record's version, for If-Match"),
};

export const inPath: Json = { name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" } };
export const idempotencyKey: Json = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  schema: { type: "string", maxLength: 255 },
  description: "A retry under the same key within 24 h gets the first answer; another body under it is 422",
};
export const ifMatch: Json = {
  name: "If-Match",
  in: "header",
  required: true,
  schema: { type: "string" },
  description: "The ETag that GET answered",
  example: '"1"',
};
