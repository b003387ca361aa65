import { failing, json } from "./parts.ts";
import type { Json } from "./schemas.ts";

export const sqlTag = { name: "sql", description: "Ad-hoc SQL over the marts, under the caller's rights to rows and columns." };

const tags = ["sql"];
const text = { type: "string" };
const file = { schema: { type: "string", contentEncoding: "binary" } };

/** The sandbox reads it (semantic/src/sandbox/request.ts); the hostile trial holds the two together. */
const statement = {
  type: "object",
  additionalProperties: false,
  required: ["sql"],
  properties: {
    sql: {
      type: "string",
      pattern: "\\S",
      description: "The text of one SELECT",
      examples: ["select 1 as one", "select * from fct_orders", "select owner_key, sum(amount) from fct_orders group by all", "select $1"],
    },
    params: {
      anyOf: [
        { type: "array", maxItems: 1000, examples: [[], [1], ["北京"]] },
        { type: "object", maxProperties: 1000, examples: [{ since: { type: "DATE", value: "2026-01-01" } }] },
        { type: "null" },
      ],
      description: "Values of $1, $2 …, or of $name",
    },
    format: { enum: ["json", "arrow", "csv", "parquet", "xlsx"], default: "json" },
    id: { type: "string", pattern: "^[\\w-]{8,64}$", description: "By which DELETE /api/sql/{id} cancels it" },
    limit: { type: "integer", minimum: 1, description: "Rows of a JSON answer" },
    waitFor: {
      type: ["string", "number"],
      description: "A Kehu-Commit that the figures must include; waits up to 10 s",
      examples: ["0/1"],
    },
  },
};

const answer = {
  type: "object",
  required: ["id", "columns", "rows", "truncated", "total", "tables", "build", "lsn", "freshTo", "failedTests", "milliseconds"],
  properties: {
    id: text,
    columns: { type: "array", items: { type: "object", required: ["name", "type"], properties: { name: text, type: text } } },
    rows: { type: "array", items: { type: "array" } },
    truncated: { type: "boolean" },
    total: { type: ["integer", "null"], description: "Null: more than were counted" },
    tables: { type: "array", items: text },
    build: text,
    lsn: text,
    freshTo: text,
    failedTests: { type: "array", items: text },
    milliseconds: { type: "number" },
  },
};

const schemaAnswer = {
  type: "object",
  required: ["build", "tables", "functions", "limits"],
  properties: {
    build: text,
    tables: {
      type: "array",
      items: {
        type: "object",
        required: ["name", "description", "columns"],
        properties: {
          name: text,
          description: text,
          columns: {
            type: "array",
            items: {
              type: "object",
              required: ["name", "type", "description", "title"],
              properties: { name: text, type: text, description: text, title: { type: ["string", "null"] } },
            },
          },
        },
      },
    },
    functions: { type: "array", items: text },
    limits: { type: "object" },
  },
};

/** What is below `/api/sql`. */
export const sqlPaths = (): Json => ({
  "/api/sql": {
    post: {
      operationId: "runSql",
      tags,
      summary: "Runs one SELECT; refusals say line, column and the nearest name",
      requestBody: { required: true, content: json(statement, { sql: "select count(*) from fct_orders", format: "json" }) },
      responses: {
        200: {
          description: "The rows, or the file",
          headers: { "Kehu-Fresh": { description: "Up to where the figures are complete: LSN and time", schema: text } },
          content: {
            ...json(answer),
            "text/csv": { schema: text },
            "application/vnd.apache.arrow.stream": file,
            "application/vnd.apache.parquet": file,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": file,
          },
        },
        ...failing(400, 401, 403, 404, 408, 413, 422, 429, 499, 503),
      },
    },
  },
  "/api/sql/{id}": {
    delete: {
      operationId: "cancelSql",
      tags,
      summary: "Cancels a running statement of the caller's",
      parameters: [{ name: "id", in: "path", required: true, schema: text }],
      responses: { 204: { description: "It is being ended" }, ...failing(401, 403, 404, 503) },
    },
  },
  "/api/sql/schema": {
    get: {
      operationId: "readSqlSchema",
      tags,
      summary: "The tables and columns that the caller's SQL can name, the functions, and the limits",
      responses: { 200: { description: "What there is", content: json(schemaAnswer) }, ...failing(401, 403, 503) },
    },
  },
});
