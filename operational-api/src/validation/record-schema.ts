import { z } from "zod";
import type { Column, Entity } from "../entities/definition.ts";
import { collectionOf, entityNamed } from "../entities/index.ts";
import type { Fault } from "../problem.ts";
import { valueSchema, writtenSchema } from "./column-schema.ts";
import { columnsOf, externalNameOf } from "./fields.ts";
import { nearestName } from "./nearest-name.ts";

export type Value = string | number | boolean | null;
export type Row = Record<string, Value>;
/** What a writer gave, checked column by column. References are not resolved and defaults not filled in yet. */
export interface Given {
  values: Row;
  /** The child rows of an entity with `children`; undefined when the writer gave none. */
  children?: Row[];
  /** The stages an imported opportunity went through. */
  history?: StageStep[];
}
export interface StageStep {
  stage: string;
  effective_at: string;
}

export type Mode = "create" | "patch";

/** Stages with the times they were entered, oldest first; only for callers who may backdate. */
const stageHistory = z
  .array(
    z.strictObject({
      stage: valueSchema({ type: "text", label: { zh: "", en: "" }, maxLength: 40 }),
      effective_at: valueSchema({ type: "instant", label: { zh: "", en: "" } }),
    }),
  )
  .min(1, "must not be empty")
  .max(200, "must not have more than 200 steps");

const maxChildren = 1_000;

const isWritable = (column: Column): boolean => !column.readOnly;
/** Null empties a column, unless it must have a value. */
const isNullable = (column: Column): boolean => !column.required && column.default === undefined;
/** When a record came into being can be corrected, and not be taken away; a new record's is now when it is null. */
const hasAlways = (name: string, mode: Mode): boolean => name === "created_at" && mode === "patch";

const build = (entity: Entity, mode: Mode, within?: string): z.ZodType<Record<string, unknown>> => {
  const shape: Record<string, z.ZodType> = {};
  if (within && mode === "patch") shape["id"] = valueSchema({ type: "uuid", label: entity.label }).optional();
  for (const [name, column] of Object.entries(columnsOf(entity))) {
    // A child came into being when its parent did.
    if (!isWritable(column) || name === within || (within && column.backdate)) continue;
    const described = writtenSchema(column).meta({
      description: `${column.label.zh} / ${column.label.en}`,
      ...(column.references && { "x-refers-to": collectionOf(entityNamed(column.references)) }),
    });
    const schema = isNullable(column) && !hasAlways(name, mode) ? described.nullable() : described;
    // A required reference may also come by its external id, and an owner be the caller: what is missing then is found out later.
    shape[name] = mode === "patch" || !column.required || column.references ? schema.optional() : schema;
    if (column.references) {
      const external = valueSchema({ type: "text", label: column.label }).describe(`${column.label.en}, by its external id`);
      shape[externalNameOf(name)] = (isNullable(column) ? external.nullable() : external).optional();
    }
  }
  if (entity.name === "opportunity" && mode === "create") shape["stage_history"] = stageHistory.optional();
  if (entity.children) {
    const child = build(entityNamed(entity.children.entity), mode, entity.children.parentColumn);
    const list = z
      .array(child, { error: `expected a list of ${entity.children.field}` })
      .max(maxChildren, `must not have more than ${maxChildren} entries`);
    const filled = entity.children.required ? list.min(1, "at least one is needed") : list;
    shape[entity.children.field] = mode === "create" && entity.children.required ? filled : filled.optional();
  }
  return z.strictObject(shape, { error: (issue) => (issue.code === "invalid_type" ? "expected an object" : undefined) });
};

const schemas = new Map<string, z.ZodType<Record<string, unknown>>>();

/** The schema of a body that creates or changes a record of this entity. OpenAPI is made from the same object. */
export const recordSchema = (entity: Entity, mode: Mode): z.ZodType<Record<string, unknown>> => {
  const key = `${entity.name}/${mode}`;
  const schema = schemas.get(key) ?? build(entity, mode);
  schemas.set(key, schema);
  return schema;
};

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part)),
    "",
  );

/** The columns that a path of the body is about: the entity's own, or its children's inside their list. */
const columnsAt = (entity: Entity, path: readonly PropertyKey[]): { known: string[]; columns: Readonly<Record<string, Column>> } => {
  if (path[0] === "stage_history") return { known: ["stage", "effective_at"], columns: {} };
  const at = entity.children && path[0] === entity.children.field ? entityNamed(entity.children.entity) : entity;
  const columns =
    at === entity ? columnsOf(at) : Object.fromEntries(Object.entries(columnsOf(at)).filter(([, column]) => !column.backdate));
  const known = Object.entries(columns).flatMap(([name, column]) =>
    isWritable(column) ? [name, ...(column.references ? [externalNameOf(name)] : [])] : [],
  );
  return { known: at === entity && entity.children ? [...known, entity.children.field] : known, columns };
};

const unknownKey = (entity: Entity, path: readonly PropertyKey[], key: string): string => {
  const { known, columns } = columnsAt(entity, path);
  if (columns[key]?.readOnly) return "is set by the server and can't be given";
  const nearest = nearestName(key, known);
  return nearest ? `unknown field; did you mean "${nearest}"?` : `unknown field; there are ${known.join(", ")}`;
};

const describe = (entity: Entity, issue: z.core.$ZodIssue): { field: string; reason: string }[] => {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ field: pathText([...issue.path, key]), reason: unknownKey(entity, issue.path, key) }));
  }
  const missing = issue.code === "invalid_type" && issue.input === undefined && issue.path.length > 0;
  return [{ field: pathText(issue.path), reason: missing ? `is required; ${issue.message}` : issue.message }];
};

/** Both `customer_id` and `customer_external_id` given: which one is meant? */
const doubled = (entity: Entity, body: Record<string, unknown>, prefix = ""): { field: string; reason: string }[] =>
  Object.entries(entity.columns).flatMap(([name, column]) => {
    const external = externalNameOf(name);
    return column.references && body[name] !== undefined && body[external] !== undefined
      ? [{ field: `${prefix}${external}`, reason: `give either ${name} or ${external}, not both` }]
      : [];
  });

/** Checks one body. Faults carry no index: the caller knows which record it is. */
export const parseRecord = (entity: Entity, mode: Mode, body: unknown): { given: Given } | { faults: Fault[] } => {
  const parsed = recordSchema(entity, mode).safeParse(body, { reportInput: true });
  if (!parsed.success) return { faults: parsed.error.issues.flatMap((issue) => describe(entity, issue)) };
  const { stage_history: history, ...rest } = parsed.data;
  const faults = doubled(entity, rest);
  const given: Given = { values: rest as Row };
  if (history) given.history = history as StageStep[];
  if (entity.children) {
    const { [entity.children.field]: children, ...values } = rest;
    given.values = values as Row;
    if (children) {
      given.children = children as Row[];
      const child = entityNamed(entity.children.entity);
      const field = entity.children.field;
      given.children.forEach((row, position) => faults.push(...doubled(child, row, `${field}[${position}].`)));
    }
  }
  return faults.length > 0 ? { faults } : { given };
};
