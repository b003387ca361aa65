import type { Entity } from "../entities/definition.ts";
import { collectionOf, entities } from "../entities/index.ts";
import { auditExportBody, auditParameters, exportBody } from "../routes/audit.ts";
import { erasureBody } from "../routes/erasures.ts";
import { accountPaths, accountTag } from "./account-paths.ts";
import { readPaths, writePaths } from "./collection-paths.ts";
import { figuresPaths, figuresTag } from "./figures-paths.ts";
import { failing, idempotencyKey, json, ref } from "./parts.ts";
import { sqlShelfPaths } from "./sql-shelf-paths.ts";
import { permissionPaths, permissionTag } from "./permission-paths.ts";
import { bodySchema, type Json, jsonSchema, pascal, shownSchema } from "./schemas.ts";
import { servicePaths, serviceTag } from "./service-paths.ts";
import { signInPaths, signInTag } from "./sign-in-paths.ts";
import { sqlPaths, sqlTag } from "./sql-paths.ts";

const isWrittenAlone = (entity: Entity): boolean => !entities.some((other) => other.children?.entity === entity.name);

const componentsOf = (entity: Entity): Json => {
  const name = pascal(entity.name);
  const page = {
    type: "object",
    required: ["data", "next_cursor"],
    properties: { data: { type: "array", items: ref(name) }, next_cursor: { type: ["string", "null"] } },
  };
  const bodies = isWrittenAlone(entity)
    ? { [`${name}Create`]: bodySchema(entity, "create"), [`${name}Patch`]: bodySchema(entity, "patch") }
    : {};
  return { [name]: shownSchema(entity), [`${name}Page`]: page, ...bodies };
};

const fault = {
  type: "object",
  required: ["field", "reason"],
  properties: { index: { type: "integer", description: "Position in a batch" }, field: { type: "string" }, reason: { type: "string" } },
};
const problemSchema = {
  type: "object",
  description: "RFC 9457 problem details",
  required: ["type", "title", "status", "detail", "errors"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    errors: { type: "array", items: fault },
  },
};
const batchAnswer = {
  type: "object",
  required: ["count", "data"],
  properties: {
    count: { type: "integer" },
    data: {
      type: "array",
      items: {
        type: "object",
        properties: { id: { type: "string", format: "uuid" }, external_id: { type: ["string", "null"] }, version: { type: "integer" } },
      },
    },
  },
};

const sealStateSchema: Json = {
  type: "object",
  required: ["last", "sealed", "waiting", "waiting_since"],
  properties: {
    last: {
      type: ["object", "null"],
      required: ["id", "digest", "sealed_at"],
      properties: {
        id: { type: "integer" },
        digest: { type: "string", pattern: "^[0-9a-f]{64}$" },
        sealed_at: { type: "string", format: "date-time" },
      },
    },
    sealed: { type: "integer" },
    waiting: { type: "integer", description: "Entries that no seal covers yet" },
    waiting_since: { type: ["string", "null"], format: "date-time" },
  },
};

const auditPaths = (): Json => ({
  "/api/v1/audit": {
    get: {
      operationId: "listAudit",
      tags: ["audit"],
      summary: "Who did what to which record, newest first; for who has the right to read audit_trail",
      parameters: Object.entries(auditParameters.shape).map(([name, schema]) => ({
        name,
        in: "query",
        required: false,
        schema: jsonSchema(schema),
      })),
      responses: { 200: { description: "One page", content: json({ type: "object" }) }, ...failing(400, 401, 403) },
    },
  },
  "/api/v1/audit/seal": {
    get: {
      operationId: "readAuditSeal",
      tags: ["audit"],
      summary: "How far the audit trail is sealed; for who has the right to read audit_trail",
      responses: { 200: { description: "The last seal and what waits", content: json(sealStateSchema) }, ...failing(401, 403) },
    },
  },
  "/api/v1/audit/exports": {
    post: {
      operationId: "exportAudit",
      tags: ["audit"],
      summary: "The audit trail as a file; leaves an entry of its own",
      requestBody: { required: false, content: json(jsonSchema(auditExportBody), { entity: "customer", format: "csv" }) },
      responses: {
        200: {
          description: "Newest first, one entry per line",
          content: { "text/csv": { schema: { type: "string" } }, "application/x-ndjson": { schema: { type: "string" } } },
        },
        ...failing(400, 401, 403, 413, 415, 422),
      },
    },
  },
  "/api/v1/erasures": {
    get: {
      operationId: "listErasures",
      tags: ["audit"],
      summary: "Erasures of persons, newest first: step, places and how each ended; for administrators",
      responses: { 200: { description: "The last 100", content: json({ type: "object" }) }, ...failing(401, 403) },
    },
    post: {
      operationId: "erasePerson",
      tags: ["audit"],
      summary: "Erases a person from every place, step by step; for administrators",
      parameters: [idempotencyKey],
      requestBody: {
        required: true,
        content: json(jsonSchema(erasureBody), { entity: "contact", record_id: "01980000-0000-7000-8000-000000000000" }),
      },
      responses: {
        201: { description: "Asked for", content: json({ type: "object", properties: { id: { type: "string", format: "uuid" } } }) },
        ...failing(401, 403, 404, 409, 413, 415, 422),
      },
    },
  },
  "/api/v1/exports": {
    post: {
      operationId: "recordExport",
      tags: ["audit"],
      summary: "Records that something was exported, before it is served",
      parameters: [idempotencyKey],
      requestBody: { required: true, content: json(jsonSchema(exportBody), { view: "orders", title: "订单", rows: 120, format: "xlsx" }) },
      responses: {
        201: { description: "Recorded", content: json({ type: "object", properties: { id: { type: "string", format: "uuid" } } }) },
        ...failing(401, 403, 413, 415, 422),
      },
    },
  },
});

/** Every operation may be sent what can't be read: bad escapes, headers or keys, or more of them than a server takes. */
const withUnread = (paths: Json): Json =>
  Object.fromEntries(
    Object.entries(paths as Record<string, Record<string, { responses: Json }>>).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, told]) => [method, { ...told, responses: { ...failing(400, 431), ...told.responses } }]),
      ),
    ]),
  );

/** OpenAPI 3.1 of everything that the web process answers (but the portal's pages), made from the entities, the verbs and the schemas that validate. */
export const openApiDocument = (url: string): Json => {
  const paths: Json = {};
  const schemas: Json = { Problem: problemSchema, BatchAnswer: batchAnswer };
  for (const entity of entities) {
    const base = `/api/v1/${collectionOf(entity)}`;
    const { list, one } = readPaths(entity);
    Object.assign(paths, isWrittenAlone(entity) ? writePaths(entity) : { [base]: { get: list }, [`${base}/{id}`]: { get: one } });
    Object.assign(schemas, componentsOf(entity));
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Kehu API",
      version: "1",
      description:
        "Money is a decimal string with its currency beside it, time RFC 3339 UTC, ids UUIDv7. Errors are RFC 9457 problem details.",
    },
    servers: [{ url }],
    security: [{ apiKey: [] }, { bearer: [] }, { session: [] }],
    tags: [
      ...entities.map((entity) => ({ name: collectionOf(entity), description: entity.description })),
      permissionTag,
      accountTag,
      { name: "audit", description: "The audit trail." },
      figuresTag,
      sqlTag,
      signInTag,
      serviceTag,
    ],
    paths: withUnread({
      ...paths,
      ...permissionPaths(),
      ...accountPaths(),
      ...auditPaths(),
      ...sqlShelfPaths(),
      ...figuresPaths(),
      ...sqlPaths(),
      ...signInPaths(),
      ...servicePaths(),
    }),
    components: {
      schemas,
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        session: { type: "apiKey", in: "cookie", name: "kehu.session_token" },
      },
    },
  };
};
