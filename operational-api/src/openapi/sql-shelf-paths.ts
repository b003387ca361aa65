import { queryBody, queryChangeBody, runBody } from "../auth/sql-shelf.ts";
import { accountTag } from "./account-paths.ts";
import { failing, json } from "./parts.ts";
import { type Json, jsonSchema } from "./schemas.ts";

const tags = [accountTag.name];
const text = { type: "string" };
const parameters = { type: "object" };
const list = (items: Json): Json => ({ type: "object", required: ["data"], properties: { data: { type: "array", items } } });

const query = {
  type: "object",
  required: ["id", "name", "statement", "parameters", "is_shared", "is_own", "owner", "updated_at"],
  properties: {
    id: text,
    name: text,
    statement: text,
    parameters,
    is_shared: { type: "boolean" },
    is_own: { type: "boolean" },
    owner: { ...text, description: "Whose it is" },
    updated_at: text,
  },
};
const run = {
  type: "object",
  required: ["id", "statement", "parameters", "format", "status", "row_count", "milliseconds", "ran_at"],
  properties: {
    id: text,
    statement: text,
    parameters,
    format: text,
    status: { type: "integer", description: "HTTP status of the answer" },
    row_count: { type: ["integer", "null"] },
    milliseconds: { type: "integer" },
    ran_at: text,
  },
};
const example = { name: "open orders", statement: "select * from fct_orders where amount > $least", is_shared: true };
const wrong = [400, 413, 415, 422] as const;

const operation = (operationId: string, summary: string, success: Json, ...failures: number[]): Json => ({
  operationId,
  tags,
  summary,
  responses: { ...success, ...failing(401, 403, ...failures) },
});
const body = (schema: Json, sample?: unknown): Json => ({ requestBody: { required: true, content: json(schema, sample) } });
const answers = (status: 200 | 201, schema: Json): Json => ({ [status]: { description: "Done", content: json(schema) } });
const done = { 204: { description: "Done" } };
const parameter = { parameters: [{ name: "id", in: "path", required: true, schema: text }] };

/** What a person keeps of ad-hoc SQL; for sessions, not API keys. */
export const sqlShelfPaths = (): Json => ({
  "/api/v1/me/sql-queries": {
    get: operation("listMySqlQueries", "One's saved statements, and those that others share", answers(200, list(query))),
    post: {
      ...operation(
        "saveMySqlQuery",
        "Saves a statement; shared, others read it and run it with their own rights",
        answers(201, query),
        409,
        ...wrong,
      ),
      ...body(jsonSchema(queryBody), example),
    },
  },
  "/api/v1/me/sql-queries/{id}": {
    patch: {
      ...operation(
        "changeMySqlQuery",
        "Renames, shares or changes a saved statement of one's own",
        answers(200, query),
        404,
        409,
        ...wrong,
      ),
      ...parameter,
      ...body(jsonSchema(queryChangeBody), { is_shared: false }),
    },
    delete: { ...operation("deleteMySqlQuery", "Deletes a saved statement of one's own", done, 404), ...parameter },
  },
  "/api/v1/me/sql-runs": {
    get: operation("listMySqlRuns", "The last statements that one ran on the page", answers(200, list(run))),
    post: {
      ...operation("noteMySqlRun", "Notes a statement that ended; the fifty last are kept", done, ...wrong),
      ...body(jsonSchema(runBody), { statement: "select 1", format: "json", status: 200, row_count: 1, milliseconds: 12 }),
    },
    delete: operation("forgetMySqlRuns", "Forgets them", done),
  },
});
