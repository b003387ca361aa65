import { json } from "./parts.ts";
import type { Json } from "./schemas.ts";

export const serviceTag = { name: "service", description: "Whether the service is up, and this document. Open to everybody." };

const open = { tags: ["service"], security: [] };
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

/** `/healthz` and the documents. */
export const servicePaths = (): Json => ({
  "/healthz": {
    get: {
      ...open,
      operationId: "readHealth",
      summary: "200 when pages can be answered with figures, 503 until then",
      responses: { 200: { description: "Ready", content: json(health) }, 503: { description: "Not yet", content: json(health) } },
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
