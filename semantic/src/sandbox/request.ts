/** The body of `POST /api/sql`, read once at the border. */
import { randomUUID } from "node:crypto";
import { parseWaitFor } from "../reader.ts";
import { formats, type Format } from "./protocol.ts";
import { SqlRefusal } from "./refusal.ts";
import type { SqlRequest } from "./sandbox.ts";
import type { Parameter, Parameters } from "./values.ts";

const known = ["sql", "params", "format", "id", "limit", "waitFor"];
const plainId = /^[\w-]{8,64}$/;
const mostParameters = 1_000;
const deepestList = 4;

const refuse = (message: string): never => {
  throw new SqlRefusal({ status: 422, message });
};

const parameterOf = (value: unknown, where: string, depth = 0): Parameter => {
  if (value === null || ["boolean", "number", "string"].includes(typeof value)) return value as Parameter;
  if (depth >= deepestList) return refuse(`${where} is nested too deeply`);
  if (Array.isArray(value)) return value.map((each, index) => parameterOf(each, `${where}[${index}]`, depth + 1));
  const { type, value: inner, ...others } = value as Record<string, unknown>;
  if (typeof type !== "string" || inner === undefined || Object.keys(others).length)
    return refuse(`${where} is a number, a text, a boolean, null, a list of these, or {"type": …, "value": …}`);
  return { type, value: inner };
};

const parametersOf = (value: unknown): Parameters => {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object") return refuse("params is a list ($1, $2 …) or an object ($name)");
  const size = Object.keys(value).length;
  if (size > mostParameters) return refuse(`params has ${size} values; up to ${mostParameters} are allowed`);
  if (Array.isArray(value)) return value.map((each, index) => parameterOf(each, `params[${index}]`));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, parameterOf(each, `params.${name}`)]));
};

/** Throws SqlRefusal 422, or QueryError 400 for a position that is none. */
export const readSqlRequest = (body: unknown): SqlRequest => {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return refuse('the body is an object such as {"sql": "select 1"}');
  const { sql, params, format = "json", id, limit, waitFor } = body as Record<string, unknown>;
  const unknown = Object.keys(body).filter((key) => !known.includes(key));
  if (unknown.length) refuse(`the body has ${unknown.map((key) => `"${key.slice(0, 60)}"`).join(", ")}; allowed: ${known.join(", ")}`);
  if (typeof sql !== "string" || !sql.trim()) return refuse("sql is the text of one SELECT");
  if (!formats.some((each) => each === format)) return refuse(`format is one of ${formats.join(", ")}`);
  if (id !== undefined && (typeof id !== "string" || !plainId.test(id))) return refuse("id is 8 to 64 letters, digits, - or _");
  if (limit !== undefined && (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1))
    return refuse("limit is a whole number from 1");
  if (waitFor !== undefined) parseWaitFor(String(waitFor));
  return {
    id: typeof id === "string" ? id : randomUUID(),
    sql,
    parameters: parametersOf(params),
    format: format as Format,
    ...(typeof limit === "number" ? { limit } : {}),
    ...(waitFor === undefined ? {} : { waitFor: String(waitFor) }),
  };
};
