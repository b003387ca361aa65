import { failing, json } from "./parts.ts";
import type { Json } from "./schemas.ts";

export const serviceTag = { name: "service", description: "Whether the service is up, what it serves now, and this document." };

const serviceTags = ["service"];
const open = { tags: serviceTags, security: [] };
const text = { type: "string" };
const health = {
  type: "object",
  required: ["status", "version", "mirror", "build"],
  properties: {
    status: { enum: ["ok", "starting"] },
    version: text,
    mirror: {
      type: "object",
      required: ["lagSeconds", "appliedLsn"],
      properties: { lagSeconds: { type: ["number", "null"] }, appliedLsn: { type: ["string", "null"] } },
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
        ...failing(401, 403),
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
