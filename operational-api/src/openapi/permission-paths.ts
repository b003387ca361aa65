import { duplicateBody } from "../routes/duplicates.ts";
import { columnRuleBody, permissionBody } from "../routes/permissions.ts";
import { roleBody, rolePatch } from "../routes/permission-roles.ts";
import { seeAsBody } from "../routes/permission-see-as.ts";
import { failing, idempotencyKey, ifMatch, inPath, json, written } from "./parts.ts";
import { type Json, jsonSchema } from "./schemas.ts";

const tags = ["permissions"];
const text = { type: "string" };
const etag = { headers: { ETag: written.ETag } };
const inQuery = (name: string): Json => ({ name, in: "query", required: false, schema: text });
const named = (name: string): Json => ({ name, in: "path", required: true, schema: text });

const storedSchema = (body: Json): Json => ({
  ...body,
  properties: { ...(body["properties"] as Json), id: { type: "string", format: "uuid" }, version: { type: "integer" } },
});
const listOf = (item: Json): Json => ({ type: "object", required: ["data"], properties: { data: { type: "array", items: item } } });

const roleSchema: Json = {
  type: "object",
  required: ["name", "title_zh", "title_en", "is_built_in", "version", "holders"],
  properties: {
    name: text,
    title_zh: text,
    title_en: text,
    is_built_in: { type: "boolean" },
    version: { type: "integer" },
    holders: { type: "integer", description: "Active accounts that have it" },
  },
};
const holderSchema: Json = {
  type: "object",
  required: ["user_id", "name", "email", "active", "roles"],
  properties: {
    user_id: { type: "string", format: "uuid" },
    name: text,
    email: text,
    employee_id: { type: ["string", "null"] },
    active: { type: "boolean" },
    roles: { type: "array", items: text },
  },
};

/** The paths of one kind of rule: listed, made, read, changed and removed alike. */
const rulePaths = (path: string, what: string, name: string, body: Json, patch: Json, filters: string[], example: Json): Json => ({
  [`/api/v1/${path}`]: {
    get: {
      operationId: `list${name}s`,
      tags,
      summary: `The ${what}s; for who may read audit_trail`,
      parameters: filters.map(inQuery),
      responses: { 200: { description: "All of them", content: json(listOf(storedSchema(body))) }, ...failing(400, 401, 403) },
    },
    post: {
      operationId: `create${name}`,
      tags,
      summary: `Adds a ${what}; in effect at once; for administrators`,
      parameters: [idempotencyKey],
      requestBody: { required: true, content: json(body, example) },
      responses: {
        201: { description: "Added", ...etag, content: json(storedSchema(body)) },
        ...failing(400, 401, 403, 409, 413, 415, 422),
      },
    },
  },
  [`/api/v1/${path}/{id}`]: {
    get: {
      operationId: `get${name}`,
      tags,
      summary: `One ${what}`,
      parameters: [inPath],
      responses: { 200: { description: "The rule", ...etag, content: json(storedSchema(body)) }, ...failing(401, 403, 404) },
    },
    patch: {
      operationId: `update${name}`,
      tags,
      summary: `Changes a ${what}; in effect at once; for administrators`,
      parameters: [inPath, ifMatch, idempotencyKey],
      requestBody: { required: true, content: json(patch) },
      responses: {
        200: { description: "As it is now", ...etag, content: json(storedSchema(body)) },
        ...failing(400, 401, 403, 404, 409, 412, 413, 415, 422, 428),
      },
    },
    delete: {
      operationId: `delete${name}`,
      tags,
      summary: `Takes a ${what} away; in effect at once; for administrators`,
      parameters: [inPath, ifMatch, idempotencyKey],
      responses: { 204: { description: "Gone" }, ...failing(401, 403, 404, 409, 412, 428) },
    },
  },
});

const rolePaths = (): Json => ({
  "/api/v1/roles": {
    get: {
      operationId: "listRoles",
      tags,
      summary: "The roles; for who may read audit_trail",
      responses: { 200: { description: "All of them", content: json(listOf(roleSchema)) }, ...failing(401, 403) },
    },
    post: {
      operationId: "createRole",
      tags,
      summary: "Adds a role; for administrators",
      parameters: [idempotencyKey],
      requestBody: {
        required: true,
        content: json(jsonSchema(roleBody), { name: "key_accounts", title_zh: "大客户", title_en: "Key accounts", like: "sales_rep" }),
      },
      responses: { 201: { description: "Added", ...etag, content: json(roleSchema) }, ...failing(400, 401, 403, 409, 413, 415, 422) },
    },
  },
  "/api/v1/roles/{name}": {
    get: {
      operationId: "getRole",
      tags,
      summary: "A role with its permissions and column rules",
      parameters: [named("name")],
      responses: { 200: { description: "The role", ...etag, content: json(roleSchema) }, ...failing(401, 403, 404) },
    },
    patch: {
      operationId: "updateRole",
      tags,
      summary: "Changes a role's titles; for administrators",
      parameters: [named("name"), ifMatch, idempotencyKey],
      requestBody: { required: true, content: json(jsonSchema(rolePatch)) },
      responses: {
        200: { description: "As it is now", ...etag, content: json(roleSchema) },
        ...failing(400, 401, 403, 404, 412, 413, 415, 422, 428),
      },
    },
    delete: {
      operationId: "deleteRole",
      tags,
      summary: "Removes a role that nobody has, with its rules; for administrators",
      parameters: [named("name"), ifMatch, idempotencyKey],
      responses: { 204: { description: "Gone" }, ...failing(401, 403, 404, 409, 412, 428) },
    },
  },
  "/api/v1/roles/{name}/holders": {
    get: {
      operationId: "listRoleHolders",
      tags,
      summary: "The accounts that have the role",
      parameters: [named("name")],
      responses: { 200: { description: "All of them", content: json(listOf(holderSchema)) }, ...failing(401, 403, 404) },
    },
  },
  "/api/v1/roles/{name}/holders/{user}": {
    put: {
      operationId: "giveRole",
      tags,
      summary: "Gives the role to an account; for administrators",
      parameters: [named("name"), named("user")],
      responses: { 204: { description: "It has it" }, ...failing(401, 403, 404) },
    },
    delete: {
      operationId: "takeRole",
      tags,
      summary: "Takes the role from an account; for administrators. The last active administrator stays (409)",
      parameters: [named("name"), named("user")],
      responses: { 204: { description: "It has it no more" }, ...failing(401, 403, 404, 409) },
    },
  },
});

const otherPaths = (): Json => ({
  "/api/v1/permission-choices": {
    get: {
      operationId: "listPermissionChoices",
      tags,
      summary: "What can be ruled: subjects with their actions, row scopes and columns",
      responses: { 200: { description: "The choices", content: json({ type: "object" }) }, ...failing(401, 403) },
    },
  },
  "/api/v1/customers/duplicate-check": {
    post: {
      operationId: "checkDuplicateCustomer",
      tags: ["customers"],
      summary: "Whether a customer with this name or number is there already: only that, whose team's it is and whom to ask",
      requestBody: { required: true, content: json(jsonSchema(duplicateBody), { name: "上海精工机械有限公司", phone: "021-88886666" }) },
      responses: {
        200: {
          description: "Whether there is one",
          content: json({
            type: "object",
            required: ["exists", "matches"],
            properties: {
              exists: { type: "boolean" },
              matches: {
                type: "array",
                items: { type: "object", properties: { team: { type: ["string", "null"] }, ask: { type: ["string", "null"] } } },
              },
            },
          }),
        },
        ...failing(400, 401, 403, 413, 415, 422, 429),
      },
    },
  },
  "/api/v1/see-as": {
    get: {
      operationId: "getSeeAs",
      tags,
      summary: "With whose eyes this session looks, and with whose it could",
      responses: { 200: { description: "Whose", content: json({ type: "object" }) }, ...failing(401, 403) },
    },
    post: {
      operationId: "startSeeAs",
      tags,
      summary: "Looks with another's eyes for the rest of the session, for reading only; for administrators and auditors",
      requestBody: { required: true, content: json(jsonSchema(seeAsBody)) },
      responses: { 200: { description: "Looking", content: json({ type: "object" }) }, ...failing(400, 401, 403, 413, 415, 422) },
    },
    delete: {
      operationId: "endSeeAs",
      tags,
      summary: "Ends looking with another's eyes",
      responses: { 204: { description: "Ended" }, ...failing(401, 403) },
    },
  },
});

export const permissionTag = {
  name: "permissions",
  description: "Roles, who has them, what they may do to which rows, and which columns they see.",
};

/** Roles, permissions, column rules and looking with another's eyes. */
export const permissionPaths = (): Json => ({
  ...rolePaths(),
  ...rulePaths(
    "permissions",
    "permission",
    "Permission",
    jsonSchema(permissionBody),
    jsonSchema(permissionBody.partial()),
    ["role", "entity", "action"],
    { role: "sales_rep", entity: "customer", action: "read", rows: "department", customers: { province: ["上海", "江苏"] } },
  ),
  ...rulePaths(
    "column-rules",
    "column rule",
    "ColumnRule",
    jsonSchema(columnRuleBody),
    jsonSchema(columnRuleBody.partial()),
    ["role", "entity", "column_name"],
    { role: "sales_rep", entity: "contact", column_name: "mobile", visibility: "mask", whose: "others" },
  ),
  ...otherPaths(),
});
