import type { Entity } from "../entities/definition.ts";
import { collectionOf } from "../entities/index.ts";
import { largestBatch } from "../routes/collection.ts";
import { verbs } from "../routes/verbs.ts";
import { defaultLimit, filterNames, largestLimit, searchNames, selectableFields, sortNames } from "../store/list-query.ts";
import { valueSchema } from "../validation/column-schema.ts";
import { columnNamed, columnsOf } from "../validation/fields.ts";
import { failing, idempotencyKey, ifMatch, inPath, json, ref, written } from "./parts.ts";
import { createExample, type Json, jsonSchema, pascal } from "./schemas.ts";

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
      schema: { type: "string", examples: [selectableFields(entity).slice(0, 3).join(",")] },
      description: `Names to show, by comma: ${selectableFields(entity).join(", ")}`,
    },
    ...(searchNames(entity).length > 0
      ? [{ name: "q", in: "query", schema: { type: "string" }, description: `Text found anywhere in ${searchNames(entity).join(", ")}` }]
      : []),
    ...filterNames(entity).map((name) => filterParameter(entity, name)),
  ];
};

export const readPaths = (entity: Entity): { list: Json; one: Json } => {
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
      parameters: [
        inPath,
        { name: "fields", in: "query", schema: { type: "string", examples: [selectableFields(entity).slice(0, 3).join(",")] } },
      ],
      responses: {
        200: { description: "The record", headers: { ETag: written.ETag }, content: json(ref(name)) },
        304: { description: "As If-None-Match says" },
        ...failing(400, 401, 403, 404),
      },
    },
  };
};

export const writePaths = (entity: Entity): Json => {
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
          ...failing(401, 403, 404, 409, 412, 422, 428),
        },
      },
    },
    [`${base}/{id}/restore`]: {
      post: {
        operationId: `restore${name}`,
        tags,
        summary: `${title}: bring a deleted one back`,
        parameters: [inPath, idempotencyKey],
        responses: { 200: record("Restored"), ...failing(401, 403, 404, 409, 412, 413, 415, 422) },
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
