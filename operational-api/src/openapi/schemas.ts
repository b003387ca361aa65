import { z } from "zod";
import type { Column, Entity } from "../entities/definition.ts";
import { entityNamed } from "../entities/index.ts";
import { fieldsOf } from "../store/output.ts";
import { columnsOf } from "../validation/fields.ts";
import { valueSchema } from "../validation/column-schema.ts";
import { type Mode, recordSchema } from "../validation/record-schema.ts";

export type Json = Record<string, unknown>;

/** A zod schema as OpenAPI 3.1 (JSON schema 2020-12) says it: the very object that validates. */
export const jsonSchema = (schema: z.ZodType): Json => {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Json;
  return json;
};

export const pascal = (name: string): string => name.replace(/(^|_)(\w)/g, (_all, _separator, letter: string) => letter.toUpperCase());

const shownColumn = (column: Column, name: string): Json => {
  const described = `${column.label.zh} / ${column.label.en}`;
  const always =
    column.required || column.default !== undefined || ["id", "created_at", "recorded_at", "updated_at", "version"].includes(name);
  const base: Json = { ...jsonSchema(valueSchema(column)), description: described };
  delete base["minLength"];
  return always ? base : { anyOf: [base, { type: "null" }], description: described };
};

/** What a record looks like in answers. Always there is the id: `fields` and column rules leave out what they leave out. */
export const shownSchema = (entity: Entity): Json => {
  const columns = columnsOf(entity);
  const properties: Json = {};
  for (const name of fieldsOf(entity)) {
    const column = columns[name];
    properties[name] = column
      ? shownColumn(column, name)
      : { type: ["string", "null"], description: "Currency of the amounts beside it", examples: ["CNY"] };
  }
  if (entity.children) {
    const child = entityNamed(entity.children.entity);
    properties[entity.children.field] = { type: "array", items: { $ref: `#/components/schemas/${pascal(child.name)}` } };
  }
  return { type: "object", description: entity.description, properties, required: ["id"] };
};

export const bodySchema = (entity: Entity, mode: Mode): Json => jsonSchema(recordSchema(entity, mode));

const exampleOf = (column: Column): unknown => {
  switch (column.type) {
    case "uuid":
      return "01a20254-ebc8-7a38-a5fc-c31b5258da51";
    case "text":
      return column.label.zh;
    case "integer":
      return column.minimum ?? 1;
    case "boolean":
      return true;
    case "date":
      return "2026-11-01";
    case "instant":
      return "2026-11-22T01:30:00Z";
    case "money":
      return "1234.50";
    case "quantity":
      return "12.5";
    case "rate":
      return "0.13";
    case "enum":
      return Object.keys(column.values ?? {})[0];
    case "currency":
      return "CNY";
  }
};

/** The smallest body that creates a record. */
export const createExample = (entity: Entity, without?: string): Json => {
  const needed = Object.entries(entity.columns).filter(([name, column]) => column.required && !column.readOnly && name !== without);
  const example: Json = Object.fromEntries(needed.map(([name, column]) => [name, exampleOf(column)]));
  if (!entity.children) return example;
  return { ...example, [entity.children.field]: [createExample(entityNamed(entity.children.entity), entity.children.parentColumn)] };
};
