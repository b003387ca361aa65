import { failing, json } from "./parts.ts";
import type { Json } from "./schemas.ts";

export const serviceTag = { name: "service", description: "Whether the service is up, what it serves now, and this document." };

const serviceTags = ["service"];
const open = { tags: serviceTags, security: [] };
const text = { type: "string" };
const count = { type: "integer", minimum: 0 };
const instant = { type: "string", format: "date-time" };
const orNull = ({ description, ...shape }: Json): Json => ({
  ...(description ? { description } : {}),
  anyOf: [{ type: "object", ...shape }, { type: "null" }],
});

const problem = {
  type: "object",
  required: ["code", "table", "column", "what", "remedy"],
  properties: {
    code: { type: "string", description: "The kind of problem, such as not_published, failed or slot" },
    table: { type: ["string", "null"] },
    column: { type: ["string", "null"] },
    reason: { type: "string", description: "The exact reason, one of those of its kind" },
    params: {
      type: "object",
      additionalProperties: text,
      description: "What the reason's texts name: a statement for the source, a column",
    },
    what: { type: "string", description: "In English" },
    remedy: { type: "string", description: "What to do, in English" },
  },
};

const health = {
  type: "object",
  required: ["status", "version", "mirror", "build"],
  properties: {
    status: { enum: ["ok", "starting"] },
    version: text,
    mirror: {
      type: "object",
      required: ["lagSeconds", "appliedLsn"],
      description: "All but the first two come as soon as the mirror's process has said them",
      properties: {
        lagSeconds: {
          type: ["number", "null"],
          description: "Since the last moment that the mirror is known to be complete to; null until all is copied",
        },
        appliedLsn: { type: ["string", "null"] },
        problems: { type: "array", items: problem, description: "What of the source is not mirrored, or not now" },
        slot: orNull({
          required: ["retainedBytes", "safeBytes", "status"],
          properties: {
            retainedBytes: { type: "number", description: "Log that Postgres keeps for the mirror" },
            safeBytes: {
              type: ["number", "null"],
              description: "May still be written before log is dropped that is needed; null: none is ever dropped",
            },
            status: { type: ["string", "null"], description: "Postgres's wal_status" },
          },
        }),
        copying: orNull({
          description: "While everything is copied: how far it is",
          required: ["table", "done", "tables", "rows", "ofRows", "bytes", "reading"],
          properties: {
            table: { type: ["string", "null"], description: "The table that is being loaded; null before the first rows have come" },
            done: { ...count, description: "Tables that are loaded whole" },
            tables: count,
            rows: { ...count, description: "Rows that have come" },
            ofRows: { ...count, description: "Of so many, as the planner expects" },
            bytes: { ...count, description: "What they took on the connections" },
            reading: {
              type: "array",
              items: { type: "object", required: ["table", "rows", "ofRows"], properties: { table: text, rows: count, ofRows: count } },
              description: "The tables that are being read now",
            },
          },
        }),
        waitingRows: { ...count, description: "Rows that were received and are not applied, a long one counted as several" },
        rereading: {
          type: "array",
          items: text,
          description: "Tables that may not be the source's now: their rows are being read again, as after a change of the schema",
        },
        lastCopy: orNull({
          description: "The last time everything was copied, since the mirror's process began",
          required: ["at", "reason", "tables", "seconds"],
          properties: { at: instant, reason: text, tables: count, seconds: { type: "number" } },
        }),
        lastCheck: orNull({
          description: "The last comparison of the whole mirror with Postgres",
          required: ["at", "lsn", "tables", "rows", "seconds", "differing", "problems"],
          properties: {
            at: instant,
            lsn: text,
            tables: count,
            rows: count,
            seconds: { type: "number" },
            differing: { type: "array", items: text, description: "Tables that were not equal" },
            problems: { type: "array", items: problem },
          },
        }),
      },
    },
    build: {
      anyOf: [
        {
          type: "object",
          required: ["id", "finishedAt", "lsn", "freshTo", "failedTests"],
          properties: { id: text, finishedAt: text, lsn: text, freshTo: text, failedTests: { type: "integer" } },
        },
        { type: "null" },
      ],
    },
  },
};

/** `/healthz`, the event stream and the documents. */
export const servicePaths = (): Json => ({
  "/healthz": {
    get: {
      ...open,
      operationId: "readHealth",
      summary: "200 when pages can be answered with figures, 503 until then",
      responses: { 200: { description: "Ready", content: json(health) }, 503: { description: "Not yet", content: json(health) } },
    },
  },
  "/api/live": {
    get: {
      tags: serviceTags,
      operationId: "followPublishes",
      summary:
        "Server-sent events: `publish` with build, lsn, freshTo and changed marts, now and at every change; `alive` in between. No figures",
      responses: {
        200: { description: "A stream that ends when the caller's rights change", content: { "text/event-stream": { schema: text } } },
        ...failing(401, 403, 429),
      },
    },
  },
  "/api/openapi.json": {
    get: {
      ...open,
      operationId: "readOpenApi",
      summary: "This document",
      responses: { 200: { description: "OpenAPI 3.1", content: json({ type: "object", required: ["openapi", "paths"] }) } },
    },
  },
  "/api/docs": {
    get: {
      ...open,
      operationId: "readDocs",
      summary: "This document as a page",
      responses: { 200: { description: "The page", content: { "text/html": { schema: text } } } },
    },
  },
});
