import type { Entity } from "../entities/definition.ts";
import { collectionOf, entities } from "../entities/index.ts";
import { auditParameters, exportBody } from "../routes/audit.ts";
import { largestBatch } from "../routes/collection.ts";
import { verbs } from "../routes/verbs.ts";
import { defaultLimit, filterNames, largestLimit, searchNames, selectableFields, sortNames } from "../store/list-query.ts";
import { columnNamed, columnsOf } from "../validation/fields.ts";
import { valueSchema } from "../validation/column-schema.ts";
import { bodySchema, createExample, type Json, jsonSchema, pascal, shownSchema } from "./schemas.ts";

const problem = (description: string): Json => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});

const problems: Readonly<Record<string, Json>> = {
  400: problem("The query or the JSON can't be read; says what is allowed"),
  401: problem("No credential, or a wrong one"),
  403: problem("A right is missing; says which"),
  404: problem("There is no such record that the caller may see"),
  409: problem("A key is taken, or other records refer to this one; names them"),
  412: problem("The record has changed since; says its version"),
  413: problem("The body is too large"),
  415: problem("The body is no application/json"),
  422: problem("The data is not valid; errors[] has every field and reason"),
  428: problem("If-Match is missing"),
};

const failing = (...statuses: number[]): Json => Object.fromEntries(statuses.map((status) => [status, problems[status]]));

const json = (schema: Json, example?: unknown): Json => ({ "application/json": { schema, ...(example !== undefined && { example }) } });
const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const header = (description: string): Json => ({ description, schema: { type: "string" } });
const written = {
  "Kehu-Commit": header("LSN of the commit: load?waitFor=<lsn> answers when the figures include it"),
  ETag: header("The record's version, for If-Match"),
};

const inPath: Json = { name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" } };
const idempotencyKey: Json = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  schema: { type: "string", maxLength: 255 },
  description: "A retry under the same key within 24 h gets the first answer; another body under it is 422",
};
const ifMatch: Json = {
  name: "If-Match",
  in: "header",
  required: true,
  schema: { type: "string" },
  description: "The ETag that GET answered",
  example: '"1"',
};

const filterParameter = (entity: Entity, name: string): Json => {
  const base = name in columnsOf(entity) ? name : name.replace(/_(gte|lte|gt|lt)$/, "");
  const column = columnNamed(entity, base);
  const description = `${column.label.zh} / ${column.label.en}${name === base ? "; several by comma (not of texts) or repeated mean either, null means none" : ""}`;
  return { name, in: "query", required: false, schema: jsonSchema(valueSchema(column)), description };
};

const listParameters = (entity: Entity): Json[] => {
  const sorts = sortNames(entity).flatMap((name) => [name, `-${name}`]);
  return [
    { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: largestLimit, default: defaultLimit } },
    { name: "cursor", in: "query", schema: { type: "string" }, description: "next_cursor of the page before" },
    { name: "sort", in: "query", schema: { type: "string", enum: sorts, default: "id" } },
    {
      name: "fields",
      in: "query",
      schema: { type: "string" },
      description: `Names to show, by comma: ${selectableFields(entity).join(", ")}`,
    },
    ...(searchNames(entity).length > 0
      ? [{ name: "q", in: "query", schema: { type: "string" }, description: `Text found anywhere in ${searchNames(entity).join(", ")}` }]
      : []),
    ...filterNames(entity).map((name) => filterParameter(entity, name)),
  ];
};

const readPaths = (entity: Entity): { list: Json; one: Json } => {
  const name = pascal(entity.name);
  const tags = [collectionOf(entity)];
  return {
    list: {
      operationId: `list${name}`,
      tags,
      summary: `${entity.label.zh} / ${entity.label.en}: list`,
      parameters: listParameters(entity),
      responses: { 200: { description: "One page", content: json(ref(`${name}Page`)) }, ...failing(400, 401, 403) },
    },
    one: {
      operationId: `get${name}`,
      tags,
      summary: `${entity.label.zh} / ${entity.label.en}: read one`,
      parameters: [inPath, { name: "fields", in: "query", schema: { type: "string" } }],
      responses: {
        200: { description: "The record", headers: { ETag: written.ETag }, content: json(ref(name)) },
        ...failing(400, 401, 403, 404),
      },
    },
  };
};

const writePaths = (entity: Entity): Json => {
  const name = pascal(entity.name);
  const base = `/api/v1/${collectionOf(entity)}`;
  const tags = [collectionOf(entity)];
  const title = `${entity.label.zh} / ${entity.label.en}`;
  const record = (description: string): Json => ({ description, headers: written, content: json(ref(name)) });
  const { list, one } = readPaths(entity);
  const create = { required: true, content: json(ref(`${name}Create`), createExample(entity)) };
  const batch = {
    type: "object",
    required: ["records"],
    properties: { records: { type: "array", minItems: 1, maxItems: largestBatch, items: ref(`${name}Create`) } },
  };
  const paths: Json = {
    [base]: {
      get: list,
      post: {
        operationId: `create${name}`,
        tags,
        summary: `${title}: create`,
        parameters: [idempotencyKey],
        requestBody: create,
        responses: { 201: record("Created"), ...failing(400, 401, 403, 409, 413, 415, 422) },
      },
    },
    [`${base}/batch`]: {
      post: {
        operationId: `batch${name}`,
        tags,
        summary: `${title}: create up to ${largestBatch}, all or none`,
        parameters: [idempotencyKey],
        requestBody: { required: true, content: json(batch, { records: [createExample(entity)] }) },
        responses: {
          201: { description: "All created", headers: { "Kehu-Commit": written["Kehu-Commit"] }, content: json(ref("BatchAnswer")) },
          ...failing(400, 401, 403, 413, 415, 422),
        },
      },
    },
    [`${base}/{id}`]: {
      get: one,
      patch: {
        operationId: `update${name}`,
        tags,
        summary: `${title}: change the fields given`,
        parameters: [inPath, ifMatch, idempotencyKey],
        requestBody: { required: true, content: json(ref(`${name}Patch`)) },
        responses: { 200: record("As it is now"), ...failing(400, 401, 403, 404, 409, 412, 413, 415, 422, 428) },
      },
      delete: {
        operationId: `delete${name}`,
        tags,
        summary: `${title}: delete (can be restored)`,
        parameters: [inPath, ifMatch, idempotencyKey],
        responses: {
          204: { description: "Deleted", headers: { "Kehu-Commit": written["Kehu-Commit"] } },
          ...failing(401, 403, 404, 409, 412, 428),
        },
      },
    },
    [`${base}/{id}/restore`]: {
      post: {
        operationId: `restore${name}`,
        tags,
        summary: `${title}: bring a deleted one back`,
        parameters: [inPath, idempotencyKey],
        responses: { 200: record("Restored"), ...failing(401, 403, 404, 409) },
      },
    },
  };
  for (const verb of verbs.filter((each) => each.entity === entity.name)) {
    paths[`${base}/{id}/${verb.name}`] = {
      post: {
        operationId: `${verb.name}${name}`,
        tags,
        summary: verb.summary,
        parameters: [inPath, idempotencyKey],
        requestBody: { content: json(jsonSchema(verb.body)) },
        responses: { 200: record("As it is now"), ...failing(400, 401, 403, 404, 409, 412, 413, 415, 422) },
      },
    };
  }
  return paths;
};

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

const auditPaths = (): Json => ({
  "/api/v1/audit": {
    get: {
      operationId: "listAudit",
      tags: ["audit"],
      summary: "Who did what to which record, newest first; for administrators",
      parameters: Object.entries(auditParameters.shape).map(([name, schema]) => ({
        name,
        in: "query",
        required: false,
        schema: jsonSchema(schema),
      })),
      responses: { 200: { description: "One page", content: json({ type: "object" }) }, ...failing(400, 401, 403) },
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
        ...failing(401, 403, 415, 422),
      },
    },
  },
});

/** OpenAPI 3.1 of everything under `/api/v1`, made from the entities, the verbs and the schemas that validate. */
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
      title: "Kehu operational API",
      version: "1",
      description:
        "Money is a decimal string with its currency beside it, time RFC 3339 UTC, ids UUIDv7. Errors are RFC 9457 problem details.",
    },
    servers: [{ url }],
    security: [{ apiKey: [] }, { bearer: [] }, { session: [] }],
    tags: [
      ...entities.map((entity) => ({ name: collectionOf(entity), description: entity.description })),
      { name: "audit", description: "The audit trail." },
    ],
    paths: { ...paths, ...auditPaths() },
    components: {
      schemas,
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        session: { type: "apiKey", in: "cookie", name: "better-auth.session_token" },
      },
    },
  };
};
